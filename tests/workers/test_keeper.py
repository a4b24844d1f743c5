"""The keeper: each new price goes on chain once, and what it allows is done once."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from quantdesk.adapters.redis.prices import Entry
from quantdesk.domain.account import AccountState
from quantdesk.domain.market import SOL, MarketState
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import Kind, Order
from quantdesk.services.chain_ports import Found, Gap, Gone, TaskRefused
from quantdesk.services.keeping_tasks import ExecuteOrder
from quantdesk.services.market_ports import Tick
from quantdesk.services.ports import ExchangeUnavailable
from quantdesk.workers import keeper as keeper_module
from quantdesk.workers.keeper import Keeper
from tests.fakes.keeper_chain import RememberedChain

NOW_S = 1_000_000
PRICE = 150_000_000
MARKET = Found(
    address="market",
    content=MarketState(
        params=SOL, last_price_e6=PRICE, last_publish_time=NOW_S - 2, funding_at=NOW_S
    ),
)
ALICE = Found(address="alice", content=AccountState(address="alice", owner="owner"))
ORDER = Found(
    address="order",
    content=Order(
        account="alice",
        market_index=0,
        client_order_id=1,
        kind=Kind.MARKET,
        size_e9=10**9,
        limit_price_e6=2 * PRICE,
        placed_at=NOW_S - 1,
        placed_slot=4_999,
        expires_at=NOW_S + 29,
    ),
)
EXECUTE = ExecuteOrder(order="order")


class Ticks:
    """A stream of ticks under the test's control."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Tick] = asyncio.Queue()
        self.count = 0

    async def read(self, after: str, *, block_ms: int, count: int = 500) -> list[Entry]:
        self.count += 1
        return [Entry(id=str(self.count), tick=await self.queue.get())]


class Clock:
    """Wall time under the test's control."""

    def __init__(self) -> None:
        self.now_s = float(NOW_S)

    def __call__(self) -> float:
        return self.now_s


class Stage:
    """A keeper at work on a remembered chain."""

    def __init__(self, *accounts: Found) -> None:
        self.chain = RememberedChain(accounts)
        self.ticks = Ticks()
        self.clock = Clock()
        self.keeper = Keeper(self.chain, self.ticks, clock=self.clock)

    async def tick(self, price_e6: int = PRICE, *, publish_ms: int | None = None) -> None:
        at_ms = int(self.clock.now_s * 1000) if publish_ms is None else publish_ms
        tick = Tick(
            market="SOL-PERP",
            price_e6=price_e6,
            conf_e6=1_000,
            publish_ms=at_ms,
            received_ms=at_ms,
            prev_publish_s=at_ms // 1000 - 2,
        )
        await self.ticks.queue.put(tick)
        await asyncio.sleep(0.02)


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "BUSY_S", 0.0)
    monkeypatch.setattr(keeper_module, "IDLE_S", 0.0)
    monkeypatch.setattr(keeper_module, "PAUSE_S", 0.0)


@contextlib.asynccontextmanager
async def at_work(*accounts: Found):  # type: ignore[no-untyped-def]
    stage = Stage(*accounts)
    work = asyncio.create_task(stage.keeper.run())
    await asyncio.sleep(0.01)
    try:
        yield stage
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


async def test_a_new_price_is_posted_and_the_waiting_order_executed() -> None:
    async with at_work(MARKET, ALICE, ORDER) as stage:
        await stage.tick()

        expected = PriceReading(
            price_e6=PRICE, conf_e6=1_000, publish_time=NOW_S, previous_at=NOW_S - 2
        )
        assert stage.chain.posted == [{0: expected}]
        assert stage.chain.done == [EXECUTE]


async def test_the_same_price_is_posted_once() -> None:
    async with at_work(MARKET) as stage:
        await stage.tick()
        await stage.tick()

        assert len(stage.chain.posted) == 1


async def test_a_price_that_nothing_would_accept_is_not_posted() -> None:
    async with at_work(MARKET) as stage:
        await stage.tick(publish_ms=(NOW_S - 11) * 1000)

        assert stage.chain.posted == []


async def test_an_older_price_never_replaces_a_posted_one() -> None:
    async with at_work(MARKET) as stage:
        await stage.tick()
        await stage.tick(PRICE + 1, publish_ms=(NOW_S - 1) * 1000)

        assert len(stage.chain.posted) == 1


async def test_a_task_that_was_sent_is_not_sent_again_while_its_effect_is_awaited() -> None:
    async with at_work(MARKET, ALICE, ORDER) as stage:
        await stage.tick()
        await stage.tick(PRICE + 1)
        assert stage.chain.done == [EXECUTE]

        stage.clock.now_s += keeper_module.SENT_S
        await stage.tick(PRICE + 2)
        assert stage.chain.done == [EXECUTE, EXECUTE]


async def test_a_refused_task_is_tried_ever_more_rarely() -> None:
    async with at_work(MARKET, ALICE, ORDER) as stage:
        stage.chain.refusal = TaskRefused(code="InsufficientCollateral", message="no")
        for second in range(8):
            stage.clock.now_s = NOW_S + second
            await stage.tick(PRICE + second)

        assert len(stage.chain.done) == 3  # At 0, 1 and 3 s; the next only at 8.


async def test_an_order_heard_of_later_is_executed_at_the_next_price() -> None:
    async with at_work(MARKET, ALICE) as stage:
        await stage.tick()
        assert stage.chain.done == []

        await stage.chain.news.put(ORDER)
        await stage.tick(PRICE + 1)
        assert stage.chain.done == [EXECUTE]


async def test_a_closed_order_is_forgotten() -> None:
    async with at_work(MARKET, ALICE, ORDER) as stage:
        await stage.chain.news.put(Gone(address="order"))
        await asyncio.sleep(0.01)
        await stage.tick()

        assert stage.chain.done == []


async def test_after_a_gap_everything_is_read_again() -> None:
    async with at_work(MARKET, ALICE) as stage:
        stage.chain.accounts.append(ORDER)
        await stage.chain.news.put(Gap())
        await asyncio.sleep(0.01)
        await stage.tick()

        assert stage.chain.done == [EXECUTE]


async def test_a_silent_chain_is_waited_for_and_the_price_posted_afterwards() -> None:
    async with at_work(MARKET, ALICE, ORDER) as stage:
        stage.chain.is_silent = True
        await stage.tick()
        assert stage.chain.done == []

        stage.chain.is_silent = False
        await stage.tick(PRICE + 1)
        assert stage.chain.done == [EXECUTE]


async def test_beating_without_any_price_does_nothing() -> None:
    stage = Stage(MARKET)
    stage.chain.is_silent = True

    await stage.keeper.beat()
    with pytest.raises(ExchangeUnavailable):
        await stage.chain.read()
