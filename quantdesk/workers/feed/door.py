"""The publisher's door: `/ws/market` for browsers, `/livez` for operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import orjson
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from quantdesk.workers.feed.hub import Client, Hub

CLIENTS_MAX = 5_000
MESSAGE_BYTES_MAX = 4_096
PING_S = 20.0
BURST = 40
REFILL_PER_S = 10

log = structlog.get_logger()


@dataclass(slots=True)
class Allowance:
    """How many more messages a client may send now."""

    now_ms: Callable[[], int]
    left: float = BURST
    at_ms: int = field(default=0)

    def take(self) -> bool:
        """Use one; False when none is left."""
        now_ms = self.now_ms()
        self.left = min(BURST, self.left + (now_ms - self.at_ms) * REFILL_PER_S / 1000)
        self.at_ms = now_ms
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Door:
    """Checks who may connect and understands what they say."""

    def __init__(
        self,
        hub: Hub,
        *,
        origin: str,
        hello: Callable[[], dict[str, object]],
        health: Callable[[], dict[str, object]],
        clock: Callable[[], int],
    ) -> None:
        self._hub = hub
        self._origin = origin
        self._hello = hello
        self._health = health
        self._clock = clock

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.add_routes([web.get("/ws/market", self._market), web.get("/livez", self._alive)])
        return app

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.json_response(self._health())

    async def _market(self, request: web.Request) -> web.StreamResponse:
        # Browsers always send an Origin; programs send none and need no protection from pages.
        if request.headers.get("origin", self._origin) != self._origin:
            raise web.HTTPForbidden(text="this origin may not read the feed")
        if len(self._hub) >= CLIENTS_MAX:
            raise web.HTTPServiceUnavailable(text="the feed is full", headers={"retry-after": "5"})
        socket = web.WebSocketResponse(
            heartbeat=PING_S, max_msg_size=MESSAGE_BYTES_MAX, compress=False, timeout=1.0
        )
        await socket.prepare(request)
        if request.transport is None:
            return socket
        client = Client(socket=request.transport)
        self._hub.join(client, hello=self._hello())
        try:
            await self._listen(socket, client)
        finally:
            self._hub.leave(client)
        return socket

    async def _listen(self, socket: web.WebSocketResponse, client: Client) -> None:
        allowance = Allowance(now_ms=self._clock, at_ms=self._clock())
        async for message in socket:
            request = _request_or_none(message.data) if message.type is WSMsgType.TEXT else None
            if request is None or not allowance.take():
                await socket.close(code=WSCloseCode.POLICY_VIOLATION)
                return
            operation, topics = request
            if operation == "subscribe":
                self._hub.subscribe(client, topics)
            else:
                self._hub.unsubscribe(client, topics)


def _request_or_none(text: str) -> tuple[str, list[str]] | None:
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(body, dict) or body.get("op") not in ("subscribe", "unsubscribe"):
        return None
    topics = body.get("topics")
    if not isinstance(topics, list) or not all(isinstance(topic, str) for topic in topics):
        return None
    return body["op"], topics
