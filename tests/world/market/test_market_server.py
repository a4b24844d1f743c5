"""The recorded market's server speaks Hermes well enough for a strict client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from quantdesk.adapters.market_data.history import RecordedHistory
from quantdesk.adapters.oracle.decode import decode_update
from quantdesk.adapters.oracle.feeds import FEEDS
from quantdesk.domain.candle import MINUTE_MS
from quantdesk.world.market.path import GRID_MS
from quantdesk.world.market.replay import Replay
from quantdesk.world.market.scene import SCENES
from quantdesk.world.market.server import MarketServer

EPOCH_MS = 1_790_000_040_000


class Clock:
    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


Served = tuple[TestClient[web.Request, web.Application], Replay, Clock]


@pytest.fixture(params=["calm", "crash"])
async def served(request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    replay = Replay(SCENES[request.param](), epoch_ms=EPOCH_MS, speed=1)
    clock = Clock(EPOCH_MS + 5 * MINUTE_MS + 1_234)
    server = MarketServer(replay, clock=clock)
    async with TestClient(TestServer(server.application())) as client:
        yield client, replay, clock


def _ids() -> list[tuple[str, str]]:
    return [("ids[]", feed.feed_id) for feed in FEEDS]


async def test_the_latest_prices_decode_to_the_replayed_ones(served: Served) -> None:
    client, replay, clock = served

    body = await (await client.get("/v2/updates/price/latest", params=_ids())).read()

    decoded = decode_update(body, received_ms=clock.now_ms)
    assert decoded.refused == []
    assert [tick.market for tick in decoded.ticks] == list(replay.symbols)
    for tick in decoded.ticks:
        reading = replay.price(tick.market, clock.now_ms)
        assert reading is not None
        assert (tick.price_e6, tick.conf_e6) == (reading.price_e6, reading.conf_e6)
        assert tick.publish_ms == reading.publish_ms
        assert tick.volume_e3 == reading.volume_e3
        assert tick.prev_publish_s == (reading.publish_ms - GRID_MS) // 1000


async def test_an_unknown_feed_is_not_found(served: Served) -> None:
    client, _, _ = served

    answer = await client.get("/v2/updates/price/latest", params={"ids[]": "ab" * 32})

    assert answer.status == 404
    assert "ab" * 32 in await answer.text()


async def test_the_stream_sends_events_that_decode(served: Served) -> None:
    client, replay, clock = served

    async with client.get("/v2/updates/price/stream", params=_ids()) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        line = await response.content.readline()

    decoded = decode_update(line[5:].strip(), received_ms=clock.now_ms)
    assert [tick.market for tick in decoded.ticks] == list(replay.symbols)


async def test_a_reader_that_leaves_is_no_error(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    client, _, _ = served

    async with client.get("/v2/updates/price/stream", params=_ids()) as response:
        await response.content.readline()
    await asyncio.sleep(1.2)

    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_switching_publishing_off_freezes_the_price_and_on_lets_it_go(served: Served) -> None:
    client, _, clock = served
    headers = {"x-quantdesk": "1"}

    await client.post("/fault", json={"publishing": False}, headers=headers)
    stopped_ms = clock.now_ms
    clock.now_ms += 60_000
    frozen = await (await client.get("/v2/updates/price/latest", params=_ids())).read()
    await client.post("/fault", json={"publishing": True}, headers=headers)
    moving = await (await client.get("/v2/updates/price/latest", params=_ids())).read()

    last = decode_update(frozen, received_ms=clock.now_ms).ticks[0]
    first = decode_update(moving, received_ms=clock.now_ms).ticks[0]
    assert last.publish_ms <= stopped_ms < first.publish_ms
    assert first.prev_publish_s == last.publish_ms // 1000


async def test_a_page_of_another_origin_cannot_switch_publishing_off(served: Served) -> None:
    client, _, _ = served

    answer = await client.post("/fault", json={"publishing": False})

    assert answer.status == 403
    assert (await (await client.get("/livez")).json())["is_publishing"] is True


async def test_the_history_comes_in_pages_without_gap_or_double(served: Served) -> None:
    client, replay, clock = served
    history = RecordedHistory(str(client.make_url("/")))

    candles = await history.candles("BTC-PERP", from_ms=0, to_ms=clock.now_ms)

    expected = replay.candles("BTC-PERP", from_ms=0, to_ms=clock.now_ms)
    assert candles == expected
    opened = [candle.open_ms for candle in candles]
    assert opened == list(range(opened[0], opened[-1] + 1, MINUTE_MS))


@pytest.mark.parametrize("value", ["-1", "1e3", "٣", "9" * 16, ""])
async def test_a_time_that_is_not_milliseconds_is_refused(served: Served, value: str) -> None:
    client, _, _ = served

    answer = await client.get("/history", params={"symbol": "SOL-PERP", "from_ms": value})

    assert answer.status == 400


async def test_the_scene_says_that_it_is_recorded_and_simulated_between_bars(
    served: Served,
) -> None:
    client, replay, _ = served

    scene = await (await client.get("/scene")).json()

    assert scene["name"] == replay.scene.name
    assert "Recorded" in scene["label"]
    assert "simulated" in scene["label"]


async def test_the_days_figures_agree_with_the_history(served: Served) -> None:
    client, replay, clock = served

    day = await (await client.get("/day", params={"symbol": "SOL-PERP"})).json()

    candles = replay.candles(
        "SOL-PERP", from_ms=clock.now_ms - 1_440 * MINUTE_MS, to_ms=clock.now_ms
    )
    assert day["high_e6"] == max(candle.high_e6 for candle in candles)
    assert day["volume_e3"] == sum(candle.volume_e3 for candle in candles)
