"""Requirements round up, equity rounds down, and a tier's border is where the table says."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.domain.margin import (
    Exposure,
    initial_e6,
    initial_fraction_e6,
    maintenance_e6,
    maintenance_fraction_e6,
    standing,
)
from quantdesk.domain.market import SOL
from quantdesk.domain.money import FRACTION_ONE, SIZE_ONE, USD_ONE
from tests.domain.draws import CONFIDENCES, EQUITIES, PRICES, TRADES, ceiling, floor

ENTRIES = st.integers(-(10**13), 10**13)
LEVERAGES = st.integers(1, 100)
EXPOSURES = st.builds(
    Exposure,
    params=st.just(SOL),
    size_e9=TRADES,
    entry_e6=ENTRIES,
    leverage=LEVERAGES,
    price_e6=PRICES,
    conf_e6=CONFIDENCES,
    funding_owed_e6=st.integers(-(10**9), 10**9),
)


def worth(usd_e6: int, *, leverage: int = 100, conf_e6: int = 0) -> Exposure:
    """A long position of exactly this notional at a price of one dollar."""
    return Exposure(
        params=SOL,
        size_e9=usd_e6 * 1_000,
        entry_e6=usd_e6,
        leverage=leverage,
        price_e6=USD_ONE,
        conf_e6=conf_e6,
    )


@given(EXPOSURES)
def test_requirements_are_exact_fractions_of_the_value_rounded_up(held: Exposure) -> None:
    value = ceiling(Fraction(abs(held.size_e9) * held.price_e6, SIZE_ONE))

    assert held.notional_e6 == value
    share = Fraction(initial_fraction_e6(held), FRACTION_ONE)
    assert initial_e6(held) == ceiling(value * share)
    share = Fraction(maintenance_fraction_e6(held), FRACTION_ONE)
    assert maintenance_e6(held) == ceiling(value * share)


@given(EXPOSURES)
def test_keeping_a_position_never_needs_more_than_opening_it(held: Exposure) -> None:
    assert maintenance_e6(held) <= initial_e6(held)


@given(EQUITIES, st.lists(EXPOSURES, max_size=4))
def test_free_collateral_is_never_more_than_equity(cash: int, held: list[Exposure]) -> None:
    found = standing(cash, held)

    assert found.free_collateral_e6 <= found.initial_equity_e6
    assert found.initial_equity_e6 <= found.maintenance_equity_e6


@given(EQUITIES, st.lists(EXPOSURES, max_size=4))
def test_equity_is_the_exact_sum_or_at_most_a_unit_a_position_less(
    cash: int, held: list[Exposure]
) -> None:
    exact = Fraction(cash)
    for each in held:
        exact += Fraction(each.size_e9 * each.price_e6, SIZE_ONE)
        exact -= each.entry_e6 + each.funding_owed_e6

    assert 0 <= exact - standing(cash, held).maintenance_equity_e6 < max(1, len(held))


@given(EXPOSURES, st.integers(0, 10**9))
def test_a_wider_price_never_helps_to_open(held: Exposure, wider: int) -> None:
    doubtful = replace(held, conf_e6=held.conf_e6 + wider)

    assert doubtful.adverse_pnl_e6 <= held.adverse_pnl_e6 <= 0
    assert initial_e6(doubtful) >= initial_e6(held)


@given(TRADES, PRICES, PRICES, CONFIDENCES)
def test_a_long_and_its_mirror_short_never_create_money(
    size: int, entry: int, price: int, conf: int
) -> None:
    paid = floor(Fraction(size * entry, SIZE_ONE))
    pair = [
        Exposure(
            params=SOL,
            size_e9=sign * size,
            entry_e6=sign * paid,
            leverage=20,
            price_e6=price,
            conf_e6=conf,
        )
        for sign in (1, -1)
    ]

    assert -1 <= standing(0, pair).maintenance_equity_e6 <= 0


@pytest.mark.parametrize(
    ("usd", "initial", "maintenance"),
    [
        (10_000 * USD_ONE, 10_000, 5_000),
        (10_000 * USD_ONE + 1, 20_000, 10_000),
        (100_000 * USD_ONE, 20_000, 10_000),
        (100_000 * USD_ONE + 1, 50_000, 25_000),
        (1_000_000 * USD_ONE, 50_000, 25_000),
        (1_000_000 * USD_ONE + 1, 100_000, 50_000),
    ],
)
def test_the_next_tier_begins_one_unit_above_the_cap(
    usd: int, initial: int, maintenance: int
) -> None:
    assert initial_fraction_e6(worth(usd)) == initial
    assert maintenance_fraction_e6(worth(usd)) == maintenance


def test_a_hundredfold_needs_a_narrow_price_and_the_requirement_to_keep_does_not_move() -> None:
    small = 10_000 * USD_ONE

    narrow, wide = worth(small, conf_e6=999), worth(small, conf_e6=1_000)

    assert (initial_fraction_e6(narrow), initial_fraction_e6(wide)) == (10_000, 20_000)
    assert maintenance_e6(narrow) == maintenance_e6(wide)


@pytest.mark.parametrize(("leverage", "fraction"), [(100, 10_000), (20, 50_000), (3, 333_334)])
def test_the_account_s_leverage_cap_demands_its_inverse_rounded_up(
    leverage: int, fraction: int
) -> None:
    assert initial_fraction_e6(worth(USD_ONE, leverage=leverage)) == fraction


def test_an_account_exactly_at_its_requirement_is_healthy_and_one_unit_less_is_not() -> None:
    held = worth(1_000 * USD_ONE)
    needed = maintenance_e6(held)

    assert not standing(needed, [held]).is_liquidatable
    assert standing(needed - 1, [held]).is_liquidatable
    assert standing(needed, [held]).health_e6 == FRACTION_ONE
    assert standing(needed - 1, [held]).health_e6 < FRACTION_ONE


def test_exactly_the_initial_requirement_may_grow_and_one_unit_less_may_not() -> None:
    held = worth(1_000 * USD_ONE)
    needed = initial_e6(held)

    assert standing(needed, [held]).can_grow
    assert not standing(needed - 1, [held]).can_grow


def test_health_is_bounded_and_zero_when_nothing_is_open() -> None:
    assert standing(10**15, [worth(1)]).health_e6 == 2**32 - 1
    assert standing(-(10**9), [worth(USD_ONE)]).health_e6 == 0
    assert standing(10**15, []).health_e6 == 0
