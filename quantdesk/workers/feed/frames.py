"""Bytes of server WebSocket text frames, built once and written to many sockets."""

from __future__ import annotations

from collections.abc import Iterable

import orjson


def text_frame(payload: bytes) -> bytes:
    """An unmasked, unfragmented text frame, as RFC 6455 wants it from a server."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def message(**fields: object) -> bytes:
    """A frame with one JSON object."""
    return text_frame(orjson.dumps(fields))


def update(topic: str, *, seq: int, data: object) -> bytes:
    """One element of a beat, not yet a frame."""
    return orjson.dumps({"topic": topic, "seq": seq, "data": data})


def beat(updates: Iterable[bytes], *, server_ms: int) -> bytes:
    """A beat around already encoded updates."""
    head = b'{"type":"beat","server_ms":%d,"updates":[' % server_ms
    return text_frame(head + b",".join(updates) + b"]}")
