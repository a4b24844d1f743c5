"""The rig of the tick bench: a source of prices, a bare broadcast server, and a crowd of clients.

Each role is a process of its own: `python -m quantdesk.world.bench.tick_rig ROLE …`. Times are of
the machine's monotonic clock, which all processes share; a price names the message that carried it.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

PERIOD_S = 0.2
FIRST_PRICE_E6 = 100_000_000
STEP_E6 = 1_000
SOL_ID = "ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d"
PRICE = re.compile(rb'"mark_e6": ?(\d+)|"price": ?"(\d+)"')
SUBSCRIBE = '{"op":"subscribe","topics":["ticker:SOL-PERP"]}'


def hermes_message(price_e6: int, *, at_ms: int) -> bytes:
    """What Hermes would send for one SOL price."""
    price = {
        "price": str(price_e6 * 100),
        "conf": str(price_e6 // 20),
        "expo": -8,
        "publish_time": at_ms // 1000,
    }
    metadata = {"publish_time_ms": at_ms, "slot": at_ms}
    item = {"id": SOL_ID, "price": price, "ema_price": price, "metadata": metadata}
    return json.dumps({"parsed": [item]}).encode()


def price_in(frame: bytes) -> int | None:
    """The last SOL price in a frame of either server, USD e6."""
    found = PRICE.findall(frame)
    if not found:
        return None
    ours, hermes = found[-1]
    return int(ours) if ours else int(hermes) // 100


class Source:
    """Serves the Hermes stream to everybody at the same moments and prints when each was."""

    def __init__(self) -> None:
        self._readers: set[web.StreamResponse] = set()

    def application(self) -> web.Application:
        """The one route."""
        app = web.Application()
        app.router.add_get("/v2/updates/price/stream", self._stream)
        app.cleanup_ctx.append(self._publishing)
        return app

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        self._readers.add(response)
        try:
            await asyncio.Event().wait()
        finally:
            self._readers.discard(response)
        return response

    async def _publishing(self, _: web.Application) -> AsyncIterator[None]:
        work = asyncio.create_task(self._publish())
        yield
        work.cancel()

    async def _publish(self) -> None:
        price_e6 = FIRST_PRICE_E6
        while True:
            await asyncio.sleep(PERIOD_S)
            price_e6 += STEP_E6
            message = hermes_message(price_e6, at_ms=time.time_ns() // 1_000_000)
            print(price_e6, time.monotonic_ns(), flush=True)
            for reader in list(self._readers):
                try:
                    await reader.write(b"data:" + message + b"\n\n")
                except ConnectionError:
                    self._readers.discard(reader)


class Bare:
    """The least that can be done: read the source, send each message to every socket."""

    def __init__(self, source_url: str) -> None:
        self._source_url = source_url
        self._sockets: set[web.WebSocketResponse] = set()

    def application(self) -> web.Application:
        """The one route."""
        app = web.Application()
        app.router.add_get("/ws/market", self._market)
        app.cleanup_ctx.append(self._copying)
        return app

    async def _market(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        self._sockets.add(socket)
        async for _ in socket:
            pass
        self._sockets.discard(socket)
        return socket

    async def _copying(self, _: web.Application) -> AsyncIterator[None]:
        work = asyncio.create_task(self._copy())
        yield
        work.cancel()

    async def _copy(self) -> None:
        url = f"{self._source_url}/v2/updates/price/stream"
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as stream:
            async for line in stream.content:
                if line.startswith(b"data:"):
                    text = line[5:].decode()
                    for socket in list(self._sockets):
                        await socket.send_str(text)


async def listen(url: str, *, clients: int, seconds: float) -> list[tuple[int, int]]:
    """(price, monotonic ns) of every frame that every client received once all were connected."""
    seen: list[tuple[int, int]] = []
    connected = 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one() -> None:
            nonlocal connected
            async with session.ws_connect(url, max_msg_size=0) as socket:
                await socket.send_str(SUBSCRIBE)
                connected += 1
                async for message in socket:
                    now_ns = time.monotonic_ns()
                    raw = message.data
                    price = price_in(raw.encode() if isinstance(raw, str) else raw)
                    if price is not None and connected == clients:
                        seen.append((price, now_ns))

        crowd = [asyncio.create_task(one()) for _ in range(clients)]
        await asyncio.sleep(seconds)
        for each in crowd:
            each.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
    return seen


def main(role: str, *arguments: str) -> None:
    """Play one role: `source PORT`, `bare PORT SOURCE_URL` or `clients URL COUNT SECONDS`."""
    match role:
        case "source":
            _serve(Source().application(), int(arguments[0]))
        case "bare":
            _serve(Bare(arguments[1]).application(), int(arguments[0]))
        case _:
            url, count, seconds = arguments
            seen = asyncio.run(listen(url, clients=int(count), seconds=float(seconds)))
            print(json.dumps(seen))


def _serve(app: web.Application, port: int) -> None:
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None, shutdown_timeout=0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
