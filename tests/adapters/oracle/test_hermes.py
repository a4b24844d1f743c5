"""The Hermes client against a local server that behaves, misbehaves and comes back."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from quantdesk.adapters.oracle import hermes
from quantdesk.adapters.oracle.decode import BadPrice
from quantdesk.adapters.oracle.feeds import BY_SYMBOL
from quantdesk.adapters.oracle.hermes import Hermes
from quantdesk.services.market_ports import Tick

Stream = Callable[[web.Request, web.StreamResponse], Awaitable[None]]


def _event(price_e8: int, *, at_s: int | None = None, slot: int = 0) -> bytes:
    price = {
        "price": str(price_e8),
        "conf": "1000000",
        "expo": -8,
        "publish_time": int(time.time()) if at_s is None else at_s,
    }
    item = {"id": BY_SYMBOL["SOL-PERP"].feed_id, "price": price, "metadata": {"slot": slot}}
    return json.dumps({"binary": {"data": []}, "parsed": [item]}).encode()


class FakeHermes:
    """A server whose every connection follows the next of its scripts, the last one for ever."""

    def __init__(self, *scripts: Stream, latest: bytes | None = None) -> None:
        self._scripts = list(scripts)
        self._latest = latest
        self.headers: list[str | None] = []
        self.connections = 0

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_get("/v2/updates/price/stream", self._stream)
        app.router.add_get("/v2/updates/price/latest", self._answer_latest)
        async with TestServer(app) as server:
            yield str(server.make_url("/"))

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        self.connections += 1
        self.headers.append(request.headers.get("authorization"))
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await script(request, response)
        return response

    async def _answer_latest(self, _request: web.Request) -> web.Response:
        if self._latest is None:
            raise web.HTTPServiceUnavailable
        return web.Response(body=self._latest)


def _sends(*events: bytes) -> Stream:
    async def script(request: web.Request, response: web.StreamResponse) -> None:
        await response.prepare(request)
        for event in events:
            await response.write(b"data:" + event + b"\n\n")

    return script


async def _silent(request: web.Request, response: web.StreamResponse) -> None:
    await response.prepare(request)
    await asyncio.sleep(30)


async def _broken(_request: web.Request, _response: web.StreamResponse) -> None:
    raise web.HTTPInternalServerError


async def _limited(_request: web.Request, _response: web.StreamResponse) -> None:
    raise web.HTTPTooManyRequests(headers={"retry-after": "1"})


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hermes, "WAIT_S_FIRST", 0.01)
    monkeypatch.setattr(hermes, "SILENCE_S", 0.3)


async def _first(source: Hermes, count: int) -> list[Tick]:
    ticks: list[Tick] = []
    async with asyncio.timeout(10), aclosing(source.batches()) as batches:
        async for batch in batches:
            ticks += batch
            if len(ticks) >= count:
                break
    return ticks


async def test_prices_arrive_in_order_and_the_key_is_sent_as_bearer() -> None:
    fake = FakeHermes(_sends(_event(15_000_000_000, slot=1), _event(15_100_000_000, slot=2)))
    async with fake.served() as url:
        ticks = await _first(Hermes(url, api_key="secret"), 2)

    assert [tick.price_e6 for tick in ticks] == [150_000_000, 151_000_000]
    assert fake.headers[0] == "Bearer secret"


async def test_without_a_key_no_authorization_is_sent() -> None:
    fake = FakeHermes(_sends(_event(15_000_000_000)))
    async with fake.served() as url:
        await _first(Hermes(url), 1)

    assert fake.headers[0] is None


async def test_a_stream_that_ends_is_opened_again() -> None:
    at_s = int(time.time())
    fake = FakeHermes(
        _sends(_event(15_000_000_000, at_s=at_s - 1)), _sends(_event(15_100_000_000, at_s=at_s))
    )
    async with fake.served() as url:
        ticks = await _first(Hermes(url), 2)

    assert [tick.price_e6 for tick in ticks] == [150_000_000, 151_000_000]
    assert fake.connections == 2


async def test_a_silent_stream_is_given_up_and_opened_again() -> None:
    fake = FakeHermes(_silent, _sends(_event(15_000_000_000)))
    async with fake.served() as url:
        ticks = await _first(Hermes(url), 1)

    assert len(ticks) == 1
    assert fake.connections == 2


async def test_while_the_stream_is_broken_the_latest_price_is_asked_for() -> None:
    fake = FakeHermes(_broken, latest=_event(15_200_000_000))
    async with fake.served() as url:
        ticks = await _first(Hermes(url), 1)

    assert ticks[0].price_e6 == 152_000_000


async def test_a_rate_limit_is_waited_out_as_long_as_it_says() -> None:
    fake = FakeHermes(_limited, _sends(_event(15_000_000_000)))
    started = time.monotonic()
    async with fake.served() as url:
        await _first(Hermes(url), 1)

    assert 0.45 <= time.monotonic() - started < 5
    assert fake.connections == 2


async def test_an_older_price_and_a_repeated_one_are_dropped() -> None:
    at_s = int(time.time())
    fake = FakeHermes(
        _sends(
            _event(15_000_000_000, at_s=at_s, slot=7),
            _event(14_000_000_000, at_s=at_s - 5, slot=6),
            _event(15_000_000_000, at_s=at_s, slot=7),
            _event(15_100_000_000, at_s=at_s, slot=8),
        )
    )
    async with fake.served() as url:
        ticks = await _first(Hermes(url), 2)

    assert [tick.price_e6 for tick in ticks] == [150_000_000, 151_000_000]


async def test_garbage_between_events_is_skipped_counted_and_survived() -> None:
    fake = FakeHermes(
        _sends(_event(-1), b'{"parsed":[3]}', _event(15_000_000_000)),
        _sends(b"not json", _event(15_000_000_000)),
    )
    source = None
    async with fake.served() as url:
        source = Hermes(url)
        ticks = await _first(source, 1)

    assert ticks[0].price_e6 == 150_000_000
    assert source.refused[BadPrice.NOT_POSITIVE] == 1
    assert source.refused[BadPrice.MALFORMED] == 1


async def test_a_line_without_end_does_not_fill_the_memory() -> None:
    async def endless(request: web.Request, response: web.StreamResponse) -> None:
        await response.prepare(request)
        for _ in range(64):
            await response.write(b"data:" + b"x" * 100_000)

    fake = FakeHermes(endless, _sends(_event(15_000_000_000)))
    async with fake.served() as url:
        ticks = await _first(Hermes(url), 1)

    assert len(ticks) == 1
