"""Funding moves money from one side to the other; only dust is left, and the pool keeps it."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from quantdesk.domain.funding import (
    HOUR_S,
    accrued,
    funding_owed_e6,
    funding_per_hour_e6,
    funding_rate_e6,
    index_step,
)
from quantdesk.domain.market import SOL, MarketParams, MarketState
from quantdesk.domain.money import SIZE_ONE, USD_ONE
from tests.domain.draws import INDICES, MARKETS, PRICES, SKEWS, TRADES, ceiling, floor

SECONDS = st.integers(0, HOUR_S)


@given(MARKETS, SKEWS, PRICES, SECONDS)
def test_the_index_is_the_exact_formula_rounded_down(
    params: MarketParams, skew: int, price: int, seconds: int
) -> None:
    share = Fraction(skew, params.skew_scale_e9)
    exact = (
        max(Fraction(-1), min(Fraction(1), share))
        * params.funding_max_e6
        * price
        * Fraction(seconds, HOUR_S)
    )

    assert index_step(params, skew, price_e6=price, elapsed_s=seconds) == floor(exact)


@given(TRADES, INDICES, INDICES)
def test_what_is_owed_is_the_exact_formula_rounded_up(size: int, index: int, since: int) -> None:
    owed = funding_owed_e6(size, index=index, snapshot=since)

    assert owed == ceiling(Fraction(size * (index - since), 10**15))


@given(st.lists(TRADES, min_size=1, max_size=9), INDICES, INDICES)
def test_users_and_pool_sum_to_zero_but_for_dust_that_the_pool_keeps(
    sizes: list[int], index: int, since: int
) -> None:
    owed = sum(funding_owed_e6(size, index=index, snapshot=since) for size in sizes)
    exact = Fraction(sum(sizes) * (index - since), 10**15)

    assert 0 <= owed - exact < len(sizes)


@given(TRADES, INDICES, INDICES, INDICES)
def test_settling_more_often_never_costs_the_pool(size: int, one: int, two: int, end: int) -> None:
    at_once = funding_owed_e6(size, index=end, snapshot=one)
    in_parts = funding_owed_e6(size, index=two, snapshot=one)
    in_parts += funding_owed_e6(size, index=end, snapshot=two)

    assert at_once <= in_parts <= at_once + 1


def test_one_step_credits_an_hour_at_most_and_time_never_runs_back() -> None:
    market = MarketState(params=SOL, long_e9=100 * SIZE_ONE, funding_at=1_000)

    hour = accrued(market, price_e6=150 * USD_ONE, now=1_000 + HOUR_S)
    day = accrued(market, price_e6=150 * USD_ONE, now=1_000 + 24 * HOUR_S)
    earlier = accrued(market, price_e6=150 * USD_ONE, now=500)

    assert hour.funding_index == day.funding_index == 150_000_000
    assert earlier == market


def test_the_rate_is_proportional_to_the_skew_and_capped() -> None:
    scale = SOL.skew_scale_e9

    assert funding_rate_e6(SOL, scale // 10) == SOL.funding_max_e6 // 10
    assert funding_rate_e6(SOL, 2 * scale) == SOL.funding_max_e6
    assert funding_rate_e6(SOL, -2 * scale) == -SOL.funding_max_e6


def test_the_heavy_side_pays_and_the_light_side_receives() -> None:
    heavy_long = SOL.skew_scale_e9
    price = 100 * USD_ONE

    paid = funding_per_hour_e6(SOL, heavy_long, size_e9=SIZE_ONE, price_e6=price)
    received = funding_per_hour_e6(SOL, heavy_long, size_e9=-SIZE_ONE, price_e6=price)

    assert (paid, received) == (100_000, -100_000)


def test_no_price_means_no_funding() -> None:
    market = MarketState(params=SOL, long_e9=SIZE_ONE, funding_at=0)

    assert accrued(market, price_e6=0, now=HOUR_S) == replace(market, funding_at=HOUR_S)
