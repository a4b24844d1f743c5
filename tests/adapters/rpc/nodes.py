"""Scripted Solana nodes on loopback: real sockets, misbehaving on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import orjson
from aiohttp import web

Script = Callable[[int], "Answer"]


class Answer:
    """What a node does with a request: reply, wait, or break off."""

    def __init__(
        self,
        body: object = None,
        *,
        raw: bytes | None = None,
        status: int = 200,
        after_s: float = 0.0,
        headers: dict[str, str] | None = None,
        drop: bool = False,
    ) -> None:
        self.raw = orjson.dumps(body) if raw is None else raw
        self.status = status
        self.after_s = after_s
        self.headers = headers or {}
        self.drop = drop


def result(value: object, *, after_s: float = 0.0) -> Answer:
    """A good answer."""
    return Answer({"jsonrpc": "2.0", "id": 1, "result": value}, after_s=after_s)


def error(code: int, message: str, data: object = None) -> Answer:
    """A JSON-RPC error."""
    return Answer(
        {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message, "data": data}}
    )


class ScriptedNode:
    """Counts its requests and answers the n-th as the script says."""

    def __init__(self, script: Script, genesis: str) -> None:
        self.script = script
        self.genesis = genesis
        self.requests: list[dict[str, object]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        asked = orjson.loads(await request.read())
        if asked["method"] == "getGenesisHash":
            return web.Response(body=result(self.genesis).raw)
        self.requests.append(asked)
        answer = self.script(len(self.requests))
        await asyncio.sleep(answer.after_s)
        if answer.drop:
            assert request.transport is not None
            request.transport.close()
        return web.Response(body=answer.raw, status=answer.status, headers=answer.headers)


@asynccontextmanager
async def node(script: Script, *, genesis: str = "scripted") -> AsyncIterator[ScriptedNode]:
    """A running node; the question of its cluster is no part of the script."""
    made = ScriptedNode(script, genesis)
    app = web.Application()
    app.router.add_post("/", made.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()
