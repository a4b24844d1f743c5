"""Orders that sleep: stops, take-profits and trailing stops."""

from typing import Any

import pytest
from solders.pubkey import Pubkey

from tests.domain.onchain import Failed, Landed
from tests.program.scene import BASE, USD, Scene

STOP_MARKET, STOP_LIMIT, TAKE_PROFIT, TRAILING_STOP = range(2, 6)
EXPIRED, SLIPPAGE = 1, 2


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.price(150)
    return scene


@pytest.fixture
def holder(scene: Scene) -> Pubkey:
    owner = scene.person("the holder", usd=5_000)
    scene.trade(owner, 10 * BASE, 150)
    return owner


def at(scene: Scene, owner: Pubkey, usd: float) -> Landed | Failed:
    scene.pass_time(1)
    scene.price(usd)
    return scene.execute(owner)


def sleeping(scene: Scene, owner: Pubkey, kind: int, **given: Any) -> None:
    scene.require(scene.place(owner, -10 * BASE, kind=kind, reduce_only=True, **given))


def test_a_stop_sells_when_the_price_falls_to_it(scene: Scene, holder: Pubkey) -> None:
    sleeping(scene, holder, STOP_MARKET, trigger_price_e6=145 * USD)

    assert at(scene, holder, 145.01) == Failed("TriggerNotReached")
    sold = scene.one("OrderExecuted", at(scene, holder, 145))

    assert sold.fields["size_after_e9"] == 0
    assert sold.fields["fee_e6"] == -(sold.fields["cost_e6"] * 500 // 10**6)


@pytest.mark.parametrize(
    ("kind", "given", "past", "within"),
    [
        (STOP_MARKET, {"trigger_price_e6": 145 * USD, "limit_price_e6": 144 * USD}, 143, 144.5),
        (TRAILING_STOP, {"trailing_bps": 200, "limit_price_e6": 144 * USD}, 143, 144.5),
        (TAKE_PROFIT, {"trigger_price_e6": 155 * USD, "limit_price_e6": 156 * USD}, 155.5, 157),
    ],
)
def test_what_protects_a_position_waits_for_its_worst_price(
    scene: Scene, holder: Pubkey, kind: int, given: dict[str, int], past: float, within: float
) -> None:
    sleeping(scene, holder, kind, **given)

    assert at(scene, holder, past) == Failed("LimitNotReached")
    assert scene.account(holder)["open_orders"] == 1
    sold = scene.one("OrderExecuted", at(scene, holder, within))

    assert sold.fields["size_after_e9"] == 0
    assert scene.account(holder)["open_orders"] == 0


def test_a_late_and_wide_price_does_not_end_a_stop(scene: Scene, holder: Pubkey) -> None:
    sleeping(scene, holder, STOP_MARKET, trigger_price_e6=145 * USD, limit_price_e6=144_500_000)
    scene.pass_time(5)
    scene.price(145, conf_e6=3 * USD)

    assert scene.execute(holder) == Failed("LimitNotReached")
    assert isinstance(at(scene, holder, 145), Landed)
    assert scene.holding(holder)["size_e9"] == 0


def test_a_stop_that_waits_for_its_worst_price_ends_when_it_expires(
    scene: Scene, holder: Pubkey
) -> None:
    given = {"trigger_price_e6": 145 * USD, "limit_price_e6": 144 * USD}
    sleeping(scene, holder, STOP_MARKET, expires_at=scene.now + 3, **given)
    assert at(scene, holder, 143) == Failed("LimitNotReached")
    scene.pass_time(3)
    scene.price(145)
    assert scene.execute(holder) == Failed("OrderExpired")

    swept = scene.build.cancel_order(scene.trader(holder), scene.order(holder), by=scene.keeper)

    ended = scene.one("OrderCancelled", scene.do("cancel", swept, scene.keeper))
    assert ended.fields["reason"] == EXPIRED


def test_a_stop_that_opens_is_closed_past_its_worst_price(scene: Scene, holder: Pubkey) -> None:
    given = {"trigger_price_e6": 145 * USD, "limit_price_e6": 144 * USD}
    scene.require(scene.place(holder, -20 * BASE, kind=STOP_MARKET, **given))

    closed = scene.one("OrderCancelled", at(scene, holder, 143))

    assert closed.fields["reason"] == SLIPPAGE
    assert scene.holding(holder)["size_e9"] == 10 * BASE


def test_a_stop_limit_past_its_limit_waits(scene: Scene, holder: Pubkey) -> None:
    sleeping(scene, holder, STOP_LIMIT, trigger_price_e6=145 * USD, limit_price_e6=144 * USD)

    assert at(scene, holder, 143) == Failed("LimitNotReached")
    assert isinstance(at(scene, holder, 144.5), Landed)


def test_a_take_profit_sells_when_the_price_rises_to_it(scene: Scene, holder: Pubkey) -> None:
    sleeping(scene, holder, TAKE_PROFIT, trigger_price_e6=155 * USD)

    assert at(scene, holder, 154.99) == Failed("TriggerNotReached")
    assert scene.one("OrderExecuted", at(scene, holder, 155)).fields["realized_pnl_e6"] > 0


def test_a_trailing_stop_follows_the_best_price_and_never_back(
    scene: Scene, holder: Pubkey
) -> None:
    sleeping(scene, holder, TRAILING_STOP, trailing_bps=200)

    higher = scene.one("WatermarkMoved", at(scene, holder, 155))
    lower = at(scene, holder, 153)
    sold = scene.one("OrderExecuted", at(scene, holder, 151.9))

    assert higher.fields["watermark_e6"] == 155 * USD
    assert lower == Failed("TriggerNotReached")
    assert sold.fields["size_after_e9"] == 0


def test_a_trailing_stop_starts_only_at_a_price_that_may_open(scene: Scene, holder: Pubkey) -> None:
    trails = {"kind": TRAILING_STOP, "reduce_only": True, "trailing_bps": 200}
    scene.pass_time(6)
    old = scene.place(holder, -BASE, **trails)
    scene.price(150, conf_e6=USD)
    wide = scene.place(holder, -BASE, **trails)
    scene.price(150)

    assert (old, wide) == (Failed("StalePrice"), Failed("WidePrice"))
    assert isinstance(scene.place(holder, -BASE, **trails), Landed)


def test_an_order_that_only_followed_keeps_its_rent_and_its_place(
    scene: Scene, holder: Pubkey
) -> None:
    sleeping(scene, holder, TRAILING_STOP, trailing_bps=200)
    scene.require(at(scene, holder, 155))

    assert scene.must("Order", scene.order(holder))["watermark_e6"] == 155 * USD
    assert scene.account(holder)["open_orders"] == 1


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"kind": STOP_MARKET}, "InvalidOrder"),
        ({"kind": STOP_MARKET, "trigger_price_e6": 145_000_001}, "OffTick"),
        ({"kind": TAKE_PROFIT, "trigger_price_e6": USD, "trailing_bps": 1}, "InvalidOrder"),
        ({"kind": TRAILING_STOP}, "InvalidOrder"),
        ({"kind": TRAILING_STOP, "trailing_bps": 5_001}, "InvalidOrder"),
        ({"kind": 1, "trigger_price_e6": USD}, "InvalidOrder"),
    ],
)
def test_each_kind_has_its_own_fields_and_no_others(
    scene: Scene, holder: Pubkey, given: dict[str, int], error: str
) -> None:
    assert scene.place(holder, -BASE, reduce_only=True, **given) == Failed(error)


def test_a_bracket_closes_once_and_leaves_an_order_that_reduces_nothing(
    scene: Scene, holder: Pubkey
) -> None:
    sleeping(scene, holder, STOP_MARKET, trigger_price_e6=145 * USD)
    stop = scene.order(holder)
    sleeping(scene, holder, TAKE_PROFIT, trigger_price_e6=155 * USD)
    scene.require(at(scene, holder, 156))
    scene.pass_time(1)
    scene.price(156)
    leftover = scene.build.execute_order(scene.trader(holder), stop, 0, keeper=scene.keeper)

    closed = scene.one("OrderCancelled", scene.do("execute", leftover, scene.keeper))

    assert closed.fields["reason"] == 6
    assert scene.account(holder)["open_orders"] == 0
