"""The local chain: LiteSVM behind Solana's JSON-RPC and WebSocket, durable in one SQLite file.

One event loop owns the virtual machine; no handler awaits between reading and writing it.
"""
