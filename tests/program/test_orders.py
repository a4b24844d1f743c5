"""Orders: what is refused when placed, what closes them, and what a fill may not do."""

import pytest
from solders.pubkey import Pubkey

from tests.domain.onchain import Failed, Landed
from tests.program.scene import BASE, USD, Scene

USER, EXPIRED, SLIPPAGE, MARGIN, _OPEN_INTEREST, _POOL_RESERVE, REDUCE_ONLY = range(7)


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.price(150)
    return scene


@pytest.fixture
def trader(scene: Scene) -> Pubkey:
    return scene.person("the trader", usd=1_000)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"size_e9": 10_000_001}, "OffLot"),
        ({"size_e9": 0}, "BelowMinimum"),
        ({"size_e9": 9_999_999}, "BelowMinimum"),
        ({"size_e9": -(1 << 63)}, "BelowMinimum"),
        ({"limit_price_e6": 150_000_001}, "OffTick"),
        ({"limit_price_e6": 0}, "OffTick"),
        ({"limit_price_e6": 140_000_000}, "SlippageExceeded"),
        ({"kind": 6}, "InvalidOrder"),
        ({"expires_at": 1}, "InvalidExpiry"),
        ({"reduce_only": True}, "ReduceOnlyWouldGrow"),
        ({"size_e9": 134 * BASE}, "InsufficientCollateral"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    scene: Scene, trader: Pubkey, given: dict[str, int], error: str
) -> None:
    size_e9 = given.pop("size_e9", BASE)

    assert scene.place(trader, size_e9, **given) == Failed(error)
    assert scene.account(trader)["open_orders"] == 0


def test_exactly_enough_collateral_is_enough_and_one_lot_more_is_not(
    scene: Scene, trader: Pubkey
) -> None:
    most = 129_780_000_000

    assert isinstance(scene.place(trader, most), Landed)
    assert scene.place(trader, most + 10_000_000) == Failed("InsufficientCollateral")


def closing_reason(scene: Scene, owner: Pubkey) -> int:
    reason: int = scene.one("OrderCancelled", scene.execute(owner)).fields["reason"]
    assert scene.fields("Order", scene.order(owner)) is None
    assert scene.account(owner)["open_orders"] == 0
    return reason


def test_a_market_order_past_its_bound_is_closed_and_costs_nothing(
    scene: Scene, trader: Pubkey
) -> None:
    scene.require(scene.place(trader, BASE, limit_price_e6=151 * USD))
    scene.pass_time(1)
    scene.price(152)

    assert closing_reason(scene, trader) == SLIPPAGE
    assert scene.cash_e6(trader) == 1_000 * USD


def test_a_market_order_without_margin_at_the_next_price_is_closed(
    scene: Scene, trader: Pubkey
) -> None:
    scene.require(scene.place(trader, 129 * BASE))
    scene.require(scene.withdraw(trader, 100 * USD))
    scene.pass_time(1)
    scene.price(150)

    assert closing_reason(scene, trader) == MARGIN


def test_a_limit_order_waits_until_its_price_is_reached(scene: Scene, trader: Pubkey) -> None:
    scene.require(scene.place(trader, BASE, kind=1, limit_price_e6=149 * USD))
    scene.pass_time(1)
    scene.price(150)
    waiting = scene.execute(trader)
    scene.pass_time(1)
    scene.price("148.8")
    filled = scene.one("OrderExecuted", scene.execute(trader))

    assert waiting == Failed("LimitNotReached")
    assert 0 < filled.fields["cost_e6"] <= 149 * USD
    assert filled.fields["fee_e6"] == -(-filled.fields["cost_e6"] * 200 // 10**6)


def test_reduce_only_never_flips_and_never_grows(scene: Scene, trader: Pubkey) -> None:
    scene.trade(trader, 10 * BASE, 150)
    closed = scene.trade(trader, -25 * BASE, 150, reduce_only=True)
    scene.require(scene.place(trader, -BASE, kind=1, limit_price_e6=USD, reduce_only=True))
    scene.pass_time(1)
    scene.price(150)

    assert closed.fields["size_e9"] == -10 * BASE
    assert scene.holding(trader)["size_e9"] == 0
    assert closing_reason(scene, trader) == REDUCE_ONLY


def test_a_flat_position_holds_nothing_and_frees_its_place(scene: Scene, trader: Pubkey) -> None:
    scene.trade(trader, 10 * BASE, 150)
    opened = scene.account(trader)["open_markets"]
    scene.trade(trader, -10 * BASE, 151)
    flat = scene.holding(trader)

    assert opened[0] == 0
    assert scene.account(trader)["open_markets"] == [65_535] * 8
    for name in ("size_e9", "entry_e6", "funding_index", "max_leverage", "health_e6"):
        assert flat[name] == 0


def test_an_expired_order_fills_no_more_and_anyone_may_cancel_it(
    scene: Scene, trader: Pubkey
) -> None:
    scene.require(scene.place(trader, BASE))
    stranger = scene.person("a stranger")
    cancel = scene.build.cancel_order(scene.trader(trader), scene.order(trader), by=stranger)
    scene.pass_time(30)
    scene.price(150)

    early = scene.do("cancel", cancel, stranger)
    scene.pass_time(1)
    scene.price(150)
    late = scene.execute(trader)
    cancelled = scene.one("OrderCancelled", scene.do("cancel", cancel, stranger))

    assert early == Failed("Unauthorized")
    assert late == Failed("OrderExpired")
    assert cancelled.fields["reason"] == EXPIRED


def test_an_order_executes_once_and_its_number_is_taken_while_it_lives(
    scene: Scene, trader: Pubkey
) -> None:
    scene.require(scene.place(trader, BASE, client_order_id=7))
    again = scene.place(trader, BASE, client_order_id=7)
    scene.order_id = 7
    scene.pass_time(1)
    scene.price(150)
    first = scene.execute(trader)
    second = scene.execute(trader)

    assert isinstance(again, Failed)
    assert isinstance(first, Landed)
    assert isinstance(second, Failed)
    assert scene.holding(trader)["size_e9"] == BASE


def test_an_account_has_so_many_orders_and_no_more(scene: Scene, trader: Pubkey) -> None:
    for _ in range(32):
        scene.require(scene.place(trader, BASE, kind=1, limit_price_e6=USD))

    assert scene.place(trader, BASE, kind=1, limit_price_e6=USD) == Failed("TooManyOrders")


def test_the_rent_of_a_closed_order_returns_to_the_owner(scene: Scene, trader: Pubkey) -> None:
    scene.require(scene.place(trader, BASE))
    rent = scene.svm.get_account(scene.order(trader))
    before = scene.svm.get_account(trader)
    assert rent is not None
    assert before is not None
    scene.pass_time(1)
    scene.price(150)
    scene.require(scene.execute(trader))
    after = scene.svm.get_account(trader)

    assert after is not None
    assert after.lamports - before.lamports == rent.lamports


def test_the_keeper_s_reward_fades_and_never_passes_the_fee(scene: Scene, trader: Pubkey) -> None:
    scene.require(scene.place(trader, 10 * BASE))
    scene.pass_time(30)
    scene.price(150)
    slow = scene.execute(trader, keeper_account=scene.keeper_account)
    scene.require(scene.place(trader, -10_000_000, kind=1, limit_price_e6=USD))
    scene.pass_time(1)
    scene.price(150)
    tiny = scene.execute(trader, keeper_account=scene.keeper_account)

    paid = [scene.one("OrderExecuted", each).fields for each in (slow, tiny)]
    assert [each["keeper_reward_e6"] for each in paid] == [5_000, 270]
    assert paid[1]["fee_e6"] == 270 + paid[1]["insurance_fee_e6"]
    assert scene.cash_e6(scene.keeper) == 5_270


def test_open_interest_and_reserve_close_what_would_pass_them(scene: Scene) -> None:
    whale = scene.person("the whale", usd=900_000)
    second = scene.person("the second", usd=900_000)
    size = 9_000 * BASE

    scene.trade(whale, size, 150)
    scene.require(scene.place(second, size))
    scene.pass_time(1)
    scene.price(150)

    assert closing_reason(scene, second) == 5
    assert scene.pool()["reserve_e6"] <= scene.pool()["cash_e6"] * 8 // 10
