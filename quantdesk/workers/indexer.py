"""Indexer: what the program did on chain becomes rows in Postgres, each event exactly once.

Rows of a few transactions and the cursor behind them are committed together and in chain order, so
a crash anywhere repeats nothing and skips nothing. Rows are confirmed when written; a slower sweep
marks them finalized and, should a fork have dropped one, rebuilds the mirror from the chain.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import structlog

from quantdesk import wiring
from quantdesk.adapters.postgres.chain_mirror import ChainMirror, CursorMoved, HistoryRewritten
from quantdesk.services.chain_changes import ChainTransaction
from quantdesk.services.chain_ports import ChainHistory
from quantdesk.services.mirror_events import changes_of
from quantdesk.services.ports import DatabaseUnavailable, ExchangeUnavailable
from quantdesk.settings import Settings
from quantdesk.workers.mirror_news import MirrorNews

POLL_S = 2.0
"""Longest wait for a poke: a lost subscription costs this much, never an event."""
SWEEP_S = 5.0
STATES_S = 5.0
PAUSE_S = 0.5
BATCH = 32
"""Transactions asked for at the same time, and written in one commit."""

log = structlog.get_logger()


class Indexer:
    """Applies the chain's history to the mirror."""

    def __init__(self, history: ChainHistory, mirror: ChainMirror, *, usdc_mint: str) -> None:
        self._history = history
        self._mirror = mirror
        self._usdc_mint = usdc_mint

    async def catch_up(self) -> AsyncIterator[list[ChainTransaction]]:
        """Apply everything not yet applied; yields batches after they are committed."""
        cursor = await self._mirror.cursor()
        signatures = await self._history.signatures(after=cursor)
        for start in range(0, len(signatures), BATCH):
            wanted = signatures[start : start + BATCH]
            found = await asyncio.gather(*(self._history.transaction(each) for each in wanted))
            changes = [list(changes_of(each, usdc_mint=self._usdc_mint)) for each in found]
            await self._mirror.apply(list(zip(found, changes, strict=True)), after=cursor)
            cursor = wanted[-1]
            yield list(found)

    async def sweep(self) -> None:
        """Mark what is finalized. Raises HistoryRewritten when an applied transaction is gone."""
        slot = await self._history.finalized_slot()
        signatures = await self._mirror.unfinalized(up_to_slot=slot)
        gone = await self._history.missing(signatures) if signatures else []
        if gone:
            raise HistoryRewritten(gone[0])
        if signatures:
            await self._mirror.mark_finalized(slot)

    async def rebuild(self) -> int:
        """Empty the mirror and apply the whole history again; returns transactions applied.

        Another indexer may run meanwhile: whichever comes first applies a transaction.
        """
        await self._mirror.clear()
        applied = 0
        while True:
            try:
                async for batch in self.catch_up():
                    applied += len(batch)
                return applied
            except CursorMoved:
                continue


async def run(settings: Settings) -> None:
    """Index until cancelled."""
    async with (
        wiring.alive(settings, worker="indexer") as valkey,
        wiring.database(settings) as pool,
        wiring.chain_history(settings) as history,
        wiring.exchange(settings) as exchange,
    ):
        mirror = wiring.chain_mirror(pool)
        indexer = Indexer(history, mirror, usdc_mint=settings.usdc_mint)
        news = MirrorNews(
            mirror, exchange, wiring.market_states(valkey), wiring.account_channel(valkey)
        )
        log.info("indexer_ready")
        poke = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_listen(history, poke))
            tasks.create_task(_follow(indexer, news, poke))
            tasks.create_task(_sweep(indexer, poke))
            tasks.create_task(news.keep_states_fresh(STATES_S))


async def rebuild(settings: Settings) -> int:
    """Rebuild the mirror from the chain; returns the number of transactions applied."""
    async with wiring.database(settings) as pool, wiring.chain_history(settings) as history:
        mirror = wiring.chain_mirror(pool)
        return await Indexer(history, mirror, usdc_mint=settings.usdc_mint).rebuild()


async def _listen(history: ChainHistory, poke: asyncio.Event) -> None:
    async for _ in history.pokes():
        poke.set()


async def _follow(indexer: Indexer, news: MirrorNews, poke: asyncio.Event) -> None:
    while True:
        poke.clear()
        try:
            async for batch in indexer.catch_up():
                await news.announce(batch)
        except CursorMoved:
            # Another indexer went ahead; what it applied is not ours to announce.
            log.info("cursor_moved")
            continue
        except (ExchangeUnavailable, DatabaseUnavailable) as fault:
            log.warning("indexer_waits", fault=str(fault))
            await asyncio.sleep(PAUSE_S)
            continue
        except HistoryRewritten as rewritten:
            await _start_over(indexer, rewritten)
            continue
        await _wait(poke, POLL_S)


async def _sweep(indexer: Indexer, poke: asyncio.Event) -> None:
    while True:
        await asyncio.sleep(SWEEP_S)
        try:
            await indexer.sweep()
        except (ExchangeUnavailable, DatabaseUnavailable) as fault:
            log.warning("sweep_waits", fault=str(fault))
        except HistoryRewritten as rewritten:
            await _start_over(indexer, rewritten)
            poke.set()


async def _start_over(indexer: Indexer, rewritten: HistoryRewritten) -> None:
    log.error("history_rewritten", signature=str(rewritten))
    log.info("mirror_rebuilt", transactions=await indexer.rebuild())


async def _wait(poke: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await poke.wait()
    except TimeoutError:
        return
