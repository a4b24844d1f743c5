"""Who may place a bracket, for what, and with which figures."""

from typing import Any

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from tests.domain.onchain import Failed, Landed, address
from tests.program.bracketing import (
    GAIN,
    LIMIT,
    LOSS,
    PARENT,
    BracketScene,
    bracket_params,
)
from tests.program.scene import BASE, USD, Scene, order_params


@pytest.fixture
def scene() -> BracketScene:
    return BracketScene()


@pytest.fixture
def stranger(scene: BracketScene) -> Pubkey:
    key = address("a stranger")
    scene.svm.airdrop(key, 10**12)
    return key


@pytest.mark.parametrize(
    ("gain", "loss", "error"),
    [(145, 160, "InvalidOrder"), (150, 150, "InvalidOrder"), (160, 0, "InvalidOrder")],
)
def test_triggers_lie_on_their_sides(
    scene: BracketScene, gain: float, loss: float, error: str
) -> None:
    scene.require(scene.parent())

    assert scene.bracket(gain, loss) == Failed(error)


@pytest.mark.parametrize("leg", ["take_profit", "stop"])
@pytest.mark.parametrize(("trigger", "limit"), [(1, 0), (0, 1), (0, -10_000)])
def test_legs_keep_to_the_tick(scene: BracketScene, leg: str, trigger: int, limit: int) -> None:
    scene.require(scene.parent())
    params = bracket_params(160, 145)
    params[leg]["trigger_price_e6"] += trigger
    params[leg]["limit_price_e6"] += limit
    built = scene.build.place_bracket(scene.trader(scene.owner), 0, params, parent=scene.at(PARENT))

    assert scene.do("bracket", built, scene.owner) == Failed("OffTick")


def test_what_may_be_bracketed(scene: BracketScene) -> None:
    none_yet = scene.bracket(asleep=False)
    scene.trade(scene.owner, 10 * BASE, 150)
    scene.trade(scene.owner, -10 * BASE, 150)
    flat = scene.bracket(asleep=False)
    scene.trade(scene.owner, 10 * BASE, 150)
    scene.price(150)
    scene.require(scene.parent(-BASE, kind=LIMIT, reduce_only=True, limit_price_e6=200 * USD))
    reducing = scene.bracket(gain=140, loss=155)
    scene.require(scene.cancelled(PARENT, scene.owner))
    scene.require(scene.parent(kind=LIMIT, limit_price_e6=140 * USD))
    scene.require(scene.bracket())
    legs = {"take_profit": {"client_order_id": 201}, "stop": {"client_order_id": 202}}
    usual = bracket_params(160, 145)
    again = scene.bracket(**{name: usual[name] | legs[name] for name in legs})

    assert none_yet == Failed("AccountNotInitialized")
    assert flat == Failed("NoPosition")
    assert reducing == Failed("InvalidOrder")
    assert again == Failed("InvalidOrder")


def test_a_bracket_does_not_wait_for_somebody_else_s_order(scene: BracketScene) -> None:
    other = scene.person("another trader", usd=5_000)
    scene.require(scene.place(other, BASE, kind=LIMIT))
    built = scene.build.place_bracket(
        scene.trader(scene.owner), 0, bracket_params(160, 145), parent=scene.order(other)
    )
    scene.trade(scene.owner, BASE, 150)

    assert scene.do("bracket", built, scene.owner) == Failed("WrongAccount")


def test_a_bracket_has_an_expiry_room_and_a_market_that_is_open(scene: BracketScene) -> None:
    scene.require(scene.parent(kind=LIMIT, limit_price_e6=140 * USD))
    late = scene.bracket(expires_at=scene.now)
    scene.require(scene.bracket(expires_at=scene.now + 1))
    for _ in range(28):
        scene.require(scene.place(scene.owner, BASE, kind=LIMIT))
    legs = {"take_profit": {"client_order_id": 201}, "stop": {"client_order_id": 202}}
    usual = bracket_params(160, 145)
    given = {name: usual[name] | legs[name] for name in legs}
    parent = scene.order(scene.owner)
    built = scene.build.place_bracket(scene.trader(scene.owner), 0, usual | given, parent=parent)

    assert late == Failed("InvalidExpiry")
    assert scene.open_orders() == 31
    assert scene.do("bracket", built, scene.owner) == Failed("TooManyOrders")


@pytest.mark.parametrize("whole", [False, True])
def test_a_bracket_is_not_placed_while_placing_is_paused(scene: BracketScene, whole: bool) -> None:
    scene.require(scene.parent())
    accounts: dict[str, Pubkey] = {"authority": scene.admin}
    if whole:
        made = scene.program.instruction("pause", accounts, {"pause_bits": 4})
    else:
        accounts["market"] = scene.where.market(0)
        made = scene.program.instruction("tighten_market", accounts, {"status": 2})
    scene.require(scene.do("pause", made, scene.admin))

    assert scene.bracket() == Failed("Paused")


def test_a_market_that_only_reduces_takes_brackets(scene: BracketScene) -> None:
    scene.trade(scene.owner, 5 * BASE, 150)
    accounts = {"authority": scene.admin, "market": scene.where.market(0)}
    made = scene.program.instruction("tighten_market", accounts, {"status": 1})
    scene.require(scene.do("tighten", made, scene.admin))

    assert isinstance(scene.bracket(asleep=False), Landed)


def test_a_stranger_brackets_nothing(scene: BracketScene, stranger: Pubkey) -> None:
    scene.require(scene.parent())

    built = scene.bracketing(by=stranger)

    assert scene.do("bracket", built, stranger) == Failed("Unauthorized")


def test_a_bot_brackets_its_own_orders_within_its_mandate(scene: BracketScene) -> None:
    scene.require(scene.set_mandate(order_cap_e6=1_500 * USD))
    scene.require(scene.parent())
    owner_s = scene.do("bracket", scene.bracketing(by=scene.bot), scene.bot)
    scene.require(scene.cancelled(PARENT, scene.owner))
    params = order_params(PARENT, 10 * BASE)
    built = scene.build.place_order(scene.trader(scene.owner), 0, params, by=scene.bot)
    scene.require(scene.do("place", built, scene.bot))
    scene.price(150.01)
    too_large = scene.do("bracket", scene.bracketing(by=scene.bot), scene.bot)
    scene.price(150)
    own = scene.do("bracket", scene.bracketing(by=scene.bot), scene.bot)

    assert owner_s == Failed("Unauthorized")
    assert too_large == Failed("MandateOrderCap")
    assert isinstance(own, Landed)
    scene.require(scene.executed(150, PARENT))
    assert scene.one("OrderExecuted", scene.executed(160, GAIN)).fields["size_after_e9"] == 0


@pytest.mark.parametrize(
    ("caps", "error"),
    [
        ({"markets": 0}, "MandateMarket"),
        ({"order_cap_e6": 1_499 * USD}, "MandateOrderCap"),
        ({"order_cap_e6": 1_500 * USD}, None),
    ],
)
def test_a_bot_s_bracket_for_the_whole_position_counts_the_position(
    scene: BracketScene, caps: dict[str, Any], error: str | None
) -> None:
    scene.trade(scene.owner, 10 * BASE, 150)
    scene.require(scene.set_mandate(**caps))
    scene.price(150)

    outcome = scene.do("bracket", scene.bracketing(asleep=False, by=scene.bot), scene.bot)

    assert isinstance(outcome, Landed) if error is None else outcome == Failed(error)


def test_a_bot_s_legs_close_no_more_than_was_held_when_it_placed_them(
    scene: BracketScene,
) -> None:
    scene.trade(scene.owner, 10 * BASE, 150)
    scene.require(scene.set_mandate(order_cap_e6=1_500 * USD))
    scene.price(150)
    built = scene.bracketing(asleep=False, by=scene.bot)
    scene.require(scene.do("bracket", built, scene.bot))
    scene.trade(scene.owner, 90 * BASE, 150)

    assert scene.found(LOSS)["size_e9"] == -10 * BASE
    filled = scene.one("OrderExecuted", scene.executed(160, GAIN)).fields
    assert filled["size_after_e9"] == 90 * BASE


def test_a_bot_does_not_bracket_without_its_mandate(scene: BracketScene) -> None:
    scene.trade(scene.owner, 10 * BASE, 150)
    scene.require(scene.set_mandate(order_cap_e6=1))
    built = scene.bracketing(asleep=False, by=scene.bot)
    metas = [*built.accounts[:-1], AccountMeta(scene.program.id, False, False)]
    without = Instruction(built.program_id, bytes(built.data), metas)

    assert scene.do("bracket", without, scene.bot) == Failed("MandateMissing")


def test_a_plain_scene_keeps_its_account_sizes() -> None:
    scene = Scene()
    owner = scene.person("the owner", usd=1_000)
    scene.trade(owner, BASE, 150)
    scene.require(scene.place(owner, BASE, kind=LIMIT))
    account = scene.where.user_account(owner)
    addresses = {
        "UserAccount": account,
        "Position": scene.where.position(account, 0),
        "Order": scene.order(owner),
    }
    found = {name: scene.svm.get_account(at) for name, at in addresses.items()}

    sizes = {name: len(each.data) for name, each in found.items() if each is not None}
    assert sizes == {"UserAccount": 632, "Position": 242, "Order": 272}
