"""The ticket's promises: what the receipt says is what the exchange then does."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantdesk.domain.account import EMPTY_MARKET, MAX_OPEN_ORDERS
from quantdesk.domain.events import OrderCancelled, OrderExecuted
from quantdesk.domain.ledger import Applied
from quantdesk.domain.market import BTC, ETH, SOL, MarketStatus
from quantdesk.domain.max_size import max_size_e9
from quantdesk.domain.money import SIZE_ONE, USD_ONE, Price
from quantdesk.domain.order import CancelReason, Kind, OrderIntent
from quantdesk.domain.portfolio import Portfolio
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.risk import (
    Receipt,
    Rejected,
    account_standing,
    liquidation_price_e6,
    preview_order,
)
from tests.domain.desk import TRADER, Desk, units

ANY_PRICE = Price.parse("1000000").units


def desk(usd: int = 1_000, price: str = "150") -> Desk:
    opened = Desk(SOL)
    opened.price(price)
    opened.open(usd=usd)
    return opened


def intent(
    size_e9: int, *, kind: Kind = Kind.MARKET, limit_e6: int = 0, reduce_only: bool = False
) -> OrderIntent:
    anything = ANY_PRICE if size_e9 > 0 else SOL.tick_e6
    return OrderIntent(
        market_index=0,
        client_order_id=1,
        kind=kind,
        size_e9=size_e9,
        limit_price_e6=limit_e6 or anything,
        reduce_only=reduce_only,
    )


def receipt(opened: Desk, wish: OrderIntent) -> Receipt:
    verdict = preview_order(wish, opened.portfolio(), now=opened.now)
    assert isinstance(verdict, Receipt), verdict
    return verdict


def rejected(opened: Desk, wish: OrderIntent) -> tuple[Refusal, str]:
    verdict = preview_order(wish, opened.portfolio(), now=opened.now)
    assert isinstance(verdict, Rejected), verdict
    assert verdict.message
    return verdict.refusal, verdict.field


def with_cash(portfolio: Portfolio, usdc_e6: int) -> Portfolio:
    account = portfolio.account
    return replace(portfolio, account=replace(account, balances=(usdc_e6, *account.balances[1:])))


@given(
    st.integers(-60, 60).filter(bool),
    st.integers(-80, 80).filter(bool),
    st.integers(130, 170),
)
@settings(max_examples=60)
def test_a_receipt_tells_what_the_fill_then_does(first: int, second: int, dollars: int) -> None:
    opened = desk(usd=2_000)
    assert isinstance(opened.trade(units(first), "150"), Applied)
    opened.settle_on(str(dollars))
    wish = intent(units(second))
    before = preview_order(wish, opened.portfolio(), now=opened.now)
    if isinstance(before, Rejected):
        return

    opened.place(units(second))
    opened.slot += 1
    opened.ledger.orders[(TRADER, opened.order_id)] = replace(
        opened.ledger.orders[(TRADER, opened.order_id)], placed_at=opened.now - 1
    )
    outcome = opened.execute(keeper=None)

    assert isinstance(outcome, Applied), outcome
    event = outcome.events[-1]
    assert isinstance(event, OrderExecuted)
    assert (before.cost_e6, before.fee_e6) == (event.cost_e6, event.fee_e6)
    assert before.realized_e6 == event.realized_pnl_e6
    assert before.position_e9.after == event.size_after_e9
    after = account_standing(opened.portfolio(), now=opened.now)
    assert before.initial_e6.after == after.initial_e6
    assert before.free_collateral_e6.after == after.free_collateral_e6
    found = liquidation_price_e6(opened.portfolio(), 0, now=opened.now)
    assert before.liquidation_price_e6.after == found


@pytest.mark.parametrize("conf", ["0.05", "0.75", "0.750001", "15"])
@pytest.mark.parametrize("size", [-60, -20])
def test_a_receipt_of_a_close_at_a_wide_price_tells_what_it_then_costs(
    conf: str, size: int
) -> None:
    opened = desk(usd=2_000)
    opened.trade(units(60), "150")
    opened.wait(1)
    opened.price("150", conf=conf)
    told = receipt(opened, intent(units(size), reduce_only=True))

    opened.place(units(size), reduce_only=True)
    opened.wait(1)
    opened.price("150", conf=conf)
    outcome = opened.execute(keeper=None)

    assert isinstance(outcome, Applied), outcome
    event = next(each for each in outcome.events if isinstance(each, OrderExecuted))
    assert (told.cost_e6, told.fee_e6) == (event.cost_e6, event.fee_e6)
    assert told.realized_e6 == event.realized_pnl_e6


@pytest.mark.parametrize("waited_s", [1, 3])
def test_a_close_at_an_unmoved_price_is_paid_by_its_own_account_however_wide_it_is(
    waited_s: int,
) -> None:
    opened = desk(usd=800)
    assert isinstance(opened.trade(units(100), "150"), Applied)
    fund_e6 = opened.ledger.insurance.balance_e6

    opened.place(-units(100), reduce_only=True)
    opened.wait(waited_s)
    opened.price("150", conf="15")
    outcome = opened.execute()

    assert isinstance(outcome, Applied), outcome
    assert opened.ledger.position(TRADER, 0).is_flat
    assert opened.ledger.accounts[TRADER].usdc_e6 > 600 * USD_ONE
    assert opened.ledger.insurance.balance_e6 >= fund_e6


def test_exactly_enough_collateral_passes_and_one_unit_less_is_refused() -> None:
    opened = desk()
    wish = intent(units(100))
    spare = receipt(opened, wish).free_collateral_e6.after
    cash = opened.ledger.accounts[TRADER].usdc_e6

    enough = with_cash(opened.portfolio(), cash - spare)
    too_little = with_cash(opened.portfolio(), cash - spare - 1)

    assert isinstance(preview_order(wish, enough, now=opened.now), Receipt)
    verdict = preview_order(wish, too_little, now=opened.now)
    assert isinstance(verdict, Rejected)
    assert verdict.refusal is Refusal.INSUFFICIENT_COLLATERAL
    assert verdict.message.startswith("0.000001 USDC of collateral is missing")


@pytest.mark.parametrize("is_long", [True, False])
@pytest.mark.parametrize("held", [0, 40, -40])
def test_the_largest_size_passes_and_one_lot_more_does_not(is_long: bool, held: int) -> None:
    opened = desk()
    if held:
        opened.trade(units(held), "150")
    sign = 1 if is_long else -1

    most = max_size_e9(opened.portfolio(), 0, is_long=is_long, now=opened.now)

    assert most > 0
    assert isinstance(receipt(opened, intent(sign * most)), Receipt)
    assert rejected(opened, intent(sign * (most + SOL.lot_e9)))[1] == "size"


def test_a_lower_leverage_makes_the_largest_size_smaller_in_proportion() -> None:
    portfolio, now = desk().portfolio(), desk().now

    full = max_size_e9(portfolio, 0, is_long=True, now=now)
    half = max_size_e9(portfolio, 0, is_long=True, now=now, leverage=10)

    assert 0.49 < half / full < 0.55


def test_without_collateral_the_largest_size_is_nothing() -> None:
    opened = Desk(SOL)
    opened.price("150")
    opened.open(usd=0)

    assert max_size_e9(opened.portfolio(), 0, is_long=True, now=opened.now) == 0


@given(st.integers(-130, 130).filter(lambda size: abs(size) > 1), st.integers(900, 20_000))
@settings(max_examples=60)
def test_the_liquidation_price_is_the_first_one_that_liquidates(size: int, usd: int) -> None:
    opened = desk(usd=usd)
    if not isinstance(opened.trade(units(size), "150"), Applied):
        return
    portfolio, now = opened.portfolio(), opened.now
    step = 1 if size > 0 else -1

    found = liquidation_price_e6(portfolio, 0, now=now)

    if found is None:
        assert size > 0
        assert not account_standing(portfolio.at_price(0, 1), now=now).is_liquidatable
        return
    assert account_standing(portfolio.at_price(0, found), now=now).is_liquidatable
    nearer = portfolio.at_price(0, found + step)
    assert not account_standing(nearer, now=now).is_liquidatable


def test_an_account_that_can_be_liquidated_now_has_the_present_price_as_its_own() -> None:
    opened = desk()
    opened.trade(units(120), "150")
    opened.settle_on("120")

    assert liquidation_price_e6(opened.portfolio(), 0, now=opened.now) == 120 * USD_ONE


def test_a_flat_account_has_no_liquidation_price() -> None:
    assert liquidation_price_e6(desk().portfolio(), 0, now=desk().now) is None


def test_a_limit_that_is_not_reached_is_told_at_its_own_price() -> None:
    told = receipt(desk(), intent(units(10), kind=Kind.LIMIT, limit_e6=140 * USD_ONE))

    assert told.cost_e6 == 1_400 * USD_ONE
    assert told.expected_price_e6 == 140 * USD_ONE
    assert told.slippage_e6 < 0
    assert told.fee_e6 == 1_400 * USD_ONE * SOL.limit_fee_e6 // 10**6


def test_a_limit_that_is_reached_is_told_at_the_present_price() -> None:
    told = receipt(desk(), intent(units(10), kind=Kind.LIMIT, limit_e6=160 * USD_ONE))

    assert told.cost_e6 < 1_502 * USD_ONE


def test_slippage_is_what_the_trade_pays_over_the_mark() -> None:
    told = receipt(desk(), intent(units(100)))

    assert told.mark_e6 == 150 * USD_ONE
    assert told.expected_price_e6 == 150_080_225
    assert told.slippage_e6 == 535


def test_a_reduce_only_order_is_told_as_cut_to_the_position() -> None:
    opened = desk()
    opened.trade(units(10), "150")

    told = receipt(opened, intent(-units(25), reduce_only=True))

    assert told.size_e9 == -units(10)
    assert (told.position_e9.before, told.position_e9.after) == (units(10), 0)
    assert told.liquidation_price_e6.after is None
    assert told.entry_price_e6.after == told.leverage_e6.after == 0


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (intent(0), (Refusal.BELOW_MINIMUM, "size")),
        (intent(SOL.lot_e9 + 1), (Refusal.OFF_LOT, "size")),
        (intent(units(1), limit_e6=SOL.tick_e6 + 1), (Refusal.OFF_TICK, "price")),
        (intent(units(1), limit_e6=149 * USD_ONE), (Refusal.SLIPPAGE_EXCEEDED, "price")),
        (intent(units(1), reduce_only=True), (Refusal.REDUCE_ONLY_WOULD_GROW, "size")),
        (intent(units(1_000)), (Refusal.INSUFFICIENT_COLLATERAL, "size")),
        (intent(9 * 10**18), (Refusal.MATH_OVERFLOW, "size")),
    ],
)
def test_each_refusal_marks_the_field_that_can_mend_it(
    wish: OrderIntent, expected: tuple[Refusal, str]
) -> None:
    assert rejected(desk(), wish) == expected


def test_an_old_price_refuses_to_grow_and_still_lets_reduce() -> None:
    opened = desk()
    opened.trade(units(10), "150")
    opened.wait(SOL.age_grow_s + 1)

    assert rejected(opened, intent(units(1))) == (Refusal.STALE_PRICE, "market")
    assert isinstance(receipt(opened, intent(-units(1))), Receipt)
    opened.wait(SOL.age_reduce_s)
    assert rejected(opened, intent(-units(1))) == (Refusal.STALE_PRICE, "market")


@pytest.mark.parametrize(
    ("status", "grow", "reduce"),
    [(MarketStatus.PAUSED, False, False), (MarketStatus.REDUCE_ONLY, False, True)],
)
def test_a_closed_market_admits_what_its_status_says(
    status: MarketStatus, grow: bool, reduce: bool
) -> None:
    opened = desk()
    opened.trade(units(10), "150")
    opened.ledger.markets[0] = replace(opened.ledger.markets[0], status=status)

    for wish, allowed in ((intent(units(1)), grow), (intent(-units(1), reduce_only=True), reduce)):
        verdict = preview_order(wish, opened.portfolio(), now=opened.now)
        assert isinstance(verdict, Receipt) is allowed


def test_an_account_full_of_orders_or_markets_is_told_so() -> None:
    opened = desk()
    account = opened.ledger.accounts[TRADER]

    full = replace(account, open_orders=MAX_OPEN_ORDERS)
    opened.ledger.accounts[TRADER] = full
    assert rejected(opened, intent(units(1))) == (Refusal.TOO_MANY_ORDERS, "account")
    full = replace(account, open_markets=tuple(range(1, 9)))
    assert EMPTY_MARKET not in full.open_markets
    portfolio = replace(opened.portfolio(), account=full)
    verdict = preview_order(intent(units(1)), portfolio, now=opened.now)
    assert isinstance(verdict, Rejected)
    assert verdict.refusal is Refusal.TOO_MANY_MARKETS


def test_what_is_held_elsewhere_counts() -> None:
    opened = Desk(SOL, BTC, ETH)
    for index, price in ((0, "150"), (1, "60000"), (2, "2500")):
        opened.price(price, conf="0.01", market=index)
    opened.open(usd=1_000)
    alone = max_size_e9(opened.portfolio(), 0, is_long=True, now=opened.now)

    opened.place(SIZE_ONE // 10, market=1)
    opened.wait(1)
    for index, price in ((0, "150"), (1, "60000"), (2, "2500")):
        opened.price(price, conf="0.01", market=index)
    assert isinstance(opened.execute(), Applied)

    beside = max_size_e9(opened.portfolio(), 0, is_long=True, now=opened.now)
    assert 0 < beside < alone * 3 // 4


def test_a_late_price_costs_its_confidence_once_more() -> None:
    first, late = Desk(), Desk()
    for desk in (first, late):
        desk.open(usd=10_000)
        desk.price("150")
    fills = []
    for desk, wait_s in ((first, 2), (late, 3)):
        desk.place(units(10))
        desk.wait(wait_s)
        desk.price("150")
        told = desk.execute(keeper=None)
        assert isinstance(told, Applied)
        fills.append(next(each for each in told.events if isinstance(each, OrderExecuted)))

    assert fills[1].cost_e6 - fills[0].cost_e6 == 10 * 50_000
    assert fills[1].oracle_conf_e6 == 50_000


def crowded(crowd: int, **terms: int) -> Desk:
    """A market with one position whose terms then changed, and a trader with money."""
    opened = desk(usd=100_000)
    opened.open("crowd", usd=100_000)
    opened.trade(units(crowd), "150", trader="crowd")
    market = opened.ledger.markets[0]
    params = replace(market.params, **terms)  # type: ignore[arg-type]
    opened.ledger.markets[0] = replace(market, params=params)
    return opened


def filled_or_why(opened: Desk, size_e9: int) -> CancelReason | None:
    told = opened.trade(size_e9, "150")
    assert isinstance(told, Applied), told
    (event,) = (each for each in told.events if isinstance(each, OrderExecuted | OrderCancelled))
    return event.reason if isinstance(event, OrderCancelled) else None


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("cap", ["oi_cap_e9", "account_cap_e9"])
def test_a_cap_may_be_reached_though_the_other_side_is_over_it(cap: str, side: int) -> None:
    terms = {cap: units(5)}

    assert filled_or_why(crowded(-10 * side, **terms), side * units(5)) is None
    too_large = filled_or_why(crowded(-10 * side, **terms), side * (units(5) + SOL.lot_e9))
    assert too_large is CancelReason.OPEN_INTEREST


@pytest.mark.parametrize(("size", "reason"), [(19, None), (22, CancelReason.POOL_RESERVE)])
def test_a_pool_short_of_its_reserve_takes_what_makes_it_smaller(
    size: int, reason: CancelReason | None
) -> None:
    opened = crowded(-10)
    opened.ledger.pool = replace(opened.ledger.pool, cash_e6=0)

    assert filled_or_why(opened, units(size)) is reason
