"""Sources of past market data."""
