"""Brackets: a take profit and a stop, of which one closes the other."""

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.ties import Role, Ties
from tests.domain.onchain import Failed, Landed, address
from tests.program.bracketing import (
    GAIN,
    LIMIT,
    LOSS,
    ORPHAN,
    PARENT,
    SIBLING,
    SLIPPAGE,
    WHOLE_E9,
    BracketScene,
)
from tests.program.scene import BASE, USD, order_params, swapped


@pytest.fixture
def scene() -> BracketScene:
    return BracketScene()


@pytest.fixture
def stranger(scene: BracketScene) -> Pubkey:
    key = address("a stranger")
    scene.svm.airdrop(key, 10**12)
    return key


def test_legs_sleep_while_their_parent_is_open(scene: BracketScene) -> None:
    scene.require(scene.parent(kind=LIMIT, limit_price_e6=140 * USD))
    told = scene.one("BracketPlaced", scene.bracket()).fields

    assert told["is_asleep"] is True
    assert (told["parent_id"], told["take_profit_id"], told["stop_id"]) == (PARENT, GAIN, LOSS)
    assert scene.found(PARENT)["role"] == Role.PARENT
    assert scene.executed(161, GAIN) == Failed("LegAsleep")
    assert scene.found(LOSS)["size_e9"] == -10 * BASE
    assert scene.open_orders() == 3


def test_legs_of_a_position_held_before_sleep_too(scene: BracketScene) -> None:
    scene.trade(scene.owner, 5 * BASE, 150)
    scene.price(150)
    scene.require(scene.parent(kind=LIMIT, limit_price_e6=140 * USD))
    scene.require(scene.bracket())

    assert scene.executed(160.5, GAIN) == Failed("LegAsleep")
    assert scene.size_e9() == 5 * BASE


def test_the_parent_s_fill_wakes_both_legs_under_the_next_price_rule(
    scene: BracketScene,
) -> None:
    scene.require(scene.parent())
    scene.require(scene.bracket(gain=151))
    filled = scene.executed(151.5, PARENT)
    woken = scene.one("BracketArmed", filled).fields
    same_price = scene.execute_now(GAIN)
    scene.pass_time(1)
    old_price = scene.execute_now(GAIN)
    scene.price(151.5)

    assert woken["opening"] == scene.holding(scene.owner)["openings"] == 1
    assert same_price == Failed("PriceNotNewer")
    assert old_price == Failed("PriceNotNewer")
    assert scene.one("OrderExecuted", scene.execute_now(GAIN)).fields["size_after_e9"] == 0


@pytest.mark.parametrize(("usd", "fires", "other"), [(160, GAIN, LOSS), (145, LOSS, GAIN)])
def test_one_leg_s_fill_closes_the_other(
    scene: BracketScene, usd: int, fires: int, other: int
) -> None:
    scene.armed()
    rent = scene.rent()

    outcome = scene.executed(usd, fires)

    assert scene.one("OrderExecuted", outcome).fields["size_after_e9"] == 0
    assert scene.one("OrderCancelled", outcome).fields["client_order_id"] == other
    assert scene.reason(outcome) == SIBLING
    assert not scene.lives(other)
    assert not scene.lives(fires)
    assert scene.open_orders() == 0
    assert scene.rent() > rent


def test_a_short_is_bracketed_the_other_way_round(scene: BracketScene) -> None:
    scene.require(scene.parent(-10 * BASE))
    wrong = scene.bracket(gain=160, loss=145)
    scene.require(scene.bracket(gain=140, loss=155))
    scene.require(scene.executed(150, PARENT))

    assert wrong == Failed("InvalidOrder")
    outcome = scene.executed(140, GAIN)
    assert scene.one("OrderExecuted", outcome).fields["size_after_e9"] == 0
    assert scene.reason(outcome) == SIBLING


def test_legs_close_what_their_parent_opened_and_not_what_was_there(
    scene: BracketScene,
) -> None:
    scene.trade(scene.owner, 5 * BASE, 150)
    scene.price(150)
    scene.armed()

    scene.require(scene.executed(160, GAIN))

    assert scene.size_e9() == 5 * BASE


def test_legs_never_close_more_than_is_left(scene: BracketScene) -> None:
    scene.armed()
    scene.trade(scene.owner, -7 * BASE, 150)

    filled = scene.one("OrderExecuted", scene.executed(160, GAIN)).fields

    assert (filled["size_e9"], filled["size_after_e9"]) == (-3 * BASE, 0)


def test_without_a_parent_the_legs_close_the_whole_position_whatever_its_size(
    scene: BracketScene,
) -> None:
    scene.trade(scene.owner, 5 * BASE, 150)
    scene.price(150)
    told = scene.one("BracketPlaced", scene.bracket(asleep=False)).fields
    scene.trade(scene.owner, 8 * BASE, 150)
    size_e9 = scene.found(LOSS)["size_e9"]

    outcome = scene.executed(145, LOSS)

    assert (told["is_asleep"], told["parent_id"]) == (False, 0)
    assert size_e9 == -WHOLE_E9
    assert scene.one("OrderExecuted", outcome).fields["size_e9"] == -13 * BASE
    assert scene.reason(outcome) == SIBLING


def test_a_whole_short_is_bought_back(scene: BracketScene) -> None:
    scene.trade(scene.owner, -5 * BASE, 150)
    scene.price(150)
    scene.require(scene.bracket(gain=140, loss=155, asleep=False))

    outcome = scene.executed(155, LOSS)

    assert scene.one("OrderExecuted", outcome).fields["size_e9"] == 5 * BASE


def test_a_keeper_that_leaves_a_leg_out_fills_nothing(scene: BracketScene) -> None:
    scene.require(scene.parent())
    scene.require(scene.bracket())
    scene.pass_time(1)
    scene.price(150)
    plain = scene.build.execute_order(
        scene.trader(scene.owner), scene.at(PARENT), 0, keeper=scene.keeper
    )

    assert scene.do("execute", plain, scene.keeper) == Failed("WrongAccount")
    scene.require(scene.execute_now(PARENT))
    scene.pass_time(1)
    scene.price(160)
    alone = scene.build.execute_order(
        scene.trader(scene.owner), scene.at(GAIN), 0, keeper=scene.keeper
    )
    assert scene.do("execute", alone, scene.keeper) == Failed("WrongAccount")


@pytest.mark.parametrize("order_id", [PARENT, GAIN])
def test_no_other_account_stands_in_for_a_leg(scene: BracketScene, order_id: int) -> None:
    scene.require(scene.parent())
    scene.require(scene.bracket())
    if order_id == GAIN:
        scene.require(scene.executed(150, PARENT))
    scene.require(scene.place(scene.owner, -BASE, kind=LIMIT, limit_price_e6=10**11))
    scene.pass_time(1)
    scene.price(160)
    ties = Ties.of(scene.found(order_id))
    built = scene.build.execute_tied(
        scene.trader(scene.owner), scene.at(order_id), ties, keeper=scene.keeper
    )
    linked = scene.at(ties.link_ids[0])
    place = [meta.pubkey for meta in built.accounts].index(linked)

    for wrong in (address("empty"), scene.order(scene.owner), scene.where.pool):
        forged = swapped(built, place, wrong)
        assert scene.do("execute", forged, scene.keeper) == Failed("WrongAccount")


def test_a_plain_order_takes_no_links(scene: BracketScene) -> None:
    scene.require(scene.parent())
    scene.pass_time(1)
    scene.price(150)
    built = scene.build.execute_order(
        scene.trader(scene.owner), scene.at(PARENT), 0, keeper=scene.keeper
    )
    metas = list(built.accounts)
    metas[11] = AccountMeta(scene.at(GAIN), False, True)
    forged = Instruction(built.program_id, bytes(built.data), metas)

    assert scene.do("execute", forged, scene.keeper) == Failed("WrongAccount")


def test_a_leg_that_was_taken_back_leaves_the_other(scene: BracketScene) -> None:
    scene.armed()
    scene.require(scene.cancelled(GAIN, scene.owner))

    outcome = scene.executed(145, LOSS)

    assert scene.one("OrderExecuted", outcome).fields["size_after_e9"] == 0
    assert not [each for each in outcome.events if each.name == "OrderCancelled"]  # type: ignore[union-attr]


def test_a_leg_taken_back_before_the_fill_leaves_the_other_to_wake(scene: BracketScene) -> None:
    scene.require(scene.parent())
    scene.require(scene.bracket())
    scene.require(scene.cancelled(LOSS, scene.owner))

    scene.one("BracketArmed", scene.executed(150, PARENT))

    assert scene.found(GAIN)["role"] == Role.AWAKE


def test_a_later_order_of_the_same_id_is_nobody_s_sibling(scene: BracketScene) -> None:
    scene.armed()
    scene.require(scene.cancelled(GAIN, scene.owner))
    params = order_params(GAIN, -BASE, kind=LIMIT, limit_price_e6=200 * USD)
    built = scene.build.place_order(scene.trader(scene.owner), 0, params)
    scene.require(scene.do("place", built, scene.owner))

    scene.require(scene.executed(145, LOSS))

    assert scene.lives(GAIN)
    assert scene.open_orders() == 1


def test_a_leg_past_its_worst_price_waits_and_protects_still(scene: BracketScene) -> None:
    scene.require(scene.parent())
    stop = {"client_order_id": LOSS, "trigger_price_e6": 145 * USD, "limit_price_e6": 144 * USD}
    scene.require(scene.bracket(stop=stop))
    scene.require(scene.executed(150, PARENT))

    assert scene.executed(143, LOSS) == Failed("LimitNotReached")
    assert scene.lives(GAIN)
    assert scene.lives(LOSS)
    scene.require(scene.executed(144.5, LOSS))

    assert scene.size_e9() == 0
    assert not scene.lives(GAIN)


def test_the_price_that_filled_a_parent_fills_no_leg_though_it_was_dated_ahead(
    scene: BracketScene,
) -> None:
    scene.require(scene.parent())
    scene.require(scene.bracket())
    scene.pass_time(1)
    scene.publish(0, scene.reading(145 * USD, age_s=-2), slot=scene.slot)
    scene.require(scene.execute_now(PARENT))
    scene.slot += 1
    scene.set_time(scene.now, slot=scene.slot)

    assert scene.found(LOSS)["placed_at"] == scene.now + 2
    assert scene.execute_now(LOSS) == Failed("PriceNotNewer")


def test_legs_around_a_position_wait_for_a_price_that_the_market_has_not_accepted(
    scene: BracketScene,
) -> None:
    scene.trade(scene.owner, 10 * BASE, 150)
    scene.publish(0, scene.reading(145 * USD, age_s=-2), slot=scene.slot)
    scene.require(scene.do("update", scene.build.update_oracle_price(0), scene.keeper))
    scene.require(scene.bracket(asleep=False))
    scene.slot += 1
    scene.set_time(scene.now, slot=scene.slot)

    assert scene.found(LOSS)["placed_at"] == scene.now + 2
    assert scene.execute_now(LOSS) == Failed("PriceNotNewer")


def test_a_parent_that_cannot_fill_takes_its_legs_along(scene: BracketScene) -> None:
    scene.require(scene.parent(limit_price_e6=150_500_000))
    scene.require(scene.bracket())

    outcome = scene.executed(152, PARENT)

    assert isinstance(outcome, Landed)
    told = [each.fields for each in outcome.events if each.name == "OrderCancelled"]
    assert [(each["client_order_id"], each["reason"]) for each in told] == [
        (PARENT, SLIPPAGE),
        (GAIN, ORPHAN),
        (LOSS, ORPHAN),
    ]
    assert scene.open_orders() == 0
