"""A waiting order wakes exactly at its price; a trailing stop follows the best one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.domain.money import USD_ONE
from quantdesk.domain.order import Kind, Order, OrderIntent, has_its_own_fields
from quantdesk.domain.trigger import followed, is_awake, threshold_e6

TRIGGER = 100 * USD_ONE
SALE = Order(
    account="a",
    market_index=0,
    client_order_id=1,
    kind=Kind.STOP_MARKET,
    size_e9=-1,
    limit_price_e6=1,
    trigger_price_e6=TRIGGER,
)
TRAILING_SALE = replace(
    SALE, kind=Kind.TRAILING_STOP, trigger_price_e6=0, trailing_bps=100, watermark_e6=TRIGGER
)
PRICES = st.integers(1, 2 * 10**11)


@pytest.mark.parametrize(
    ("kind", "size", "awake_below"),
    [
        (Kind.STOP_MARKET, -1, True),
        (Kind.STOP_LIMIT, -1, True),
        (Kind.STOP_MARKET, 1, False),
        (Kind.TAKE_PROFIT, -1, False),
        (Kind.TAKE_PROFIT, 1, True),
    ],
)
def test_an_order_wakes_at_its_price_on_its_side(kind: Kind, size: int, awake_below: bool) -> None:
    order = replace(SALE, kind=kind, size_e9=size)

    assert is_awake(order, TRIGGER)
    assert is_awake(order, TRIGGER - 1) is awake_below
    assert is_awake(order, TRIGGER + 1) is not awake_below


@pytest.mark.parametrize("kind", [Kind.MARKET, Kind.LIMIT])
def test_market_and_limit_orders_are_always_awake(kind: Kind) -> None:
    assert is_awake(replace(SALE, kind=kind, trigger_price_e6=0), 1)


def test_a_trailing_sale_wakes_one_percent_under_the_best_price() -> None:
    order = followed(TRAILING_SALE, 110 * USD_ONE)

    assert order is not None
    assert order.watermark_e6 == 110 * USD_ONE
    assert not is_awake(order, 108_900_001)
    assert is_awake(order, 108_900_000)


@given(PRICES, st.lists(PRICES, min_size=1), st.sampled_from((-1, 1)))
def test_a_watermark_only_moves_in_favour(first: int, prices: list[int], size: int) -> None:
    order = replace(TRAILING_SALE, size_e9=size, watermark_e6=first)
    for price in prices:
        order = followed(order, price) or order

    best = min if size > 0 else max
    assert order.watermark_e6 == best(first, *prices)


@given(PRICES, st.integers(1, 5_000), st.sampled_from((-1, 1)))
def test_a_trailing_stop_wakes_no_earlier_than_asked(best: int, bps: int, size: int) -> None:
    order = replace(TRAILING_SALE, size_e9=size, trailing_bps=bps, watermark_e6=best)

    lag = abs(threshold_e6(order) - best) * 10_000
    assert lag >= best * bps
    assert lag < best * bps + 10_000


def test_only_a_trailing_stop_follows_and_only_a_better_price() -> None:
    assert followed(SALE, 10**9) is None
    assert followed(TRAILING_SALE, TRIGGER) is None
    assert followed(TRAILING_SALE, TRIGGER - 1) is None


@pytest.mark.parametrize(
    ("kind", "trigger", "bps", "fits"),
    [
        (Kind.MARKET, 0, 0, True),
        (Kind.LIMIT, 1, 0, False),
        (Kind.STOP_LIMIT, 1, 0, True),
        (Kind.STOP_LIMIT, 0, 0, False),
        (Kind.TAKE_PROFIT, 1, 1, False),
        (Kind.TRAILING_STOP, 0, 1, True),
        (Kind.TRAILING_STOP, 0, 5_001, False),
        (Kind.TRAILING_STOP, 1, 1, False),
    ],
)
def test_each_kind_has_its_fields_and_no_others(
    kind: Kind, trigger: int, bps: int, fits: bool
) -> None:
    intent = OrderIntent(
        market_index=0,
        client_order_id=1,
        kind=kind,
        size_e9=1,
        limit_price_e6=1,
        trigger_price_e6=trigger,
        trailing_bps=bps,
    )

    assert has_its_own_fields(intent) is fits
