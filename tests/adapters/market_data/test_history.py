"""Past candles over HTTP: none is an answer, nonsense and silence are failures with a name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from quantdesk.adapters.market_data import history
from quantdesk.adapters.market_data.history import RecordedHistory
from quantdesk.domain.candle import Candle
from quantdesk.services.market_ports import HistoryUnavailable

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def _candles(handler: Handler) -> list[Candle]:
    app = web.Application()
    app.router.add_get("/history", handler)
    async with TestServer(app) as server:
        source = RecordedHistory(str(server.make_url("/")))
        return await source.candles("SOL-PERP", from_ms=0, to_ms=600_000)


async def test_a_source_without_history_has_no_candles() -> None:
    async def handler(_request: web.Request) -> web.Response:
        raise web.HTTPNotFound

    assert await _candles(handler) == []


async def test_pages_are_read_until_the_end_is_reached() -> None:
    async def handler(request: web.Request) -> web.Response:
        from_ms = int(request.query["from_ms"])
        row = [from_ms, 5, 7, 4, 6, 1_000]
        return web.json_response({"candles": [row], "next_from_ms": from_ms + 300_000})

    assert [candle.open_ms for candle in await _candles(handler)] == [0, 300_000]


async def test_a_source_that_repeats_itself_for_ever_is_left_after_some_pages() -> None:
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.query["from_ms"])
        return web.json_response({"candles": [[0, 5, 7, 4, 6, 1]], "next_from_ms": 0})

    await _candles(handler)

    assert len(asked) == history.PAGES_MAX


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[]",
        b'{"candles":[[0,5,7,4,6]],"next_from_ms":1}',
        b'{"candles":[[0,5,7,4,6.5,1]],"next_from_ms":1}',
        b'{"candles":[[0,5,7,8,6,1]],"next_from_ms":1}',
        b'{"candles":[[0,5,7,-4,6,1]],"next_from_ms":1}',
        b'{"candles":[null],"next_from_ms":1}',
        b'{"candles":[],"next_from_ms":null}',
    ],
)
async def test_nonsense_is_a_failure_with_a_name(body: bytes) -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=body)

    with pytest.raises(HistoryUnavailable):
        await _candles(handler)


async def test_a_broken_source_is_a_failure_with_a_name() -> None:
    async def handler(_request: web.Request) -> web.Response:
        raise web.HTTPInternalServerError

    with pytest.raises(HistoryUnavailable):
        await _candles(handler)
