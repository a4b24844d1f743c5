"""HTTP and WebSocket doors; no Reflex."""
