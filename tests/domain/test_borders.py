"""Borders that the laws pass by: what keeps a position, and what a scanner's band must hold."""

from quantdesk.domain.collateral import Collateral
from quantdesk.domain.margin import standing
from quantdesk.domain.market import SOL
from quantdesk.domain.money import SIZE_ONE, USD_ONE
from quantdesk.domain.scanner import Holding, Leg, Scanner

INDEX_STEP = 10**9


def test_other_collateral_counts_to_open_and_to_keep_by_its_own_weight() -> None:
    found = standing(5, [], Collateral(initial_e6=10, maintenance_e6=20))

    assert (found.initial_equity_e6, found.maintenance_equity_e6) == (15, 25)


def test_a_short_pressed_by_funding_and_by_price_is_found_at_the_very_price() -> None:
    steps = steps_of_funding_inside_the_band()
    scanner = short()
    scanner.move_index(0, -steps * INDEX_STEP)
    price = scanner.prices_e6[0]

    while not scanner.full_scan():
        price += 10_000
        scanner.move_price(0, price)

        assert scanner.liquidatable == scanner.full_scan()


def steps_of_funding_inside_the_band() -> int:
    """How far funding moves without a second look at the account."""
    steps = 1
    while not short().move_index(0, -2 * steps * INDEX_STEP):
        steps *= 2
    return steps


def short() -> Scanner:
    """A short of 1.5 million US dollars, 100,000 above what it must keep."""
    scanner = Scanner({0: SOL}, {0: 150 * USD_ONE})
    size = -10_000 * SIZE_ONE
    scanner.put(1, Holding(175_000 * USD_ONE, (Leg(0, size, size * 150 // 1_000, 0),)))
    return scanner
