"""Mandates: what a key may not do for its owner, when it asks and when its order executes.

Each cap is met exactly and passed by one unit, and each way around it is tried.
"""

from typing import Any

import pytest

from tests.domain.onchain import Failed, Landed, address
from tests.program.bots import (
    MANDATE_BROKEN,
    PLACE,
    BotScene,
)
from tests.program.scene import BASE, FLAT_BTC, FLAT_SOL, USD, swapped

DAY_S = 86_400
LIMIT, STOP_MARKET = 1, 2


@pytest.fixture
def scene() -> BotScene:
    return BotScene()


def test_without_a_mandate_a_delegate_is_not_capped(scene: BotScene) -> None:
    assert isinstance(scene.bot_trades(100 * BASE, 150), Landed)


@pytest.mark.parametrize(("cap_e6", "fits"), [(1_500 * USD, True), (1_500 * USD - 1, False)])
def test_an_order_is_as_large_as_the_mandate_says(scene: BotScene, cap_e6: int, fits: bool) -> None:
    scene.require(scene.set_mandate(order_cap_e6=cap_e6))

    outcome = scene.bot_places(10 * BASE)

    assert isinstance(outcome, Landed) if fits else outcome == Failed("MandateOrderCap")


@pytest.mark.parametrize("given", [{}, {"kind": LIMIT}, {"reduce_only": True}])
def test_a_reduction_by_the_bot_is_an_order_like_any_other(
    scene: BotScene, given: dict[str, Any]
) -> None:
    scene.trade(scene.owner, 20 * BASE, 150)
    scene.require(scene.set_mandate(order_cap_e6=1_499 * USD))
    scene.price(150)

    assert scene.bot_places(-10 * BASE, **given) == Failed("MandateOrderCap")
    assert isinstance(scene.bot_places(-9 * BASE, **given), Landed)


def test_a_reduce_only_order_counts_whole_for_the_position_may_grow(scene: BotScene) -> None:
    scene.trade(scene.owner, 10 * BASE, 150)
    scene.require(scene.set_mandate(order_cap_e6=1_500 * USD))
    scene.price(150)

    more = scene.bot_places(-11 * BASE, kind=LIMIT, reduce_only=True)
    assert more == Failed("MandateOrderCap")
    assert isinstance(scene.bot_places(-10 * BASE, kind=LIMIT, reduce_only=True), Landed)


@pytest.mark.parametrize(("cap_e6", "fits"), [(3_000 * USD, True), (3_000 * USD - 1, False)])
@pytest.mark.parametrize("kind", [0, LIMIT])
def test_a_position_is_as_large_as_the_mandate_says(
    scene: BotScene, cap_e6: int, fits: bool, kind: int
) -> None:
    scene.trade(scene.owner, 10 * BASE, 150)
    scene.require(scene.set_mandate(notional_cap_e6=cap_e6))
    scene.price(150)

    outcome = scene.bot_places(10 * BASE, kind=kind)

    assert isinstance(outcome, Landed) if fits else outcome == Failed("MandatePositionCap")


def test_several_orders_in_one_slot_do_not_add_up_past_the_cap(scene: BotScene) -> None:
    scene.require(scene.set_mandate(notional_cap_e6=3_000 * USD))
    for _ in range(3):
        scene.require(scene.bot_places(10 * BASE))
    first = scene.order_id - 2

    outcomes = [scene.executed(150, first)]
    outcomes += [scene.execute_now(first + number) for number in (1, 2)]

    assert scene.one("OrderExecuted", outcomes[1]).fields["size_after_e9"] == 20 * BASE
    assert scene.reason(outcomes[2]) == MANDATE_BROKEN
    assert scene.holding(scene.owner)["size_e9"] == 20 * BASE


def test_two_bots_share_the_account_s_caps(scene: BotScene) -> None:
    second = address("the second bot")
    scene.svm.airdrop(second, 10**12)
    scene.require(scene.add_delegate(second, PLACE))
    for key in (scene.bot, second):
        scene.require(scene.set_mandate(key, notional_cap_e6=1_500 * USD))
    scene.require(scene.bot_trades(10 * BASE, 150))
    scene.price(150)

    assert scene.bot_places(BASE, by=second) == Failed("MandatePositionCap")


def test_a_flip_is_capped_by_the_side_it_opens(scene: BotScene) -> None:
    scene.trade(scene.owner, 5 * BASE, 150)
    scene.require(scene.set_mandate(notional_cap_e6=1_500 * USD))
    scene.price(150)

    assert scene.bot_places(-16 * BASE) == Failed("MandatePositionCap")
    assert isinstance(scene.bot_places(-15 * BASE), Landed)


def test_a_reduction_that_became_a_growth_is_judged_when_it_executes(scene: BotScene) -> None:
    scene.trade(scene.owner, 20 * BASE, 150)
    scene.require(scene.set_mandate(notional_cap_e6=1_500 * USD))
    scene.price(150)
    for _ in range(2):
        scene.require(scene.bot_places(-20 * BASE))
    first = scene.order_id - 1

    scene.require(scene.executed(150, first))

    assert scene.reason(scene.execute_now(first + 1)) == MANDATE_BROKEN
    assert scene.holding(scene.owner)["size_e9"] == 0


def test_leverage_is_the_account_s_notional_over_equity(scene: BotScene) -> None:
    scene.require(scene.set_mandate(max_leverage=2))

    too_much = scene.bot_places(67 * BASE)
    scene.require(scene.bot_trades(66 * BASE, 150))
    scene.price(150)

    assert too_much == Failed("MandateLeverage")
    assert scene.bot_places(BASE) == Failed("MandateLeverage")


def test_leverage_is_judged_when_the_order_executes(scene: BotScene) -> None:
    scene.require(scene.set_mandate(max_leverage=2))
    for _ in range(2):
        scene.require(scene.bot_places(40 * BASE))
    first = scene.order_id - 1

    scene.require(scene.executed(150, first))

    assert scene.reason(scene.execute_now(first + 1)) == MANDATE_BROKEN


def test_a_resting_order_gets_no_leverage_by_waiting(scene: BotScene) -> None:
    scene.require(scene.set_mandate(max_leverage=2))
    scene.require(scene.bot_places(67 * BASE, kind=LIMIT))

    assert scene.reason(scene.executed(150)) == MANDATE_BROKEN


def test_more_leverage_of_the_account_is_not_more_of_the_mandate(scene: BotScene) -> None:
    scene.require(scene.set_mandate(max_leverage=2))
    accounts = {"authority": scene.owner, "user_account": scene.where.user_account(scene.owner)}
    arguments = {"name": bytes(32), "max_leverage": 100}
    raised = scene.program.instruction("update_user_account", accounts, arguments)
    by_bot = swapped(raised, 0, scene.bot)

    assert scene.do("update", by_bot, scene.bot) == Failed("Unauthorized")
    scene.require(scene.do("update", raised, scene.owner))
    assert scene.bot_places(67 * BASE) == Failed("MandateLeverage")


def test_only_allowed_markets(scene: BotScene) -> None:
    scene = BotScene(FLAT_SOL, FLAT_BTC)
    scene.trade(scene.owner, BASE // 50, 60_000, market=1)
    scene.require(scene.set_mandate(markets=0b01))
    scene.price(60_000, market=1)
    scene.price(150)

    assert scene.bot_places(BASE // 100, market=1) == Failed("MandateMarket")
    bound: dict[str, Any] = {"reduce_only": True, "limit_price_e6": 50_000 * USD}
    closing = scene.bot_places(-BASE // 100, market=1, **bound)
    assert closing == Failed("MandateMarket")
    assert isinstance(scene.bot_places(BASE), Landed)
