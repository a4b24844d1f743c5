"""A position loses nothing: what it paid is released or still its entry; flat means empty."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.domain.money import SIZE_ONE, USD_ONE
from quantdesk.domain.position import Position, filled, is_reducing, unrealized_pnl_e6
from tests.domain.draws import PRICES, TRADES, ceiling, floor

COSTS = st.integers(-(10**13), 10**13)
LONG = Position(
    account="a",
    market_index=0,
    size_e9=100 * SIZE_ONE,
    entry_e6=15_008_022_500,
    funding_index=5,
    max_leverage=10,
)


@given(st.lists(st.tuples(TRADES, COSTS), min_size=1, max_size=8))
def test_everything_paid_is_realised_or_still_the_entry(trades: list[tuple[int, int]]) -> None:
    position = Position(account="a", market_index=0)
    paid = realized = 0
    for trade, cost in trades:
        outcome = filled(position, trade, cost, index=3, leverage=20)
        position, realized, paid = (
            outcome.position,
            realized + outcome.realized_e6,
            paid + cost,
        )

    assert position.size_e9 == sum(trade for trade, _ in trades)
    assert realized == position.entry_e6 - paid
    assert position.realized_pnl_e6 == realized


@given(st.integers(1, 100 * SIZE_ONE), COSTS)
def test_a_reduction_releases_its_share_of_the_entry_rounded_up(closed: int, cost: int) -> None:
    outcome = filled(LONG, -closed, cost, index=9, leverage=20)

    released = ceiling(Fraction(LONG.entry_e6 * closed, LONG.size_e9))
    assert outcome.position.entry_e6 == LONG.entry_e6 - released
    assert outcome.realized_e6 == -cost - released


def test_a_closed_position_holds_nothing() -> None:
    outcome = filled(LONG, -LONG.size_e9, -15_000 * USD_ONE, index=9, leverage=20)
    flat = outcome.position

    assert (flat.size_e9, flat.entry_e6, flat.funding_index, flat.max_leverage) == (0, 0, 0, 0)
    assert outcome.realized_e6 == 15_000 * USD_ONE - LONG.entry_e6


def test_a_flip_closes_at_its_share_of_the_cost_and_opens_the_rest() -> None:
    cost = -22_500_000_001
    outcome = filled(LONG, -150 * SIZE_ONE, cost, index=9, leverage=20)
    closing = ceiling(Fraction(cost * 100, 150))

    assert outcome.realized_e6 == -closing - LONG.entry_e6
    assert outcome.position.size_e9 == -50 * SIZE_ONE
    assert outcome.position.entry_e6 == cost - closing
    assert outcome.position.max_leverage == 20


def test_extending_keeps_the_leverage_that_the_position_was_opened_with() -> None:
    outcome = filled(LONG, SIZE_ONE, 150 * USD_ONE, index=9, leverage=20)

    assert outcome.position.max_leverage == 10
    assert outcome.position.funding_index == 9


@pytest.mark.parametrize(
    ("size", "trade", "reduces"),
    [(5, -5, True), (5, -6, False), (5, 1, False), (0, 1, False), (-5, 5, True), (-5, 6, False)],
)
def test_reducing_goes_towards_flat_and_not_past_it(size: int, trade: int, reduces: bool) -> None:
    assert is_reducing(size, trade) is reduces


@given(TRADES, COSTS, PRICES)
def test_profit_is_rounded_down(size: int, entry: int, price: int) -> None:
    assert unrealized_pnl_e6(size, entry, price) == floor(Fraction(size * price, 10**9)) - entry


def test_an_empty_position_with_an_entry_cannot_exist() -> None:
    with pytest.raises(AssertionError, match="flat"):
        Position(account="a", market_index=0, entry_e6=1)
