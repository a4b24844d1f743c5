"""open_position and close_position: a market order each, under the same rules."""

from typing import Any

import pytest
from solders.pubkey import Pubkey

from tests.domain.onchain import Failed, Landed
from tests.program.bots import BotScene
from tests.program.scene import BASE, USD, Scene, order_params


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.price(150)
    return scene


@pytest.fixture
def owner(scene: Scene) -> Pubkey:
    return scene.person("the owner", usd=5_000)


def opened(scene: Scene, owner: Pubkey, size_e9: int, **given: Any) -> Landed | Failed:
    scene.order_id += 1
    params = order_params(scene.order_id, size_e9, **given)
    return scene.do("open", scene.build.open_position(scene.trader(owner), 0, params), owner)


def closed(scene: Scene, owner: Pubkey, size_e9: int, **given: Any) -> Landed | Failed:
    scene.order_id += 1
    usual = {"reduce_only": True, "limit_price_e6": 10_000}
    params = order_params(scene.order_id, size_e9, **usual | given)
    return scene.do("close", scene.build.close_position(scene.trader(owner), 0, params), owner)


def test_opening_places_a_market_order_and_fills_nothing(scene: Scene, owner: Pubkey) -> None:
    placed = scene.one("OrderPlaced", opened(scene, owner, 10 * BASE)).fields

    assert (placed["kind"], placed["size_e9"], placed["reduce_only"]) == (0, 10 * BASE, False)
    assert placed["expires_at"] == scene.now + 30
    assert scene.holding(owner)["size_e9"] == 0
    assert scene.execute(owner) == Failed("PriceNotNewer")


def test_an_opening_fills_at_the_next_price(scene: Scene, owner: Pubkey) -> None:
    scene.require(opened(scene, owner, 10 * BASE))
    scene.pass_time(1)
    scene.price(151)

    filled = scene.one("OrderExecuted", scene.execute(owner)).fields

    assert (filled["size_after_e9"], filled["oracle_price_e6"]) == (10 * BASE, 151 * USD)


@pytest.mark.parametrize("given", [{"kind": 1}, {"reduce_only": True}])
def test_opening_is_a_market_order_that_may_grow(
    scene: Scene, owner: Pubkey, given: dict[str, Any]
) -> None:
    assert opened(scene, owner, BASE, **given) == Failed("InvalidOrder")


def test_opening_extends_or_flips_and_never_just_reduces(scene: Scene, owner: Pubkey) -> None:
    scene.trade(owner, 10 * BASE, 150)
    scene.price(150)

    assert opened(scene, owner, -10 * BASE) == Failed("InvalidOrder")
    assert isinstance(opened(scene, owner, -11 * BASE), Landed)
    assert isinstance(opened(scene, owner, BASE), Landed)


def test_opening_needs_the_collateral_that_placing_needs(scene: Scene, owner: Pubkey) -> None:
    assert opened(scene, owner, 700 * BASE) == Failed("InsufficientCollateral")


@pytest.mark.parametrize("size_e9", [7 * BASE + 123, -(7 * BASE + 123)])
def test_closing_with_size_zero_closes_whatever_is_held(scene: Scene, size_e9: int) -> None:
    owner = scene.person("the holder", usd=5_000)
    scene.trade(owner, (size_e9 // abs(size_e9)) * 7 * BASE, 150)
    scene.price(150)

    bound = {"limit_price_e6": 10_000 if size_e9 > 0 else 10**12}
    placed = scene.one("OrderPlaced", closed(scene, owner, 0, **bound)).fields
    scene.pass_time(1)
    scene.price(150)
    filled = scene.one("OrderExecuted", scene.execute(owner)).fields

    assert placed["size_e9"] == -scene.holding(owner)["size_e9"] - filled["size_e9"] * -1
    assert filled["size_after_e9"] == 0


def test_closing_reduces_only(scene: Scene, owner: Pubkey) -> None:
    assert closed(scene, owner, 0) == Failed("NoPosition")
    scene.trade(owner, 10 * BASE, 150)
    scene.price(150)

    assert closed(scene, owner, BASE, limit_price_e6=10**12) == Failed("ReduceOnlyWouldGrow")
    assert closed(scene, owner, -BASE, reduce_only=False) == Failed("InvalidOrder")
    assert closed(scene, owner, -BASE, kind=1) == Failed("InvalidOrder")
    scene.require(closed(scene, owner, -3 * BASE))
    scene.pass_time(1)
    scene.price(150)
    assert scene.one("OrderExecuted", scene.execute(owner)).fields["size_after_e9"] == 7 * BASE


def test_a_bot_opens_and_closes_within_its_mandate_only() -> None:
    scene = BotScene()
    scene.require(scene.set_mandate(order_cap_e6=1_500 * USD))
    params = order_params(1, 11 * BASE)
    trader = scene.trader(scene.owner)
    too_large = scene.build.open_position(trader, 0, params, by=scene.bot)
    scene.trade(scene.owner, 11 * BASE, 150)
    scene.price(150)
    trader = scene.trader(scene.owner)
    whole = order_params(2, 0, reduce_only=True, limit_price_e6=10_000)
    close_all = scene.build.close_position(trader, 0, whole, by=scene.bot)
    part = order_params(2, -10 * BASE, reduce_only=True)
    close_part = scene.build.close_position(trader, 0, part, by=scene.bot)

    assert scene.do("open", too_large, scene.bot) == Failed("MandateOrderCap")
    assert scene.do("close", close_all, scene.bot) == Failed("MandateOrderCap")
    assert isinstance(scene.do("close", close_part, scene.bot), Landed)
