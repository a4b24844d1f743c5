"""Mandates and keys: who gives them, who is bound, and every way around tried."""

from typing import Any

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from tests.domain.onchain import Failed, Landed, address
from tests.program.bots import (
    CANCEL,
    MANDATE_BROKEN,
    PLACE,
    BotScene,
    mandate_params,
)
from tests.program.scene import BASE, USD, order_params, swapped

DAY_S = 86_400
LIMIT, STOP_MARKET = 1, 2


@pytest.fixture
def scene() -> BotScene:
    return BotScene()


def without_mandate(scene: BotScene, instruction: Instruction) -> Instruction:
    """The instruction with the mandate left out."""
    at = scene.where.mandate(scene.where.user_account(scene.owner), scene.bot)
    metas = [
        AccountMeta(scene.program.id, False, False) if meta.pubkey == at else meta
        for meta in instruction.accounts
    ]
    return Instruction(instruction.program_id, bytes(instruction.data), metas)


def test_a_stop_that_the_bot_placed_protects_after_its_mandate_ended(scene: BotScene) -> None:
    scene.trade(scene.owner, 10 * BASE, 150)
    scene.require(scene.set_mandate(order_cap_e6=1_500 * USD))
    scene.price(150)
    scene.require(
        scene.bot_places(-10 * BASE, kind=STOP_MARKET, trigger_price_e6=145 * USD, reduce_only=True)
    )
    scene.require(scene.close_mandate())

    assert scene.one("OrderExecuted", scene.executed(145)).fields["size_after_e9"] == 0


def test_leaving_the_mandate_out_does_not_lift_it(scene: BotScene) -> None:
    scene.require(scene.set_mandate(order_cap_e6=USD))
    scene.order_id += 1
    built = scene.build.place_order(
        scene.trader(scene.owner), 0, order_params(scene.order_id, BASE), by=scene.bot
    )
    at = [meta.pubkey for meta in built.accounts].index(
        scene.where.mandate(scene.where.user_account(scene.owner), scene.bot)
    )
    empty = swapped(built, at, address("an empty place"))
    stolen = swapped(built, at, scene.where.pool)

    missing = scene.do("place", without_mandate(scene, built), scene.bot)
    assert missing == Failed("MandateMissing")
    assert scene.do("place", empty, scene.bot) == Failed("WrongAccount")
    assert scene.do("place", stolen, scene.bot) == Failed("WrongAccount")


def test_the_mandate_of_another_bot_does_not_serve(scene: BotScene) -> None:
    friend = address("a free bot")
    scene.require(scene.set_mandate(order_cap_e6=USD))
    scene.require(scene.set_mandate(friend))
    scene.order_id += 1
    built = scene.build.place_order(
        scene.trader(scene.owner), 0, order_params(scene.order_id, BASE), by=scene.bot
    )
    account = scene.where.user_account(scene.owner)
    at = [meta.pubkey for meta in built.accounts].index(scene.where.mandate(account, scene.bot))

    borrowed = swapped(built, at, scene.where.mandate(account, friend))

    assert scene.do("place", borrowed, scene.bot) == Failed("WrongAccount")


def test_a_keeper_that_leaves_the_mandate_out_fills_nothing(scene: BotScene) -> None:
    scene.require(scene.set_mandate())
    scene.require(scene.bot_places(BASE))
    scene.pass_time(1)
    scene.price(150)

    assert scene.execute(scene.owner) == Failed("MandateMissing")
    assert scene.one("OrderExecuted", scene.execute_now())


def test_an_order_from_before_the_mandate_is_capped_by_it(scene: BotScene) -> None:
    scene.require(scene.bot_places(10 * BASE, kind=LIMIT))
    scene.require(scene.set_mandate(order_cap_e6=1_499 * USD))

    assert scene.reason(scene.executed(150)) == MANDATE_BROKEN


def test_a_bot_without_a_mandate_beside_one_that_has_one_shows_its_empty_place(
    scene: BotScene,
) -> None:
    scene.require(scene.set_mandate(address("another bot"), order_cap_e6=USD))

    assert isinstance(scene.bot_trades(100 * BASE, 150), Landed)


def test_revoking_takes_the_key_s_rights_and_its_growing_orders(scene: BotScene) -> None:
    scene.require(scene.set_mandate())
    scene.require(scene.bot_places(BASE))
    rent = scene.rent()
    revoked = scene.close_mandate()

    assert scene.one("MandateClosed", revoked).fields["delegate"] == scene.bot
    assert scene.one("DelegateChanged", revoked).fields["permissions"] == 0
    assert scene.rent() > rent
    assert scene.account(scene.owner)["mandates"] == 0
    assert scene.bot_places(BASE) == Failed("Unauthorized")
    scene.order_id -= 1
    assert scene.reason(scene.executed(150)) == MANDATE_BROKEN


def test_an_order_of_a_revoked_mandate_is_not_freed_by_listing_its_key_again(
    scene: BotScene,
) -> None:
    scene.require(scene.set_mandate())
    scene.require(scene.bot_places(BASE))
    scene.require(scene.close_mandate())
    scene.require(scene.add_delegate(scene.bot, PLACE))

    assert scene.reason(scene.executed(150)) == MANDATE_BROKEN


def test_a_key_without_a_mandate_leaves_nothing_that_grows_either(scene: BotScene) -> None:
    scene.require(scene.bot_places(BASE))
    grows = scene.order_id
    scene.trade(scene.owner, 10 * BASE, 150)
    scene.price(150)
    scene.require(scene.bot_places(-BASE, reduce_only=True))
    accounts = {"authority": scene.owner, "user_account": scene.where.user_account(scene.owner)}
    gone = scene.program.instruction("remove_delegate", accounts, {"key": scene.bot})
    scene.require(scene.do("remove_delegate", gone, scene.owner))

    assert scene.one("OrderExecuted", scene.executed(150))
    assert scene.reason(scene.executed(150, grows)) == MANDATE_BROKEN


def test_a_bot_that_is_listed_again_is_capped_as_before(scene: BotScene) -> None:
    scene.require(scene.set_mandate(order_cap_e6=USD))
    accounts = {"authority": scene.owner, "user_account": scene.where.user_account(scene.owner)}
    gone = scene.program.instruction("remove_delegate", accounts, {"key": scene.bot})
    scene.require(scene.do("remove_delegate", gone, scene.owner))
    scene.require(scene.add_delegate(scene.bot, PLACE))

    assert scene.bot_places(BASE) == Failed("MandateOrderCap")


def test_only_the_owner_gives_changes_and_ends_a_mandate(scene: BotScene) -> None:
    trader = scene.trader(scene.owner)
    scene.require(scene.set_mandate(order_cap_e6=USD))
    wider = swapped(scene.build.set_mandate(trader, scene.bot, mandate_params()), 0, scene.bot)
    gone = swapped(scene.build.close_mandate(trader, scene.bot), 0, scene.bot)

    assert scene.do("set_mandate", wider, scene.bot) == Failed("Unauthorized")
    assert scene.do("close_mandate", gone, scene.bot) == Failed("Unauthorized")
    assert scene.mandate()["order_cap_e6"] == USD


@pytest.mark.parametrize(
    ("caps", "error"),
    [
        ({"max_leverage": 0}, "LeverageTooHigh"),
        ({"max_leverage": 101}, "LeverageTooHigh"),
        ({"expires_at": 1}, "InvalidExpiry"),
        ({"expires_at": -1}, "InvalidExpiry"),
    ],
)
def test_a_mandate_has_sensible_figures(scene: BotScene, caps: dict[str, Any], error: str) -> None:
    assert scene.set_mandate(**caps) == Failed(error)


@pytest.mark.parametrize("nobody", [True, False])
def test_neither_nobody_nor_the_owner_is_a_delegate(scene: BotScene, nobody: bool) -> None:
    key = Pubkey.default() if nobody else scene.owner

    assert scene.set_mandate(key) == Failed("InvalidParameter")


def test_the_owner_trades_past_every_cap(scene: BotScene) -> None:
    scene.require(scene.set_mandate(order_cap_e6=0, notional_cap_e6=0, daily_loss_e6=0))

    assert scene.trade(scene.owner, 10 * BASE, 150).fields["size_after_e9"] == 10 * BASE


def test_a_bot_takes_its_own_orders_back_and_not_the_owner_s(scene: BotScene) -> None:
    scene.require(scene.set_mandate())
    scene.require(scene.place(scene.owner, BASE, kind=LIMIT))
    theirs = scene.order(scene.owner)
    scene.require(scene.bot_places(BASE, kind=LIMIT))
    own = scene.order(scene.owner)
    trader = scene.trader(scene.owner)

    def cancelled(order: Pubkey) -> Landed | Failed:
        return scene.do("cancel", scene.build.cancel_order(trader, order, by=scene.bot), scene.bot)

    assert cancelled(theirs) == Failed("Unauthorized")
    assert scene.reason(cancelled(own)) == 0
    scene.require(scene.add_delegate(scene.bot, PLACE | CANCEL))
    assert scene.reason(cancelled(theirs)) == 0


def test_a_bot_never_moves_money_out(scene: BotScene) -> None:
    scene.require(scene.set_mandate())
    scene.fund_wallet(scene.bot, USD)
    trader = scene.trader(scene.owner)
    steal = swapped(scene.build.withdraw(trader, scene.mint, USD), 0, scene.bot)
    scene.require(scene.do("create", scene.build.create_user_account(scene.bot), scene.bot))
    accounts = {
        "authority": scene.bot,
        "user_account": trader.address,
        "to_account": scene.where.user_account(scene.bot),
    }
    move = scene.program.instruction("transfer_between", accounts, {"amount": USD})

    assert scene.do("withdraw", steal, scene.bot) == Failed("Unauthorized")
    assert scene.do("transfer", move, scene.bot) == Failed("Unauthorized")
