"""The whole line: recorded market, price feed, Valkey, candles in Postgres, publisher, socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import psycopg
import pytest
from aiohttp import ClientWebSocketResponse
from aiohttp.test_utils import TestClient, TestServer
from redis.asyncio import Redis

from quantdesk.adapters.market_data.history import RecordedHistory
from quantdesk.adapters.oracle.hermes import Hermes
from quantdesk.adapters.postgres.candles import CandleStore
from quantdesk.adapters.postgres.database import Database
from quantdesk.adapters.redis.connection import connect
from quantdesk.adapters.redis.market_state import MarketStates
from quantdesk.adapters.redis.prices import MarkBook, PriceStream
from quantdesk.domain.candle import MINUTE_MS, bucket_ms
from quantdesk.services.ports import MarksUnavailable
from quantdesk.workers.candle_writer import CandleWriter
from quantdesk.workers.feed.door import Door
from quantdesk.workers.price_feed import forward
from quantdesk.workers.publisher import Publisher
from quantdesk.world.market.replay import Replay
from quantdesk.world.market.scene import SCENES
from quantdesk.world.market.server import MarketServer
from tests.adapters.postgres.conftest import *  # noqa: F403 - the shared database fixtures
from tests.adapters.postgres.server import Server
from tests.adapters.redis.valkey import Valkey, running_valkey

SOL = "ticker:SOL-PERP"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class Line:
    """Every piece of the line in this process, on real servers."""

    def __init__(self, stack: AsyncExitStack, valkey: Valkey, database: Database) -> None:
        self._stack = stack
        self.valkey = valkey
        self.store = CandleStore(database)
        self.replay = Replay(SCENES["calm"](), epoch_ms=_now_ms() - 3 * MINUTE_MS, speed=1)
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        market = TestServer(MarketServer(self.replay).application())
        await self._stack.enter_async_context(market)
        self.url = str(market.make_url("/")).rstrip("/")
        self.run("feed", lambda: forward(Hermes(self.url), PriceStream(self._client())))
        self.run("candles", self._writer().run)
        self.publisher = Publisher(
            PriceStream(self._client()),
            MarketStates(self._client()),
            self.store,
            hermes_url=self.url,
        )
        self.run("publisher", self.publisher.run)
        door = Door(
            self.publisher.hub,
            origin="http://desk",
            hello=self.publisher.hello,
            health=self.publisher.health,
            clock=_now_ms,
        )
        client = TestClient(TestServer(door.application()))
        self.client = await self._stack.enter_async_context(client)

    async def stop(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    def run(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        self.tasks[name] = asyncio.ensure_future(work())

    async def restart_writer(self) -> None:
        self.tasks["candles"].cancel()
        await asyncio.gather(self.tasks["candles"], return_exceptions=True)
        self.run("candles", self._writer().run)

    async def browser(self, *topics: str) -> ClientWebSocketResponse:
        socket = await self.client.ws_connect("/ws/market")
        await socket.receive_json(timeout=2)
        await socket.send_json({"op": "subscribe", "topics": list(topics)})
        return socket

    def fault(self, *, publishing: bool) -> Awaitable[object]:
        return self.client.session.post(
            f"{self.url}/fault", json={"publishing": publishing}, headers={"x-quantdesk": "1"}
        )

    def _writer(self) -> CandleWriter:
        return CandleWriter(PriceStream(self._client()), self.store, RecordedHistory(self.url))

    def _client(self) -> Redis:
        client = connect(self.valkey.url, name="test")
        self._stack.push_async_callback(client.aclose)
        return client


@pytest.fixture
async def line(database: Database, server: Server, database_name: str) -> AsyncIterator[Line]:
    with psycopg.connect(server.admin_url(database_name), autocommit=True) as admin:
        admin.execute("truncate candles_1m")
    async with AsyncExitStack() as stack:
        valkey = stack.enter_context(running_valkey())
        running = Line(stack, valkey, database)
        await running.start()
        try:
            yield running
        finally:
            await running.stop()


async def _ticker_when(
    socket: ClientWebSocketResponse, accept: Callable[[dict[str, object]], bool]
) -> dict[str, object]:
    async with asyncio.timeout(12):
        while True:
            message = await socket.receive_json()
            updates = [message] if message["type"] == "snapshot" else message.get("updates", [])
            for update in updates:
                if update["topic"] == SOL and update["data"] and accept(update["data"]):
                    return dict(update["data"])


async def _until(check: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(12):
        while not await check():  # noqa: ASYNC110 - the other side is a server
            await asyncio.sleep(0.05)


def _is_fresh(data: dict[str, object]) -> bool:
    published = data["publish_ms"]
    return isinstance(published, int) and _now_ms() - published < 300


async def test_a_price_reaches_the_socket_within_a_fraction_of_a_second(line: Line) -> None:
    socket = await line.browser(SOL)

    data = await _ticker_when(socket, _is_fresh)

    published = data["publish_ms"]
    assert isinstance(published, int)
    reading = line.replay.price("SOL-PERP", published)
    assert reading is not None
    assert (data["mark_e6"], data["conf_e6"]) == (reading.price_e6, reading.conf_e6)
    assert data["grade"] == "valid"


async def test_history_is_backfilled_and_a_restarted_writer_doubles_nothing(line: Line) -> None:
    closed_ms = bucket_ms(_now_ms(), resolution_s=60)
    expected = line.replay.candles("ETH-PERP", from_ms=0, to_ms=closed_ms)[-1_000:]

    async def is_filled() -> bool:
        return await line.store.newest_ms(2) is not None

    await _until(is_filled)
    await line.restart_writer()
    await asyncio.sleep(2.5)

    stored = await line.store.minutes(2, from_ms=expected[0].open_ms)
    assert stored[: len(expected)] == expected
    opened = [candle.open_ms for candle in stored]
    assert opened == list(range(opened[0], opened[-1] + 1, MINUTE_MS))


async def test_a_killed_valkey_stops_prices_refuses_marks_and_all_recovers(line: Line) -> None:
    socket = await line.browser(SOL)
    await _ticker_when(socket, _is_fresh)
    marks = MarkBook(connect(line.valkey.url, name="marks"))

    line.valkey.kill()
    with pytest.raises(MarksUnavailable):
        await marks.latest("SOL-PERP")
    await asyncio.sleep(1.5)
    line.valkey.start()
    started = _now_ms()

    data = await _ticker_when(socket, lambda data: int(str(data["publish_ms"])) > started)
    assert data["grade"] == "valid"
    assert _now_ms() - started < 5_000
    assert not any(task.done() for task in line.tasks.values())


async def test_a_source_that_stops_is_called_stale_and_recovers_without_a_reload(
    line: Line,
) -> None:
    socket = await line.browser(SOL)
    await _ticker_when(socket, _is_fresh)

    await line.fault(publishing=False)
    await _ticker_when(socket, lambda data: data["grade"] == "stale")
    await line.fault(publishing=True)

    await _ticker_when(socket, lambda data: data["grade"] == "valid")


async def test_the_running_candle_holds_the_ticks_of_its_minute(line: Line) -> None:
    async def is_filled() -> bool:
        return await line.store.newest_ms(0) is not None

    await _until(is_filled)
    socket = await line.browser("candle:SOL-PERP:60")
    last: dict[str, object] = {}
    async with asyncio.timeout(10):
        while not last:
            message = await socket.receive_json()
            for update in message.get("updates", []):
                last = update["data"] or {}

    open_ms = int(str(last["open_ms"]))
    assert open_ms == bucket_ms(_now_ms(), resolution_s=60)
    low, high = int(str(last["l_e6"])), int(str(last["h_e6"]))
    assert low <= int(str(last["c_e6"])) <= high
    (whole,) = Replay(line.replay.scene, epoch_ms=line.replay.epoch_ms, speed=1).candles(
        "SOL-PERP", from_ms=open_ms, to_ms=open_ms + MINUTE_MS
    )
    assert whole.low_e6 <= low
    assert high <= whole.high_e6
