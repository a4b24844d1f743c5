"""The recorded market: real past candles replayed as a live price source."""
