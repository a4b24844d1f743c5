"""The trade page."""
