"""Solana nodes over JSON-RPC and WebSocket: several URLs that behave like one patient node."""
