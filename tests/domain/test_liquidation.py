"""A liquidation takes as little as restores the account, and never more than it has left."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.domain.cost import adverse_impact_e6, closing_cost_e6
from quantdesk.domain.liquidation import (
    DUST_E6,
    close_size_e9,
    penalty,
    penalty_fraction_e6,
    restored_e6,
)
from quantdesk.domain.margin import Exposure, initial_e6, maintenance_e6
from quantdesk.domain.money import FRACTION_ONE, SIZE_ONE, USD_ONE
from tests.domain.desk import FLAT_SOL
from tests.domain.draws import SKEWS, ceiling

Impact = Callable[[int], int]
"""Impact that a signed close owes, USD e6."""

SIZES = st.integers(100 * SIZE_ONE, 10**14)
PRICES = st.integers(USD_ONE, 10**9)
SIGNS = st.sampled_from((-1, 1))
PARTIAL_SHARES = st.integers(410_000, 999_000)
"""Parts of the maintenance requirement at which a part of the position is enough."""
TARGET_E6 = 52_500
"""5 % to open, times 1.05."""


def held(size_e9: int, price_e6: int) -> Exposure:
    return Exposure(
        params=FLAT_SOL, size_e9=size_e9, entry_e6=0, leverage=20, price_e6=price_e6, conf_e6=0
    )


def impact_at(skew_e9: int, price_e6: int) -> Impact:
    """What each close owes the pool at a skew."""
    return partial(adverse_impact_e6, FLAT_SOL, skew_e9=skew_e9, price_e6=price_e6)


def after(exposure: Exposure, equity_e6: int, impact_of: Impact) -> tuple[Exposure, int]:
    """What remains open and the equity left once the close and its costs are booked."""
    whole_e6 = impact_of(-exposure.size_e9)
    size = close_size_e9(exposure, (), equity_e6=equity_e6, impact_e6=whole_e6)
    trade = -size if exposure.size_e9 > 0 else size
    rest = replace(exposure, size_e9=exposure.size_e9 + trade)
    charge = penalty(
        exposure,
        cost_e6=closing_cost_e6(trade, exposure.price_e6),
        impact_e6=impact_of(trade),
        equity_e6=equity_e6,
        maintenance_e6=(maintenance_e6(exposure), maintenance_e6(rest)),
    )
    return rest, equity_e6 - charge.penalty_e6 - charge.impact_e6


@given(SIZES, PRICES, SIGNS, PARTIAL_SHARES)
def test_a_partial_close_restores_the_initial_requirement_and_five_percent(
    size: int, price: int, sign: int, share: int
) -> None:
    exposure = held(sign * size, price)
    equity = maintenance_e6(exposure) * share // FRACTION_ONE
    rest, left = after(exposure, equity, lambda _: 0)

    assert rest.size_e9 != 0
    assert left + 4 >= restored_e6(initial_e6(rest))


@given(SIZES, PRICES, SIGNS, PARTIAL_SHARES, SKEWS)
def test_it_does_so_too_when_the_part_that_closes_owes_its_own_impact(
    size: int, price: int, sign: int, share: int, skew: int
) -> None:
    exposure = held(sign * size, price)
    equity = maintenance_e6(exposure) * share // FRACTION_ONE
    rest, left = after(exposure, equity, impact_at(skew, price))

    assert left + 4 >= restored_e6(initial_e6(rest))


@given(SIZES, PRICES, SIGNS, SKEWS, st.integers(0, FRACTION_ONE))
def test_no_smaller_close_owes_more_than_its_share_of_the_whole_impact(
    size: int, price: int, sign: int, skew: int, share: int
) -> None:
    part, impact_of = size * share // FRACTION_ONE, impact_at(skew, price)

    share_of_the_whole = ceiling(Fraction(impact_of(sign * size) * part, size))
    assert impact_of(sign * part) <= share_of_the_whole


@given(SIZES, PRICES, SIGNS, PARTIAL_SHARES)
def test_closing_two_units_less_would_not_restore_it(
    size: int, price: int, sign: int, share: int
) -> None:
    exposure = held(sign * size, price)
    equity = maintenance_e6(exposure) * share // FRACTION_ONE
    closed = close_size_e9(exposure, (), equity_e6=equity, impact_e6=0)

    fewer_e6 = closed * price // SIZE_ONE - 2
    left_e12 = equity * FRACTION_ONE - fewer_e6 * penalty_fraction_e6(exposure)
    assert left_e12 < (exposure.notional_e6 - fewer_e6) * TARGET_E6


@given(SIZES, PRICES, SIGNS, st.integers(-(10**12), 10**12), st.integers(0, 30_000))
def test_a_penalty_is_never_more_than_the_equity_left_and_never_worsens_the_ratio(
    size: int, price: int, sign: int, equity: int, impact: int
) -> None:
    exposure = held(sign * size, price)
    equity = min(equity, maintenance_e6(exposure) - 1)
    whole_e6 = exposure.notional_e6 * impact // FRACTION_ONE
    rest, left = after(
        exposure, equity, lambda trade: ceiling(Fraction(whole_e6 * abs(trade), size))
    )

    assert left >= min(equity, 0)
    if equity > 0:
        assert left * maintenance_e6(exposure) >= equity * maintenance_e6(rest)


@given(SIZES, PRICES, st.integers(1, 10**9))
def test_the_halves_make_the_penalty_and_the_fund_gets_the_odd_unit(
    size: int, price: int, equity: int
) -> None:
    exposure = held(size, price)
    charge = penalty(
        exposure,
        cost_e6=closing_cost_e6(-size, price),
        impact_e6=0,
        equity_e6=equity,
        maintenance_e6=(maintenance_e6(exposure), 0),
    )

    assert charge.insurance_e6 + charge.liquidator_e6 == charge.penalty_e6 <= equity
    assert charge.insurance_e6 - charge.liquidator_e6 in (0, 1)


@pytest.mark.parametrize(("notional_e6", "is_whole"), [(DUST_E6 - 1, True), (DUST_E6, False)])
def test_a_position_under_a_hundred_dollars_closes_whole(notional_e6: int, is_whole: bool) -> None:
    exposure = held(notional_e6 * 1_000, USD_ONE)
    barely_below = maintenance_e6(exposure) - 1

    size = close_size_e9(exposure, (), equity_e6=barely_below, impact_e6=0)

    assert (size == exposure.size_e9) is is_whole


def test_requirements_elsewhere_make_the_close_larger() -> None:
    exposure, other = held(60 * SIZE_ONE, 132 * USD_ONE), held(SIZE_ONE, 132 * USD_ONE)
    equity = 150 * USD_ONE

    alone = close_size_e9(exposure, (), equity_e6=equity, impact_e6=0)
    beside = close_size_e9(exposure, (other,), equity_e6=equity, impact_e6=0)

    assert beside > alone


def test_a_higher_fee_than_half_the_maintenance_is_cut_to_it() -> None:
    exposure = held(60 * SIZE_ONE, 132 * USD_ONE)
    greedy = replace(exposure, params=replace(FLAT_SOL, liquidation_fee_e6=50_000))

    assert penalty_fraction_e6(exposure) == 10_000
    assert penalty_fraction_e6(greedy) == 12_500


def test_half_of_an_odd_maintenance_rounds_down() -> None:
    odd = replace(FLAT_SOL.tiers[0], mmr_e6=15_001)
    exposure = replace(held(SIZE_ONE, USD_ONE), params=replace(FLAT_SOL, tiers=(odd,)))

    assert penalty_fraction_e6(exposure) == 7_500


@given(SIZES, PRICES, st.integers(1, 10**9), st.integers(1, 10**12), st.integers(0, 10**9))
def test_with_another_market_open_only_the_closed_share_of_the_equity_may_be_taken(
    size: int, price: int, equity: int, elsewhere: int, impact: int
) -> None:
    exposure = held(size, price)
    before, after = maintenance_e6(exposure) + elsewhere, elsewhere

    charge = penalty(
        exposure,
        cost_e6=closing_cost_e6(-size, price),
        impact_e6=impact,
        equity_e6=equity,
        maintenance_e6=(before, after),
    )

    left = equity - charge.penalty_e6 - charge.impact_e6
    assert left * before >= equity * after


@pytest.mark.parametrize(
    ("impact_e6", "equity_e6", "paid_e6"),
    [(700, 20_000, 700), (700, 10_400, 400), (700, 9_000, 0)],
)
def test_the_impact_is_paid_out_of_what_the_penalty_leaves(
    impact_e6: int, equity_e6: int, paid_e6: int
) -> None:
    charge = penalty(
        held(SIZE_ONE, USD_ONE),
        cost_e6=-USD_ONE,
        impact_e6=impact_e6,
        equity_e6=equity_e6,
        maintenance_e6=(25_000, 0),
    )

    assert (charge.penalty_e6, charge.impact_e6) == (min(10_000, equity_e6), paid_e6)
