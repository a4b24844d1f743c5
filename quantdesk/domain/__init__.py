"""The exchange as arithmetic: pure, synchronous, integers only."""
