"""The day's loss of a mandate: what counts, and that nothing else does."""

import pytest

from tests.domain.onchain import Failed, Landed
from tests.program.bots import (
    MANDATE_BROKEN,
    NO_CAP,
    BotScene,
)
from tests.program.scene import BASE, USD

DAY_S = 86_400
LIMIT, STOP_MARKET = 1, 2


@pytest.fixture
def scene() -> BotScene:
    return BotScene()


def test_an_order_that_outgrew_its_cap_while_it_waited_is_closed(scene: BotScene) -> None:
    scene.require(scene.set_mandate(order_cap_e6=1_500 * USD))
    scene.require(scene.bot_places(10 * BASE, kind=STOP_MARKET, trigger_price_e6=150_010_000))
    money = scene.cash_e6(scene.owner)

    assert scene.reason(scene.executed(150.01)) == MANDATE_BROKEN
    assert scene.holding(scene.owner)["size_e9"] == 0
    assert scene.cash_e6(scene.owner) == money


def first_fill_loss_e6(scene: BotScene) -> int:
    """What buying 10 SOL at 150 costs beside their value: spread, impact, confidence, fee."""
    filled = scene.one("OrderExecuted", scene.bot_trades(10 * BASE, 150)).fields
    loss: int = filled["cost_e6"] - 1_500 * USD + filled["fee_e6"]
    return loss


@pytest.mark.parametrize(("less_e6", "fits"), [(0, True), (1, False)])
def test_the_day_s_loss_is_counted_to_the_unit(less_e6: int, fits: bool) -> None:
    other = BotScene()
    other.require(other.set_mandate())
    loss_e6 = first_fill_loss_e6(other)
    scene = BotScene()
    scene.require(scene.set_mandate(daily_loss_e6=loss_e6 - less_e6))

    outcome = scene.bot_places(10 * BASE)

    assert loss_e6 > 0
    assert isinstance(outcome, Landed) if fits else outcome == Failed("MandateDailyLoss")
    if fits:
        assert scene.one("OrderExecuted", scene.executed(150))


def test_orders_of_one_slot_lose_no_more_than_a_day_allows() -> None:
    other = BotScene()
    other.require(other.set_mandate())
    loss_e6 = first_fill_loss_e6(other)
    scene = BotScene()
    scene.require(scene.set_mandate(daily_loss_e6=loss_e6))
    for _ in range(2):
        scene.require(scene.bot_places(10 * BASE))
    first = scene.order_id - 1

    scene.require(scene.executed(150, first))

    assert scene.reason(scene.execute_now(first + 1)) == MANDATE_BROKEN


def test_what_the_position_loses_counts_and_stops_only_growth(scene: BotScene) -> None:
    scene.require(scene.set_mandate(daily_loss_e6=100 * USD))
    scene.require(scene.bot_trades(20 * BASE, 150))
    scene.settle_on(145.5)
    still = scene.bot_places(BASE)
    scene.settle_on(144.5)
    scene.price(144.5)

    assert isinstance(still, Landed)
    assert scene.bot_places(BASE) == Failed("MandateDailyLoss")
    assert scene.bot_places(BASE, kind=LIMIT) == Failed("MandateDailyLoss")
    assert isinstance(scene.bot_trades(-20 * BASE, 144.5, reduce_only=True), Landed)
    scene.price(144.5)
    assert scene.bot_places(BASE) == Failed("MandateDailyLoss")


def test_a_profit_that_was_open_before_the_day_buys_no_losses(scene: BotScene) -> None:
    scene.trade(scene.owner, 20 * BASE, 150)
    scene.settle_on(170)
    scene.require(scene.set_mandate(daily_loss_e6=50 * USD))
    scene.price(170)
    scene.require(scene.bot_places(BASE // 10))
    scene.require(scene.executed(170))
    scene.require(scene.bot_trades(-20 * BASE, 170, reduce_only=True))
    scene.require(scene.bot_trades(20 * BASE, 170))
    scene.settle_on(167.4)
    scene.price(167.4)

    assert scene.bot_places(BASE) == Failed("MandateDailyLoss")


def test_money_moved_in_or_out_changes_no_allowance(scene: BotScene) -> None:
    scene.require(scene.set_mandate(daily_loss_e6=100 * USD))
    scene.require(scene.bot_trades(20 * BASE, 150))
    scene.require(scene.withdraw(scene.owner, 500 * USD))
    scene.price(150)
    after_withdrawal = scene.bot_places(BASE)
    scene.fund_wallet(scene.owner, 10_000 * USD)
    scene.require(scene.deposit(scene.owner, 10_000 * USD))
    scene.settle_on(144.5)
    scene.price(144.5)

    assert isinstance(after_withdrawal, Landed)
    assert scene.bot_places(BASE) == Failed("MandateDailyLoss")


def test_a_profit_that_the_pool_still_owes_is_no_loss(scene: BotScene) -> None:
    scene.trade(scene.owner, 20 * BASE, 150)
    scene.settle_on(160)
    scene.require(scene.set_mandate(daily_loss_e6=50 * USD))
    scene.price(160)
    scene.require(scene.bot_places(BASE, kind=LIMIT))
    pool = scene.svm.get_account(scene.where.pool)
    assert pool is not None
    data = bytes(pool.data)
    scene.overwrite(scene.where.pool, data[:10] + bytes(8) + data[18:])
    scene.require(scene.bot_places(-20 * BASE, reduce_only=True))
    closed = scene.one("OrderExecuted", scene.executed(160)).fields
    scene.price(160)

    assert closed["claims_e6"] > 100 * USD
    assert isinstance(scene.bot_places(BASE), Landed)


def test_a_fill_begins_the_day_when_nothing_was_placed_in_it(scene: BotScene) -> None:
    scene.require(scene.set_mandate(daily_loss_e6=50 * USD))
    scene.require(scene.bot_places(BASE, kind=LIMIT))
    scene.pass_time(DAY_S)
    scene.settle_on(150)
    scene.require(scene.executed(150))

    assert scene.mandate()["day"] == scene.now // DAY_S


def test_a_liquidation_counts_as_the_loss_it_is(scene: BotScene) -> None:
    scene.require(scene.set_mandate(daily_loss_e6=1_000 * USD))
    scene.require(scene.bot_trades(600 * BASE, 150))
    scene.settle_on(144.5)
    scene.price(144.5)
    scene.require(scene.liquidate(scene.owner))
    scene.pass_time(1)
    scene.settle_on(150)
    scene.price(150)

    assert scene.bot_places(BASE) == Failed("MandateDailyLoss")


def test_a_new_day_starts_from_where_the_account_stands(scene: BotScene) -> None:
    scene.require(scene.set_mandate(daily_loss_e6=100 * USD))
    scene.require(scene.bot_trades(20 * BASE, 150))
    scene.settle_on(144.5)
    scene.price(144.5)
    refused = scene.bot_places(BASE)
    scene.pass_time(DAY_S - scene.now % DAY_S)
    scene.settle_on(144.5)
    scene.price(144.5)

    assert refused == Failed("MandateDailyLoss")
    assert isinstance(scene.bot_trades(BASE, 144.5), Landed)
    assert scene.mandate()["day"] == scene.now // DAY_S


def test_new_caps_give_no_new_day(scene: BotScene) -> None:
    scene.require(scene.set_mandate(daily_loss_e6=100 * USD))
    scene.require(scene.bot_trades(20 * BASE, 150))
    before = scene.mandate()
    scene.require(scene.set_mandate(daily_loss_e6=100 * USD, order_cap_e6=USD))
    after = scene.mandate()

    assert (after["day"], after["day_start_e6"]) == (before["day"], before["day_start_e6"])
    assert after["order_cap_e6"] == USD
    assert scene.account(scene.owner)["mandates"] == 1


def test_a_market_that_was_taken_away_closes_what_waits_there(scene: BotScene) -> None:
    scene.require(scene.set_mandate())
    scene.require(scene.bot_places(BASE))
    scene.require(scene.set_mandate(markets=0b10))

    assert scene.reason(scene.executed(150)) == MANDATE_BROKEN


def test_an_expired_mandate_places_nothing_and_grows_nothing(scene: BotScene) -> None:
    scene.require(scene.set_mandate(expires_at=scene.now + 2))
    scene.require(scene.bot_places(BASE, kind=LIMIT))
    scene.pass_time(1)
    scene.price(150)
    last = scene.bot_places(BASE)
    closed = scene.executed(150, scene.order_id - 1)

    assert isinstance(last, Landed)
    assert scene.bot_places(BASE) == Failed("MandateExpired")
    assert scene.reason(closed) == MANDATE_BROKEN


def test_a_dismissed_bot_s_growing_orders_are_closed(scene: BotScene) -> None:
    scene.require(scene.set_mandate())
    scene.require(scene.bot_places(BASE))
    accounts = {"authority": scene.owner, "user_account": scene.where.user_account(scene.owner)}
    gone = scene.program.instruction("remove_delegate", accounts, {"key": scene.bot})
    scene.require(scene.do("remove_delegate", gone, scene.owner))

    assert scene.reason(scene.executed(150)) == MANDATE_BROKEN


def test_a_refused_fill_does_not_begin_a_day(scene: BotScene) -> None:
    scene.require(scene.set_mandate(notional_cap_e6=1_500 * USD))
    scene.require(scene.bot_places(10 * BASE, kind=LIMIT))
    started = scene.mandate()
    scene.pass_time(DAY_S)
    scene.settle_on(151)

    assert scene.reason(scene.executed(151)) == MANDATE_BROKEN
    assert scene.mandate() == started
    assert scene.mandate()["daily_loss_e6"] == NO_CAP
