"""10 October 2025, minute by minute: a trader lives through the recorded crash on both exchanges.

The recorded SOL minutes are published every five seconds along open, near extreme, far extreme and
close. The trader buys 7.6 times the deposit before the fall and tops up once; the keeper liquidates
whenever the program allows it. Program, twin and the sums of the events must agree to the unit, and
the story is told in docs/protocol.md.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from quantdesk.domain.candle import Candle
from quantdesk.domain.events import (
    Deposited,
    Event,
    FundingPaid,
    Liquidated,
    OrderExecuted,
)
from quantdesk.domain.ledger import Applied, Outcome
from quantdesk.domain.market import SOL
from quantdesk.domain.money import SIZE_ONE, USD_ONE, Price, Size, Usd
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import Kind, OrderIntent
from quantdesk.world.market.recording import load
from tests.domain.invariants import check_invariants
from tests.domain.lockstep import Lockstep
from tests.domain.onchain import ARTIFACT

PROTOCOL = Path(__file__).parents[2] / "docs" / "protocol.md"
HEADING = "| minute | price | what happens | size | cash | insurance fund | pool |"
TRADER = "trader 0"
STEP_S = 5
STEPS_BETWEEN = 4


class Survivor:
    """A trader, a keeper and the recorded minutes; collects rows and events."""

    def __init__(self) -> None:
        self.pair = Lockstep(traders=1, markets=(SOL,))
        self.events: list[Event] = []
        self.rows: list[str] = []
        self.minute = 0

    def live(self) -> None:
        """From the first minute to the last."""
        for minute, bar in enumerate(load("crash-SOL").bars):
            self.minute = minute
            for price in path(bar):
                self.publish(price)
                self.keep()
            if minute == 0:
                self.note("deposits 40,000", self.pair.deposit(TRADER, 40_000 * USD_ONE))
                self.trade(SIZE_ONE * 1_500)
            if minute == 18:
                self.note("deposits 5,000", self.pair.deposit(TRADER, 5_000 * USD_ONE))
            if minute == 15:
                self.note("settles funding", self.pair.settle(0, TRADER))
        self.trade(-self.size_e9)

    def publish(self, price_e6: int) -> None:
        """A new price, five seconds after the last one."""
        self.pair.wait(STEP_S, 2 * STEP_S)
        reading = PriceReading(
            price_e6=price_e6,
            conf_e6=price_e6 // 4_000,
            publish_time=self.pair.now,
            previous_at=self.pair.now - STEP_S,
        )
        self.pair.publish(0, reading)
        self.pair.look(0)

    def keep(self) -> None:
        """The keeper liquidates when it may."""
        if self.size_e9:
            outcome = self.pair.liquidate(TRADER, 0, 0)
            if isinstance(outcome, Applied):
                self.note("is liquidated", outcome)

    def trade(self, size_e9: int) -> None:
        """A market order and its execution at the next price."""
        if size_e9 == 0:
            return
        intent = OrderIntent(
            market_index=0,
            client_order_id=self.minute + 1,
            kind=Kind.MARKET,
            size_e9=size_e9,
            limit_price_e6=SOL.tick_e6 * (100_000 if size_e9 > 0 else 1),
            reduce_only=size_e9 < 0,
        )
        assert isinstance(self.pair.place(TRADER, intent), Applied)
        self.publish(self.price_e6)
        name = "buys" if size_e9 > 0 else "sells"
        told = self.pair.execute(TRADER, intent.client_order_id, with_reward=True)
        self.note(f"{name} {Size(abs(size_e9))}", told)

    def note(self, what: str, outcome: Outcome) -> None:
        """A row of the story."""
        assert isinstance(outcome, Applied), outcome
        self.events += outcome.events
        ledger = self.pair.ledger
        cells = (
            str(self.minute),
            str(Price(self.price_e6)),
            what,
            str(Size(self.size_e9)),
            str(Usd(self.usdc_e6)),
            str(Usd(ledger.insurance.balance_e6)),
            str(Usd(ledger.pool.cash_e6)),
        )
        self.rows.append(f"| {' | '.join(cells)} |")
        check_invariants(ledger)

    @property
    def price_e6(self) -> int:
        return self.pair.ledger.readings[0].price_e6

    @property
    def size_e9(self) -> int:
        return self.pair.ledger.position(self.pair.key(TRADER), 0).size_e9

    @property
    def usdc_e6(self) -> int:
        return self.pair.ledger.accounts[self.pair.key(TRADER)].usdc_e6


def path(bar: Candle) -> Iterator[int]:
    """Twelve prices of a minute, on straight lines by way of both extremes, the near one first."""
    falls = bar.close_e6 < bar.open_e6
    middle = (bar.high_e6, bar.low_e6) if falls else (bar.low_e6, bar.high_e6)
    for start, end in pairwise((bar.open_e6, *middle, bar.close_e6)):
        for step in range(1, STEPS_BETWEEN + 1):
            yield start + (end - start) * step // STEPS_BETWEEN


def balance_from_events(events: list[Event]) -> int:
    """The trader's US dollars as an indexer rebuilds them."""
    balance = 0
    for event in events:
        if isinstance(event, Deposited):
            balance += event.amount
        elif isinstance(event, FundingPaid):
            balance -= event.funding_e6
        elif isinstance(event, OrderExecuted):
            balance += event.realized_pnl_e6 - event.funding_e6 - event.fee_e6 - event.claims_e6
        elif isinstance(event, Liquidated):
            balance += event.realized_pnl_e6 - event.funding_e6 - event.penalty_e6
            balance += event.insurance_paid_e6 + event.pool_loss_e6 - event.claims_e6
    return balance


@pytest.fixture(scope="module")
def survivor() -> Survivor:
    if not ARTIFACT.exists():
        pytest.skip("the program is not built: run make program")
    lived = Survivor()
    lived.live()
    return lived


def test_balances_reconcile_between_program_twin_and_events(survivor: Survivor) -> None:
    survivor.pair.compare_everything()

    assert balance_from_events(survivor.events) == survivor.usdc_e6


def test_the_crash_liquidates_in_parts(survivor: Survivor) -> None:
    closes = [event for event in survivor.events if isinstance(event, Liquidated)]

    assert len(closes) >= 2
    assert closes[0].size_after_e9 > 0


def test_the_story_in_the_protocol_is_the_one_that_happened(survivor: Survivor) -> None:
    _, _, told = PROTOCOL.read_text().partition(HEADING)
    lines = told.strip().splitlines()[1:]
    table = [line for line in lines if line.startswith("|")][: len(survivor.rows)]

    assert table == survivor.rows, "\n" + "\n".join(survivor.rows)
