"""An order lies on the market's grid, says what to do when it does not, and ends on time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.domain.events import OrderExecuted
from quantdesk.domain.ledger import Applied, Refused
from quantdesk.domain.market import SOL
from quantdesk.domain.money import SIZE_ONE, USD_ONE
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import (
    Kind,
    Order,
    OrderIntent,
    Side,
    exceeds_bound,
    expiry,
    misfit,
    worst_price_e6,
)
from quantdesk.domain.refusal import Refusal
from tests.domain.desk import TRADER, Desk

INTENT = OrderIntent(
    market_index=0,
    client_order_id=1,
    kind=Kind.LIMIT,
    size_e9=SIZE_ONE,
    limit_price_e6=150 * USD_ONE,
)
NOW = 1_000


def fault(intent: OrderIntent, *, held: int = 0) -> tuple[Refusal, str] | None:
    found = misfit(intent, SOL, position_size_e9=held)
    return None if found is None else (found.refusal, found.field)


@pytest.mark.parametrize(
    ("kind", "reduce_only", "waits"),
    [
        (Kind.MARKET, False, False),
        (Kind.MARKET, True, False),
        (Kind.LIMIT, False, True),
        (Kind.LIMIT, True, True),
        (Kind.STOP_LIMIT, False, True),
        (Kind.STOP_LIMIT, True, True),
        (Kind.STOP_MARKET, False, False),
        (Kind.STOP_MARKET, True, True),
        (Kind.TAKE_PROFIT, False, False),
        (Kind.TAKE_PROFIT, True, True),
        (Kind.TRAILING_STOP, False, False),
        (Kind.TRAILING_STOP, True, True),
    ],
)
def test_what_protects_a_position_waits_for_its_bound_as_a_limit_does(
    kind: Kind, reduce_only: bool, waits: bool
) -> None:
    order = Order(
        account="a",
        market_index=0,
        client_order_id=1,
        kind=kind,
        size_e9=-1,
        limit_price_e6=1,
        reduce_only=reduce_only,
    )

    assert order.waits_for_its_bound is waits


def dated_ahead(desk: Desk, seconds: int) -> None:
    """Publishes a price of a clock that is ahead, and the market accepts it."""
    at = desk.now + seconds
    reading = PriceReading(price_e6=150 * USD_ONE, conf_e6=50_000, publish_time=at)
    desk.exchange.publish(0, reading)
    desk.exchange.update_oracle_price(0, at=desk.at)
    assert desk.ledger.markets[0].last_publish_time == at


def test_a_price_that_the_market_had_accepted_fills_no_later_order() -> None:
    desk = Desk(keeper_reward_e6=6_000)
    desk.open(usd=1_000)
    dated_ahead(desk, 2)
    assert isinstance(desk.place(SIZE_ONE), Applied)
    placed = desk.ledger.orders[(TRADER, desk.order_id)]
    asked_at = desk.now

    desk.slot += 1
    at_once = desk.execute()
    desk.wait(1)
    later = desk.execute()
    dated_ahead(desk, 2)
    filled = desk.execute()

    assert (placed.placed_at, placed.expires_at) == (asked_at + 2, asked_at + 30)
    assert at_once == later == Refused(refusal=Refusal.PRICE_NOT_NEWER)
    assert isinstance(filled, Applied)
    (event,) = [each for each in filled.events if isinstance(each, OrderExecuted)]
    assert event.keeper_reward_e6 == 6_000


@pytest.mark.parametrize(
    ("size_e9", "refusal"),
    [
        (SOL.lot_e9, None),
        (-SOL.lot_e9, None),
        (SOL.lot_e9 - 1, Refusal.BELOW_MINIMUM),
        (0, Refusal.BELOW_MINIMUM),
        (SOL.lot_e9 + 1, Refusal.OFF_LOT),
        (-SOL.lot_e9 - 1, Refusal.OFF_LOT),
    ],
)
def test_a_size_is_whole_lots_and_at_least_one(size_e9: int, refusal: Refusal | None) -> None:
    found = fault(replace(INTENT, size_e9=size_e9))

    assert found == (None if refusal is None else (refusal, "size"))


@pytest.mark.parametrize("price", [0, SOL.tick_e6 - 1, SOL.tick_e6 + 1])
def test_a_price_is_whole_ticks_and_positive(price: int) -> None:
    assert fault(replace(INTENT, limit_price_e6=price)) == (Refusal.OFF_TICK, "limit_price")


def test_a_reduce_only_order_may_close_a_position_that_no_lot_divides() -> None:
    odd = 3_184_854_850
    closing = replace(INTENT, size_e9=-odd, reduce_only=True)

    assert fault(closing, held=odd) is None
    assert fault(replace(closing, reduce_only=False), held=odd) == (Refusal.OFF_LOT, "size")
    assert fault(closing, held=odd + 1) == (Refusal.OFF_LOT, "size")
    assert fault(replace(closing, size_e9=0), held=0) == (Refusal.BELOW_MINIMUM, "size")


def test_a_misfit_says_what_was_found_and_what_to_do() -> None:
    off_tick = misfit(replace(INTENT, limit_price_e6=150_005_000), SOL, position_size_e9=0)
    off_lot = misfit(replace(INTENT, size_e9=-1_005_000_000), SOL, position_size_e9=0)

    assert off_tick is not None
    assert off_lot is not None
    expected = "limit 150.005000 is off tick 0.010000; round to 150.000000 or 150.010000"
    assert off_tick.message == expected
    expected = "size 1.005000000 is off lot 0.010000000; use 1.000000000 or 1.010000000"
    assert off_lot.message == expected


@pytest.mark.parametrize(
    ("kind", "wanted", "ends"),
    [
        (Kind.MARKET, 0, NOW + 30),
        (Kind.MARKET, NOW + 10, NOW + 10),
        (Kind.MARKET, NOW + 31, NOW + 30),
        (Kind.LIMIT, 0, 0),
        (Kind.LIMIT, NOW + 99, NOW + 99),
    ],
)
def test_a_market_order_lives_half_a_minute_and_a_limit_as_long_as_asked(
    kind: Kind, wanted: int, ends: int
) -> None:
    assert expiry(replace(INTENT, kind=kind, expires_at=wanted), NOW) == ends


def test_an_order_lives_through_its_last_second() -> None:
    order = Order(
        account="a",
        market_index=0,
        client_order_id=1,
        kind=Kind.LIMIT,
        size_e9=1,
        limit_price_e6=1,
        expires_at=NOW,
    )

    assert not order.is_expired(NOW)
    assert order.is_expired(NOW + 1)
    assert not replace(order, expires_at=0).is_expired(10**12)


def test_a_bound_holds_to_the_unit_for_both_sides() -> None:
    bound = 150 * USD_ONE

    assert not exceeds_bound(150 * USD_ONE, SIZE_ONE, bound)
    assert exceeds_bound(150 * USD_ONE + 1, SIZE_ONE, bound)
    assert not exceeds_bound(-150 * USD_ONE, -SIZE_ONE, bound)
    assert exceeds_bound(-150 * USD_ONE + 1, -SIZE_ONE, bound)


@given(st.integers(10**6, 10**12), st.sampled_from(Side), st.integers(0, 1_000))
def test_a_worst_price_is_on_the_tick_and_inside_the_slippage(
    price: int, side: Side, slippage_bps: int
) -> None:
    worst = worst_price_e6(price, side, slippage_bps=slippage_bps, tick_e6=SOL.tick_e6)

    assert worst % SOL.tick_e6 == 0
    beyond = side.sign * (worst * 10_000 - price * (10_000 + side.sign * slippage_bps))
    assert beyond <= 0
