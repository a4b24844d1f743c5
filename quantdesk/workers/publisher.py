"""Publisher: market data from Valkey and Postgres to every browser, outside Reflex state.

Nothing is decided here. Prices are sent as soon as they arrive, at most one frame per client and
beat; figures that change slowly are read again at their own pace.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import aiohttp
import structlog
from aiohttp import web

from quantdesk import wiring
from quantdesk.adapters.oracle.feeds import BY_SYMBOL, FEEDS
from quantdesk.adapters.postgres.candles import CandleStore
from quantdesk.adapters.redis.market_state import MarketStates
from quantdesk.adapters.redis.prices import PriceStream
from quantdesk.domain.candle import bucket_ms
from quantdesk.services.market_ports import PricesUnavailable
from quantdesk.services.ports import DatabaseUnavailable
from quantdesk.settings import Settings
from quantdesk.workers.feed.board import Board
from quantdesk.workers.feed.door import Door
from quantdesk.workers.feed.hub import Hub
from quantdesk.workers.feed.topics import Topic

BEAT_S = 0.25
BEAT_S_MIN = 0.05
STATE_S = 1.0
STORED_S = 15.0
PAUSE_S = 0.5
DAY_S = 86_400

log = structlog.get_logger()


def wall_ms() -> int:
    """The clock, in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


class Publisher:
    """Keeps the board current and the hub beating."""

    def __init__(
        self, stream: PriceStream, states: MarketStates, candles: CandleStore, *, hermes_url: str
    ) -> None:
        self.board = Board()
        self.hub = Hub(self.board, clock=wall_ms)
        self._stream = stream
        self._states = states
        self._candles = candles
        self._hermes_url = hermes_url
        self._scene: object = None
        self._changed: set[Topic] = set()
        self._wake = asyncio.Event()

    def hello(self) -> dict[str, object]:
        """What a new client is told."""
        return {"beat_ms": int(BEAT_S * 1000), "scene": self._scene}

    def health(self) -> dict[str, object]:
        """What an operator is told."""
        return {
            "clients": len(self.hub),
            "age_ms": self.board.newest_age_ms(wall_ms()),
            "conflated": self.hub.conflated,
            "dropped_clients": self.hub.dropped_clients,
        }

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_prices())
            tasks.create_task(self._follow_states())
            tasks.create_task(self._follow_stored())
            tasks.create_task(self._follow_scene())
            tasks.create_task(self._beat())

    def _note(self, topics: Sequence[Topic]) -> None:
        if topics:
            self._changed.update(topics)
            self._wake.set()

    async def _beat(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            changed, self._changed = self._changed, set()
            self.hub.publish(changed)
            await asyncio.sleep(BEAT_S_MIN)

    async def _follow_prices(self) -> None:
        after = "$"
        is_lost = True
        while True:
            try:
                if is_lost:
                    after = await self._stream.last_id()
                    for tick in await self._stream.newest(list(BY_SYMBOL)):
                        self._note(self.board.add_tick(tick))
                    is_lost = False
                entries = await self._stream.read(after, block_ms=1_000)
            except PricesUnavailable as error:
                log.warning("publisher_waits_for_prices", error=str(error))
                is_lost = True
                await asyncio.sleep(PAUSE_S)
                continue
            for entry in entries:
                after = entry.id
                if entry.tick is not None:
                    self._note(self.board.add_tick(entry.tick))

    async def _follow_states(self) -> None:
        while True:
            try:
                for market, state in (await self._states.read(list(BY_SYMBOL))).items():
                    self._note(self.board.set_state(market, state))
            except PricesUnavailable as error:
                log.warning("publisher_waits_for_states", error=str(error))
            self._note(self.board.regrade(wall_ms()))
            self.hub.keep_alive()
            await asyncio.sleep(STATE_S)

    async def _follow_stored(self) -> None:
        while True:
            pause_s = STORED_S
            try:
                await self._read_stored()
            except DatabaseUnavailable as error:
                log.warning("publisher_waits_for_candles", error=str(error))
                pause_s = PAUSE_S * 4
            await asyncio.sleep(pause_s)

    async def _read_stored(self) -> None:
        now_ms = wall_ms()
        for feed in FEEDS:
            minutes = await self._candles.minutes(
                feed.market_index, from_ms=bucket_ms(now_ms, resolution_s=DAY_S)
            )
            self.board.candles[feed.symbol].seed(minutes, now_ms=now_ms)
            day = await self._candles.day(feed.market_index, now_ms=now_ms)
            self._note(self.board.set_day(feed.symbol, day))

    async def _follow_scene(self) -> None:
        # Only a recorded market has a scene; a live source answers 404 and none is told.
        timeout = aiohttp.ClientTimeout(total=2.0)
        while self._scene is None:
            try:
                async with (
                    aiohttp.ClientSession(timeout=timeout) as session,
                    session.get(f"{self._hermes_url}/scene") as response,
                ):
                    if response.status == 404:
                        return
                    response.raise_for_status()
                    self._scene = await response.json()
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                log.warning("publisher_waits_for_scene", error=repr(error))
                await asyncio.sleep(PAUSE_S * 4)


async def run(settings: Settings) -> None:
    """Publish until cancelled."""
    async with (
        wiring.alive(settings, worker="publisher") as valkey,
        wiring.database(settings) as database,
    ):
        publisher = Publisher(
            wiring.price_stream(valkey),
            wiring.market_states(valkey),
            wiring.candle_store(database),
            hermes_url=settings.pyth_hermes_url,
        )
        door = Door(
            publisher.hub,
            origin=settings.public_origin,
            hello=publisher.hello,
            health=publisher.health,
            clock=wall_ms,
        )
        runner = web.AppRunner(door.application(), access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", settings.publisher_port, backlog=1024).start()
        log.info("publisher_ready", port=settings.publisher_port)
        try:
            await publisher.run()
        finally:
            await runner.cleanup()
