"""Cost is a potential of the skew: paths do not matter and nobody gains by cutting trades up."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.domain.cost import closing_cost_e6, counted_conf_e6, trade_cost_e6
from quantdesk.domain.market import SOL, MarketParams
from quantdesk.domain.money import SIZE_ONE, USD_ONE
from quantdesk.domain.oracle import PriceReading
from tests.domain.draws import CONFIDENCES, MARKETS, PRICES, SKEWS, TRADES, ceiling


def cost_e6(params: MarketParams, trade: int, skew: int, price: int, conf: int) -> int:
    return trade_cost_e6(params, trade, skew_e9=skew, price_e6=price, conf_e6=conf)


def exact_cost(params: MarketParams, trade: int, skew: int, price: int, conf: int) -> Fraction:
    """The formula of the cost in exact fractions, USD e6."""
    size, whole = Fraction(trade, SIZE_ONE), 10**6
    mean_skew = Fraction(skew + Fraction(trade, 2), params.skew_scale_e9)
    impact = 1 + Fraction(params.impact_e6, whole) * mean_skew
    spread = price * Fraction(params.spread_e6, whole)
    edge = spread + conf * Fraction(params.conf_weight_e6, whole)
    return size * price * impact + abs(size) * edge


@given(MARKETS, TRADES, SKEWS, PRICES, CONFIDENCES)
def test_a_cost_is_the_exact_formula_rounded_up_once(
    params: MarketParams, trade: int, skew: int, price: int, conf: int
) -> None:
    exact = exact_cost(params, trade, skew, price, conf)

    assert cost_e6(params, trade, skew, price, conf) == ceiling(exact)


@given(MARKETS, TRADES, st.integers(1, 99), SKEWS, PRICES, CONFIDENCES)
def test_cutting_a_trade_in_two_never_gains_a_unit(
    params: MarketParams, trade: int, percent: int, skew: int, price: int, conf: int
) -> None:
    first = trade * percent // 100
    second = trade - first

    whole = cost_e6(params, trade, skew, price, conf)
    parts = cost_e6(params, first, skew, price, conf)
    parts += cost_e6(params, second, skew + first, price, conf)

    assert whole <= parts <= whole + 1


@given(MARKETS, TRADES, SKEWS, PRICES, CONFIDENCES)
def test_a_round_trip_at_one_price_never_gains(
    params: MarketParams, trade: int, skew: int, price: int, conf: int
) -> None:
    there = cost_e6(params, trade, skew, price, conf)
    back = cost_e6(params, -trade, skew + trade, price, conf)

    assert there + back >= 0


@given(MARKETS, TRADES, TRADES, SKEWS, PRICES, CONFIDENCES)
def test_a_detour_of_two_accounts_never_gains(
    params: MarketParams, one: int, other: int, skew: int, price: int, conf: int
) -> None:
    walk = (one, other, -one, -other)
    paid = 0
    for trade in walk:
        paid += cost_e6(params, trade, skew, price, conf)
        skew += trade

    assert paid >= 0


def test_a_trade_that_balances_the_pool_is_better_than_the_oracle() -> None:
    price, free = 150 * USD_ONE, 0

    cost = cost_e6(SOL, -10 * SIZE_ONE, 60_000 * SIZE_ONE, price, free)

    assert -cost > 10 * price


@given(TRADES, PRICES)
def test_a_liquidation_trades_at_the_oracle_price_rounded_up(trade: int, price: int) -> None:
    assert closing_cost_e6(trade, price) == ceiling(Fraction(trade * price, SIZE_ONE))


@pytest.mark.parametrize(
    ("price_e6", "conf_e6", "is_late", "grows", "counted"),
    [
        (150_000_000, 749_999, False, False, 749_999),
        (150_000_000, 750_001, False, False, 750_000),
        (150_000_000, 375_000, True, False, 750_000),
        (150_000_000, 375_001, True, False, 750_000),
        (150_000_000, 15_000_000, True, False, 750_000),
        (150_000_199, 15_000_000, False, False, 750_000),
        (150_000_200, 15_000_000, False, False, 750_001),
        (150_000_000, 750_000, True, True, 1_500_000),
        (150_000_000, 750_000, False, True, 750_000),
    ],
)
def test_a_reduction_counts_no_more_doubt_than_the_market_opens_with(
    price_e6: int, conf_e6: int, is_late: bool, grows: bool, counted: int
) -> None:
    reading = PriceReading(price_e6=price_e6, conf_e6=conf_e6, publish_time=1)

    assert counted_conf_e6(SOL, reading, is_late=is_late, grows=grows) == counted


@given(MARKETS, PRICES, CONFIDENCES, st.booleans())
def test_a_price_that_opens_costs_a_reduction_its_whole_confidence_once(
    params: MarketParams, price: int, conf: int, late: bool
) -> None:
    reading = PriceReading(price_e6=price, conf_e6=conf, publish_time=1)
    opens = conf * 10**6 <= price * params.conf_gate_e6

    counted = counted_conf_e6(params, reading, is_late=late, grows=False)

    assert counted * 10**6 <= price * params.conf_gate_e6
    assert (counted >= conf) is opens
    assert counted <= counted_conf_e6(params, reading, is_late=late, grows=True)
