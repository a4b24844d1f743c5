"""10 October 2025, minute by minute: a trader lives through the recorded crash on both exchanges.

The recorded SOL minutes are published every five seconds along open, near extreme, far extreme and
close. The trader buys 7.6 times the deposit before the fall and tops up once; the keeper liquidates
whenever the program allows it. Program, twin and the sums of the events must agree to the unit, and
the story is told in docs/protocol.md: QD_WRITE_DOCS=1 writes the table there, without it the test
fails when the table is out of date.
"""

import os
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
from tests.domain.lockstep import KEEPER, Lockstep
from tests.domain.onchain import ARTIFACT, INSURANCE_E6, POOL_E6

PROTOCOL = Path(__file__).parents[2] / "docs" / "protocol.md"
BEGIN, END = "<!-- crash: made by tests/domain/test_crash.py -->", "<!-- crash: end -->"
HEADING = (
    "| minute | price | what happens | size | cash | insurance fund | pool |",
    "|---:|---:|---|---:|---:|---:|---:|",
)
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
                self.note(self.pair.deposit(TRADER, 40_000 * USD_ONE))
                self.trade(SIZE_ONE * 1_500)
            if minute == 18:
                self.note(self.pair.deposit(TRADER, 5_000 * USD_ONE))
            if minute == 15:
                self.note(self.pair.settle(0, TRADER))
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
                self.note(outcome)

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
        self.note(self.pair.execute(TRADER, intent.client_order_id, with_reward=True))

    def note(self, outcome: Outcome) -> None:
        """A row of the story."""
        assert isinstance(outcome, Applied), outcome
        self.events += outcome.events
        ledger = self.pair.ledger
        cells = (
            str(self.minute),
            figure(Price(self.price_e6)),
            sentence(outcome.events[-1]),
            figure(Size(self.size_e9)),
            figure(Usd(self.usdc_e6)),
            figure(Usd(ledger.insurance.balance_e6)),
            figure(Usd(ledger.pool.cash_e6)),
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


def sentence(event: Event) -> str:
    """What happened, in words and in the event's own figures."""
    match event:
        case Deposited():
            return f"deposits {figure(Usd(event.amount))}"
        case FundingPaid():
            return f"pays {figure(Usd(event.funding_e6))} of funding"
        case OrderExecuted():
            verb = "buys" if event.size_e9 > 0 else "sells"
            return f"{verb} {figure(Size(abs(event.size_e9)))}, fee {figure(Usd(event.fee_e6))}"
        case Liquidated():
            parts = [
                f"liquidation closes {figure(Size(abs(event.size_e9)))}",
                f"loss {figure(Usd(-event.realized_pnl_e6))}",
                f"funding {figure(Usd(event.funding_e6))}",
                f"penalty {figure(Usd(event.penalty_e6))}",
            ]
            if event.insurance_paid_e6:
                parts.append(f"the fund pays {figure(Usd(event.insurance_paid_e6))}")
            return ", ".join(parts)
        case _:
            raise AssertionError(f"no words for {event}")


def figure(amount: Price | Size | Usd) -> str:
    """With separators of thousands, without zeros that say nothing."""
    whole, _, part = str(amount).partition(".")
    digits = part.rstrip("0")
    return f"{int(whole):,}{'.' + digits if digits else ''}"


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
            balance += event.realized_pnl_e6 - event.funding_e6 - event.penalty_e6 - event.impact_e6
            balance += event.insurance_paid_e6 + event.pool_loss_e6 - event.claims_e6
    return balance


def lived() -> Survivor:
    """The whole story."""
    survivor = Survivor()
    survivor.live()
    return survivor


@pytest.fixture(scope="module")
def survivor() -> Survivor:
    if not ARTIFACT.exists():
        pytest.skip("the program is not built: run make program")
    return lived()


def test_balances_reconcile_between_program_twin_and_events(survivor: Survivor) -> None:
    survivor.pair.compare_everything()

    assert balance_from_events(survivor.events) == survivor.usdc_e6


def test_what_others_gained_is_what_the_events_say(survivor: Survivor) -> None:
    ledger, events = survivor.pair.ledger, survivor.events
    fills = [event for event in events if isinstance(event, OrderExecuted)]
    closes = [event for event in events if isinstance(event, Liquidated)]
    deposited = sum(event.amount for event in events if isinstance(event, Deposited))
    rewards = sum(event.keeper_reward_e6 for event in fills)
    rewards += sum(event.liquidator_reward_e6 for event in closes)
    shares = sum(event.insurance_fee_e6 for event in fills)
    shares += sum(event.insurance_fee_e6 for event in closes)
    paid = sum(event.insurance_paid_e6 for event in closes)

    keeper = ledger.accounts[survivor.pair.key(KEEPER)].usdc_e6
    assert keeper == rewards > 0
    assert ledger.insurance.balance_e6 == INSURANCE_E6 + shares - paid
    assert ledger.insurance.balance_e6 == closes[-1].insurance_after_e6
    assert ledger.pool.cash_e6 == closes[-1].pool_cash_after_e6
    held = POOL_E6 + INSURANCE_E6 + deposited
    assert held == survivor.pair.chain.vault_tokens()
    assert ledger.pool.cash_e6 == held - survivor.usdc_e6 - keeper - ledger.insurance.balance_e6


def test_the_crash_liquidates_in_parts_and_the_fund_pays_the_end(survivor: Survivor) -> None:
    closes = [event for event in survivor.events if isinstance(event, Liquidated)]

    assert len(closes) >= 2
    assert closes[0].size_after_e9 > 0
    assert closes[-1].size_after_e9 == 0
    assert closes[-1].insurance_paid_e6 > 0
    assert any(event.funding_e6 > 0 for event in survivor.events if isinstance(event, FundingPaid))


def test_the_story_in_the_protocol_is_the_one_that_happened(survivor: Survivor) -> None:
    table = "\n".join((BEGIN, *HEADING, *survivor.rows, END))
    before, _, rest = PROTOCOL.read_text().partition(BEGIN)
    told, found, after = rest.partition(END)
    assert found, f"docs/protocol.md must hold {BEGIN} and {END}"
    if os.environ.get("QD_WRITE_DOCS") == "1":
        PROTOCOL.write_text(f"{before}{table}{after}")
        return

    assert f"{BEGIN}{told}{END}" == table, "run this test with QD_WRITE_DOCS=1"
