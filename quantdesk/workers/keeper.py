"""Keeper: puts each new price on chain, then does what the exchange needs at that price.

It executes orders, cancels expired ones, liquidates, and keeps funding current. The program checks
everything again, so two keepers may run and one may act on an old view: at worst a fee is wasted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from quantdesk import wiring
from quantdesk.adapters.redis.prices import Entry
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import Order
from quantdesk.services.chain_ports import Found, Gap, Gone, KeeperChain, TaskRefused
from quantdesk.services.keeping_tasks import ExchangeBook, Moment, Task
from quantdesk.services.market_ports import Tick
from quantdesk.services.plan_keeping import plan_keeping
from quantdesk.services.ports import ExchangeUnavailable, PortError
from quantdesk.settings import Settings
from quantdesk.workers.keeper_book import KeeperBook

BUSY_S = 0.4
"""Between prices on chain while an order waits or a position is open."""
IDLE_S = 1.0
RESYNC_S = 60.0
PAUSE_S = 0.5
READ_MS = 1_000
TICK_AGE_MS_MAX = 10_000
"""An older price is of no use on chain: nothing accepts it."""
RETRY_S = (1.0, 2.0, 5.0, 15.0, 60.0)
IN_FLIGHT = 8
SENT_S = 2.0
"""How long a task that was sent is not sent again while its effect is awaited."""

log = structlog.get_logger()


class Prices(Protocol):
    """The stream of ticks."""

    async def read(self, after: str, *, block_ms: int, count: int = 500) -> list[Entry]:
        """Entries after an id."""
        ...


class Keeper:
    """Keeps one exchange."""

    def __init__(
        self, chain: KeeperChain, prices: Prices, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._chain = chain
        self._prices = prices
        self._clock = clock
        self._book = KeeperBook()
        self._ticks: dict[str, Tick] = {}
        self._posted: dict[int, PriceReading] = {}
        self._failures: dict[Task, int] = {}
        self._not_before_s: dict[Task, float] = {}
        self._order_seen = asyncio.Event()

    async def run(self) -> None:
        """Keep until cancelled."""
        await self._resync()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_chain())
            tasks.create_task(self._follow_prices())
            tasks.create_task(self._resync_for_ever())

    async def beat(self) -> None:
        """Post what is new, then do what the posted prices allow."""
        fresh = self._fresh_readings()
        if fresh:
            await self._chain.post_prices(fresh)
            self._posted.update(fresh)
        if not self._posted:
            return
        view = self._book.view()
        slot = await self._chain.slot() if self._book.has_business else 0
        moment = Moment(now=int(self._clock()), slot=slot, readings=dict(self._posted))
        now_s = self._clock()
        due = [t for t in plan_keeping(view, moment) if now_s >= self._not_before_s.get(t, 0.0)]
        for start in range(0, len(due), IN_FLIGHT):
            batch = due[start : start + IN_FLIGHT]
            await asyncio.gather(*(self._perform(task, view) for task in batch))
        self._forget_old()

    async def _perform(self, task: Task, view: ExchangeBook) -> None:
        # A node's rehearsal doubles the work, so it is asked for only when the first try failed.
        is_repeated = task in self._not_before_s
        refused = await self._chain.perform(task, view, rehearse=is_repeated)
        if refused is None:
            log.info("task_sent", task=type(task).__name__, **_named(task))
            self._failures.pop(task, None)
            self._not_before_s[task] = self._clock() + SENT_S
        else:
            self._hold_back(task, refused)

    def _hold_back(self, task: Task, refused: TaskRefused) -> None:
        failures = self._failures.get(task, 0)
        pause_s = RETRY_S[min(failures, len(RETRY_S) - 1)]
        self._failures[task] = failures + 1
        self._not_before_s[task] = self._clock() + pause_s
        log.info("task_refused", task=type(task).__name__, code=refused.code, **_named(task))

    def _forget_old(self) -> None:
        if len(self._not_before_s) > 1_000:
            kept_s = self._clock() - RETRY_S[-1]
            self._not_before_s = {t: s for t, s in self._not_before_s.items() if s > kept_s}
            self._failures = {t: n for t, n in self._failures.items() if t in self._not_before_s}

    def _fresh_readings(self) -> dict[int, PriceReading]:
        oldest_ms = int(self._clock() * 1000) - TICK_AGE_MS_MAX
        fresh = {}
        for index, market in self._book.view().markets.items():
            tick = self._ticks.get(market.params.symbol)
            if tick is None or tick.publish_ms < oldest_ms:
                continue
            reading, posted = _reading(tick), self._posted.get(index)
            if posted is None or _is_newer(reading, posted):
                fresh[index] = reading
        return fresh

    async def _follow_prices(self) -> None:
        after = "$"
        while True:
            started_s = time.monotonic()
            try:
                entries = await self._prices.read(after, block_ms=READ_MS)
                for entry in entries:
                    after = entry.id
                    if entry.tick is not None:
                        self._ticks[entry.tick.market] = entry.tick
                if entries:
                    await self.beat()
            except PortError as fault:
                log.warning("keeper_waits", fault=str(fault))
                await asyncio.sleep(PAUSE_S)
                continue
            await self._rest(started_s)

    async def _rest(self, started_s: float) -> None:
        """Until the next price is due; an order that appears makes it due sooner."""
        await asyncio.sleep(max(0.0, started_s + BUSY_S - time.monotonic()))
        if not self._book.has_business:
            await _wait(self._order_seen, IDLE_S - BUSY_S)
        self._order_seen.clear()

    async def _follow_chain(self) -> None:
        async for change in self._chain.changes():
            match change:
                case Found():
                    self._book.put(change)
                    if isinstance(change.content, Order):
                        self._order_seen.set()
                case Gone():
                    self._book.drop(change.address)
                case Gap():
                    await self._resync()

    async def _resync_for_ever(self) -> None:
        while True:
            await asyncio.sleep(RESYNC_S)
            await self._resync()

    async def _resync(self) -> None:
        while True:
            try:
                self._book.replace(await self._chain.read())
                return
            except ExchangeUnavailable as fault:
                log.warning("keeper_waits", fault=str(fault))
                await asyncio.sleep(PAUSE_S)


async def run(settings: Settings) -> None:
    """Keep the exchange until cancelled."""
    async with (
        wiring.alive(settings, worker="keeper") as valkey,
        wiring.keeper_chain(settings) as chain,
    ):
        log.info("keeper_ready")
        await Keeper(chain, wiring.price_stream(valkey)).run()


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return


def _reading(tick: Tick) -> PriceReading:
    return PriceReading(
        price_e6=tick.price_e6,
        conf_e6=tick.conf_e6,
        publish_time=tick.publish_ms // 1000,
        previous_at=tick.prev_publish_s or None,
    )


def _is_newer(reading: PriceReading, posted: PriceReading) -> bool:
    return reading.publish_time >= posted.publish_time and reading != posted


def _named(task: Task) -> dict[str, object]:
    return {name: getattr(task, name) for name in task.__slots__}
