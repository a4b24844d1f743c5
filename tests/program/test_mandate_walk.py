"""A malicious bot: whatever it tries, each growing fill leaves the owner within the mandate.

The account is weighed here without the program's own sums: cash, and the position at the price.
"""

from random import Random
from typing import Any

import pytest

from tests.domain.onchain import Failed, Landed
from tests.program.bots import MANDATE_BROKEN, BotScene
from tests.program.scene import BASE, USD, order_params

DAY_S = 86_400
STEPS = 250
ORDER_CAP_E6, POSITION_CAP_E6, LOSS_E6 = 3_000 * USD, 6_000 * USD, 60 * USD
LEVERAGE = 3
KINDS = (0, 0, 0, 1, 2, 4)


class Thief:
    """A bot that churns, flips, stacks orders and waits, in its owner's name."""

    def __init__(self, seed: int) -> None:
        """An owner with 1,500 of 5,000 US dollars left beside the bot's mandate."""
        self.source = Random(seed)  # noqa: S311
        self.scene = BotScene()
        self.usd = 150.0
        self.day, self.start_e6 = -1, 0
        self.grown = self.stopped = 0
        self.waiting: list[int] = []
        scene = self.scene
        scene.require(scene.withdraw(scene.owner, 3_500 * USD))
        caps: dict[str, Any] = {"order_cap_e6": ORDER_CAP_E6, "notional_cap_e6": POSITION_CAP_E6}
        limits: dict[str, Any] = {"max_leverage": LEVERAGE, "daily_loss_e6": LOSS_E6}
        scene.require(scene.set_mandate(**caps, **limits))

    def size_e9(self) -> int:
        """What the owner holds."""
        at = self.scene.where.position(self.scene.where.user_account(self.scene.owner), 0)
        fields = self.scene.fields("Position", at)
        return 0 if fields is None else int(fields["size_e9"])

    def equity_e6(self) -> int:
        """Cash and the position at the price."""
        cash = self.scene.cash_e6(self.scene.owner)
        size = self.size_e9()
        if size == 0:
            return cash
        entry: int = self.scene.holding(self.scene.owner)["entry_e6"]
        return cash + size * round(self.usd * USD) // BASE - entry

    def step(self) -> None:
        """One thing that a thief might do."""
        self.source.choice((self.burst, self.execute, self.execute, self.execute, self.wander))()

    def burst(self) -> None:
        """Several orders in one slot."""
        for _ in range(self.source.randrange(1, 5)):
            self.place()

    def wander(self) -> None:
        """Time passes and the price moves; now and then a day begins."""
        seconds = self.source.choice((1, 6, 6, 30, DAY_S // 3))
        self.usd = round(self.usd * self.source.uniform(0.985, 1.015), 2)
        self.scene.pass_time(seconds)
        self.scene.settle_on(self.usd)

    def place(self) -> None:
        """An order of any kind, near the caps."""
        size = self.source.randrange(1, 26) * BASE * self.source.choice((1, -1))
        kind = self.source.choice(KINDS)
        given: dict[str, Any] = {"kind": kind, "reduce_only": self.source.random() < 0.2}
        if kind in (2, 4):
            given["trigger_price_e6"] = round(self.usd * 100) * 10_000
        before_e6, grows = self.equity_e6(), self.grows(size) and not given["reduce_only"]
        outcome = self.scene.bot_places(size, **given)
        if isinstance(outcome, Landed):
            self.waiting.append(self.scene.order_id)
            if grows:
                self.begin(before_e6)

    def execute(self) -> None:
        """An order of any age, in any sequence."""
        if not self.waiting:
            return
        order_id = self.source.choice(self.waiting)
        self.scene.pass_time(1)
        self.scene.price(self.usd)
        held, before_e6 = self.size_e9(), self.equity_e6()
        outcome = self.scene.execute_now(order_id)
        if isinstance(outcome, Failed):
            self.give_up(order_id)
            return
        self.waiting.remove(order_id)
        if any(each.name == "OrderExecuted" for each in outcome.events):
            self.judge(held, before_e6)
        else:
            self.stopped += self.scene.reason(outcome) == MANDATE_BROKEN

    def give_up(self, order_id: int) -> None:
        """An order that neither fills nor closes is taken back, so that there is room."""
        at = self.scene.where.order(self.scene.where.user_account(self.scene.owner), order_id)
        built = self.scene.build.cancel_order(
            self.scene.trader(self.scene.owner), at, by=self.scene.bot
        )
        self.scene.require(self.scene.do("cancel", built, self.scene.bot))
        self.waiting.remove(order_id)

    def judge(self, held_e9: int, before_e6: int) -> None:
        """What a fill has made of the account, unless it only reduced."""
        now = self.size_e9()
        if held_e9 * now >= 0 and abs(now) <= abs(held_e9):
            return
        self.begin(before_e6)
        self.grown += 1
        price_e6 = round(self.usd * USD)
        notional_e6 = -(-abs(now) * price_e6 // BASE)
        assert notional_e6 <= POSITION_CAP_E6
        assert -(-abs(now - held_e9) * price_e6 // BASE) <= ORDER_CAP_E6
        assert notional_e6 <= LEVERAGE * self.equity_e6()
        assert self.start_e6 - self.equity_e6() <= LOSS_E6

    def begin(self, equity_e6: int) -> None:
        """The first growing action of a day."""
        day = self.scene.now // DAY_S
        if day != self.day:
            self.day, self.start_e6 = day, equity_e6

    def grows(self, size_e9: int) -> bool:
        """Whether an order of this size would take the owner away from flat."""
        held = self.size_e9()
        return held * size_e9 >= 0 or abs(size_e9) > abs(held)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_growing_fill_of_a_malicious_bot_leaves_the_mandate(seed: int) -> None:
    thief = Thief(seed)
    for _ in range(STEPS):
        thief.step()

    assert thief.grown > 10
    assert thief.stopped > 0


def test_a_thief_s_size_is_bounded_by_the_order_cap_at_once() -> None:
    thief = Thief(0)
    built = thief.scene.build.open_position(
        thief.scene.trader(thief.scene.owner), 0, order_params(9_999, 21 * BASE), by=thief.scene.bot
    )

    assert thief.scene.do("open", built, thief.scene.bot) == Failed("MandateOrderCap")
