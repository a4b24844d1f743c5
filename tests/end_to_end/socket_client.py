"""A raw client of the page's own socket: engine.io and socket.io by hand, without a browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

NAMESPACE = "/_event"
ANSWER_S = 8.0
QUIET_S = 0.4
"""After an answer, this long without another means that it was the last one."""


class PageSocket:
    """One tab's socket, already connected."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def call(
        self, handler: str, payload: dict[str, object], *, answer_s: float = ANSWER_S
    ) -> list[dict[str, Any]]:
        """Send one event; every update within `answer_s` and until the socket is quiet."""
        event = {
            "name": handler,
            "payload": payload,
            "router_data": {"pathname": "/trade", "asPath": "/trade", "query": {}},
        }
        await self._socket.send_str(f"42{NAMESPACE}," + json.dumps(["event", event]))
        return await self.updates(answer_s)

    async def updates(self, answer_s: float = QUIET_S) -> list[dict[str, Any]]:
        """Everything the server says, waiting `answer_s` for its first word."""
        found: list[dict[str, Any]] = []
        while True:
            try:
                wait_s = QUIET_S if found else answer_s
                message = await asyncio.wait_for(self._socket.receive(), wait_s)
            except TimeoutError:
                return found
            if message.type is not aiohttp.WSMsgType.TEXT:
                return found
            if message.data == "2":
                await self._socket.send_str("3")
            elif message.data.startswith(f"42{NAMESPACE},"):
                body = json.loads(message.data.partition(",")[2])
                found.append(body[1] if isinstance(body[1], dict) else json.loads(body[1]))


@asynccontextmanager
async def connected(
    origin: str, *, token: str, headers: dict[str, str] | None = None
) -> AsyncIterator[PageSocket]:
    """A tab called `token`, with the headers a browser would have sent."""
    address = f"{origin}{NAMESPACE}/?token={token}&EIO=4&transport=websocket"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(address, headers=headers or {"Origin": origin}) as socket,
    ):
        opening = await socket.receive_str()
        assert opening.startswith("0"), opening
        await socket.send_str(f"40{NAMESPACE},")
        page = PageSocket(socket)
        await page.updates()
        yield page
