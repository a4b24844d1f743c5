"""A hypothesis state machine over the real program and the twin, with the invariants on top.

Where `test_lockstep` goes far, this goes for small counterexamples: hypothesis shrinks a failure to
the few actions that cause it. `QD_MACHINE_EXAMPLES` lengthens the run (a hundred steps each).
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from quantdesk.domain.account import AccountState
from quantdesk.domain.events import Liquidated, OrderExecuted
from quantdesk.domain.ledger import Applied, Outcome, Refused
from quantdesk.domain.margin import Exposure, standing
from quantdesk.domain.money import SIZE_ONE, USD_ONE
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import Kind, OrderIntent
from quantdesk.domain.refusal import Refusal
from tests.domain.invariants import check_invariants
from tests.domain.lockstep import Lockstep
from tests.domain.onchain import ARTIFACT
from tests.domain.walk import START_PRICES

EXAMPLES = int(os.environ.get("QD_MACHINE_EXAMPLES", "30"))
TRADERS = st.sampled_from(("trader 0", "trader 1"))
INDICES = st.sampled_from(tuple(START_PRICES))
AMOUNTS = st.one_of(st.sampled_from((0, 1, 10**15)), st.integers(1, 20_000 * USD_ONE))
PARTS = st.integers(-400, 400)
LEVERAGES = st.sampled_from((1, 5, 15, 19, 21))


class ExchangeMachine(RuleBasedStateMachine):
    """Two traders in three markets; every rule is compared and judged."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Lockstep(traders=2)
        self.prices = dict(START_PRICES)
        self.order_id = 0
        for name in self.pair.traders:
            self.pair.deposit(name, 2_000 * USD_ONE)
        self.believe()

    def believe(self) -> None:
        """Posts every price until the markets believe it."""
        for _ in range(2):
            self.pair.wait(1, 2)
            for index in self.prices:
                self.post(index)
                self.pair.look(index)

    def post(self, index: int) -> None:
        price = self.prices[index]
        reading = PriceReading(price_e6=price, conf_e6=price // 5_000, publish_time=self.pair.now)
        self.pair.publish(index, reading)

    @rule(name=TRADERS, amount=AMOUNTS)
    def deposit(self, name: str, amount: int) -> None:
        self.pair.deposit(name, amount)

    @rule(name=TRADERS, amount=AMOUNTS)
    def withdraw(self, name: str, amount: int) -> None:
        before = self.account(name).usdc_e6
        outcome = self.pair.withdraw(name, amount)
        if isinstance(outcome, Applied):
            assert self.account(name).usdc_e6 == before - amount >= 0
            self.must_cover_initial(name)

    @rule(name=TRADERS, index=INDICES, leverage=LEVERAGES, long=st.booleans())
    def trade(self, name: str, index: int, leverage: int, long: bool) -> None:
        lot = self.pair.ledger.markets[index].params.lot_e9
        cash = max(0, self.account(name).usdc_e6)
        size = cash * leverage * SIZE_ONE // self.prices[index] // lot * lot
        self.order_and_fill(name, index, size if long else -size, reduce_only=False)

    @rule(name=TRADERS, index=INDICES, percent=st.integers(1, 250))
    def reduce(self, name: str, index: int, percent: int) -> None:
        held = self.held(name, index)
        lot = self.pair.ledger.markets[index].params.lot_e9
        size = held if percent == 100 else abs(held) * percent // 100 // lot * lot
        size = -abs(size) if held > 0 else abs(size)
        self.order_and_fill(name, index, size, reduce_only=True)

    @rule(index=INDICES, parts=PARTS)
    def move(self, index: int, parts: int) -> None:
        self.prices[index] += self.prices[index] * parts // 1_000
        self.believe()

    @rule(index=INDICES, seconds=st.sampled_from((1, 59, 3_600, 90_000)))
    def let_time_pass(self, index: int, seconds: int) -> None:
        self.pair.wait(seconds, 2 * seconds)
        self.pair.settle(index, None)
        self.believe()

    @rule(name=TRADERS, index=INDICES)
    def settle(self, name: str, index: int) -> None:
        if (self.pair.key(name), index) in self.pair.ledger.positions:
            self.pair.settle(index, name)

    @rule(name=TRADERS, index=INDICES)
    def liquidate(self, name: str, index: int) -> None:
        if (self.pair.key(name), index) not in self.pair.ledger.positions:
            return
        before = self.account(name).usdc_e6
        outcome = self.pair.liquidate(name, index, 0)
        if isinstance(outcome, Applied):
            self.judge_liquidation(outcome, name, before)
        elif outcome.refusal is Refusal.HEALTHY:
            assert not standing(before, self.exposures(name)).is_liquidatable

    @precondition(lambda self: self.order_id > 0)
    @rule(name=TRADERS)
    def replay_the_last_order(self, name: str) -> None:
        if (self.pair.key(name), self.order_id) in self.pair.ledger.orders:
            self.pair.execute(name, self.order_id, with_reward=True)

    @invariant()
    def every_law_holds(self) -> None:
        check_invariants(self.pair.ledger)

    def order_and_fill(self, name: str, index: int, size: int, *, reduce_only: bool) -> None:
        self.order_id += 1
        intent = OrderIntent(
            market_index=index,
            client_order_id=self.order_id,
            kind=Kind.MARKET,
            size_e9=size,
            limit_price_e6=self.worst_price(index, is_long=size > 0),
            reduce_only=reduce_only,
        )
        for each in self.prices:
            self.post(each)
        if isinstance(self.pair.place(name, intent), Refused):
            return
        self.pair.wait(1, 2)
        for each in self.prices:
            self.post(each)
        before = self.held(name, index)
        outcome = self.pair.execute(name, self.order_id, with_reward=True)
        self.judge_fill(outcome, name, before, intent)

    def judge_fill(self, outcome: Outcome, name: str, before: int, intent: OrderIntent) -> None:
        assert (self.pair.key(name), intent.client_order_id) not in self.pair.ledger.orders
        after = self.held(name, intent.market_index)
        if intent.reduce_only:
            assert before * after >= 0
            assert abs(after) <= abs(before)
        elif isinstance(outcome, Applied) and self.grew(outcome, before):
            self.must_cover_initial(name)

    @staticmethod
    def grew(outcome: Applied, before: int) -> bool:
        filled = [each for each in outcome.events if isinstance(each, OrderExecuted)]
        return any(abs(each.size_after_e9) > abs(before) for each in filled)

    def judge_liquidation(self, outcome: Applied, name: str, before: int) -> None:
        (event,) = (each for each in outcome.events if isinstance(each, Liquidated))
        assert event.penalty_e6 == event.liquidator_reward_e6 + event.insurance_fee_e6
        if event.insurance_paid_e6 or event.pool_loss_e6:
            assert event.penalty_e6 == 0, "an account that cannot pay pays no penalty"
            assert not self.account(name).markets
        if event.pool_loss_e6:
            assert self.pair.ledger.insurance.balance_e6 == 0, "the fund pays first"

    def must_cover_initial(self, name: str) -> None:
        found = standing(self.account(name).usdc_e6, self.exposures(name))
        assert found.can_grow, found

    def exposures(self, name: str) -> list[Exposure]:
        ledger, key = self.pair.ledger, self.pair.key(name)
        return list(ledger.others(key, None, now=self.pair.now))

    def account(self, name: str) -> AccountState:
        return self.pair.ledger.accounts[self.pair.key(name)]

    def held(self, name: str, index: int) -> int:
        return self.pair.ledger.position(self.pair.key(name), index).size_e9

    def worst_price(self, index: int, *, is_long: bool) -> int:
        tick = self.pair.ledger.markets[index].params.tick_e6
        return tick * 10**10 if is_long else tick


ExchangeMachine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=100,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


pytestmark = pytest.mark.timeout(900)
TestProgramAndTwinUnderEveryLaw = pytest.mark.skipif(
    not ARTIFACT.exists(), reason="the program is not built: run make program"
)(ExchangeMachine.TestCase)
