"""Candle writer: minute candles in Postgres, folded from the price stream, healed from history.

Live candles may miss ticks, so once a minute the last ones are compared with the source's own
record when it keeps one. Every write may be repeated, and no candle is written twice.
"""

from __future__ import annotations

import asyncio
import time

import structlog

from quantdesk import wiring
from quantdesk.adapters.oracle.feeds import BY_SYMBOL, FEEDS
from quantdesk.adapters.redis.prices import PriceStream
from quantdesk.domain.candle import MINUTE_MS, bucket_ms
from quantdesk.services.market_ports import (
    CandleHistory,
    Candles,
    HistoryUnavailable,
    PricesUnavailable,
)
from quantdesk.services.ports import DatabaseUnavailable
from quantdesk.settings import Settings
from quantdesk.workers.candle_folder import CandleFolder

WRITE_S = 1.0
HEAL_S = 60.0
PAUSE_S = 1.0
OVERLAP_MS = 10 * MINUTE_MS
BACKFILL_MS = 8 * 86_400_000
BATCH = 2_000

log = structlog.get_logger()


class CandleWriter:
    """One writer for all markets; run `follow` and `write` side by side."""

    def __init__(self, stream: PriceStream, candles: Candles, history: CandleHistory) -> None:
        self._stream = stream
        self._candles = candles
        self._history = history
        self._folder = CandleFolder()
        self._healed_ms = 0

    async def run(self) -> None:
        """Backfill, then follow the stream until cancelled."""
        start = await self._start_id()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._heal_for_ever())
            tasks.create_task(self._follow(start))
            tasks.create_task(self._write_for_ever())

    async def heal(self) -> int:
        """Take over what the source recorded: a week at first, then what is new.

        What is stored says nothing about gaps before it, so it is not asked.
        """
        count = 0
        # The minute that runs belongs to the stream alone.
        to_ms = bucket_ms(time.time_ns() // 1_000_000, resolution_s=60)
        from_ms = max(self._healed_ms - OVERLAP_MS, to_ms - BACKFILL_MS)
        for feed in FEEDS:
            found = await self._history.candles(feed.symbol, from_ms=from_ms, to_ms=to_ms)
            for start in range(0, len(found), BATCH):
                await self._candles.replace(feed.market_index, found[start : start + BATCH])
            count += len(found)
        self._healed_ms = to_ms
        return count

    async def flush(self) -> None:
        """Write what waits; what cannot be written goes on waiting."""
        for market, candles in self._folder.pending().items():
            await self._candles.widen(BY_SYMBOL[market].market_index, candles)
            self._folder.written(market, candles)

    async def _start_id(self) -> str:
        # From the start of the newest stored minute: complete in the stream, harmless to repeat.
        while True:
            try:
                stored = [await self._candles.newest_ms(feed.market_index) for feed in FEEDS]
            except DatabaseUnavailable as error:
                log.warning("candles_wait_for_database", error=str(error))
                await asyncio.sleep(PAUSE_S)
                continue
            known = [newest_ms for newest_ms in stored if newest_ms is not None]
            return f"{min(known)}-0" if known else "0-0"

    async def _follow(self, after: str) -> None:
        while True:
            try:
                entries = await self._stream.read(after, block_ms=1_000)
            except PricesUnavailable as error:
                log.warning("candles_wait_for_prices", error=str(error))
                await asyncio.sleep(PAUSE_S)
                continue
            for entry in entries:
                after = entry.id
                if entry.tick is not None and entry.tick.market in BY_SYMBOL:
                    self._folder.add(entry.tick)

    async def _write_for_ever(self) -> None:
        while True:
            await asyncio.sleep(WRITE_S)
            try:
                await self.flush()
            except DatabaseUnavailable as error:
                log.warning("candles_wait", error=str(error))

    async def _heal_for_ever(self) -> None:
        while True:
            try:
                count = await self.heal()
                log.info("candles_healed", compared=count)
                # A moment after the minute has closed, so that its last price is in.
                await asyncio.sleep(HEAL_S - time.time() % HEAL_S + 2.0)
            except (HistoryUnavailable, DatabaseUnavailable) as error:
                log.warning("candles_not_healed", error=str(error))
                await asyncio.sleep(PAUSE_S)


async def run(settings: Settings) -> None:
    """Write candles until cancelled."""
    async with (
        wiring.alive(settings, worker="candle_writer") as valkey,
        wiring.database(settings) as database,
    ):
        writer = CandleWriter(
            wiring.price_stream(valkey),
            wiring.candle_store(database),
            wiring.candle_history(settings),
        )
        log.info("candle_writer_ready")
        await writer.run()
