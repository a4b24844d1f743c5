"""Nodes in front of a real chain: they pass every call on, and lie where a test tells them to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
from aiohttp import web

Lie = Callable[[str, Any], Any]
"""Method and true result → the result that is told."""


class Forwarder:
    """Counts the methods it was asked for."""

    def __init__(self, chain_url: str, lie: Lie) -> None:
        self.url = ""
        self.asked: list[str] = []
        self._chain_url = chain_url
        self._lie = lie

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        method = orjson.loads(body)["method"]
        self.asked.append(method)
        async with (
            aiohttp.ClientSession() as session,
            session.post(self._chain_url, data=body) as reply,
        ):
            told = await reply.json()
        if "result" in told:
            told["result"] = self._lie(method, told["result"])
        return web.json_response(told)


def honest(_method: str, result: Any) -> Any:
    """The truth."""
    return result


@asynccontextmanager
async def forwarder(chain_url: str, lie: Lie = honest) -> AsyncIterator[Forwarder]:
    """A node that stands in front of a chain."""
    made = Forwarder(chain_url, lie)
    app = web.Application()
    app.router.add_post("/", made.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()
