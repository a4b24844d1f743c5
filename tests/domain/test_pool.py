"""The pool knows what it is worth and what it must keep, to the unit."""

from dataclasses import replace

from quantdesk.domain.market import SOL, MarketState
from quantdesk.domain.money import SIZE_ONE, USD_ONE
from quantdesk.domain.pool import InsuranceState, PoolState, loss_shares, market_reserve_e6

POOL = PoolState(cash_e6=90, markets_value_e6=10, reserve_e6=80)


def test_the_reserve_may_take_four_fifths_of_the_equity_and_not_a_unit_more() -> None:
    assert POOL.covers_reserve
    assert not replace(POOL, reserve_e6=81).covers_reserve


def test_claims_are_a_debt_of_the_pool() -> None:
    owing = replace(POOL, claims_e6=1)

    assert (POOL.equity_e6, owing.equity_e6) == (100, 99)
    assert not owing.covers_reserve


def test_what_is_matched_asks_for_a_tenth_of_what_is_one_sided() -> None:
    one_sided = MarketState(params=SOL, long_e9=10 * SIZE_ONE)
    matched = replace(one_sided, short_e9=10 * SIZE_ONE)

    assert market_reserve_e6(one_sided, 100 * USD_ONE) == 500 * USD_ONE
    assert market_reserve_e6(matched, 100 * USD_ONE) == 50 * USD_ONE


def test_a_debt_falls_on_the_fund_then_on_the_pool_within_cash_and_cap() -> None:
    fund, pool = InsuranceState(balance_e6=30), PoolState(cash_e6=50)

    def shares(debt_e6: int, allowed_e6: int) -> tuple[int, int]:
        found = loss_shares(debt_e6, insurance=fund, pool=pool, allowed_e6=allowed_e6)
        return found.insurance_e6, found.pool_e6

    assert shares(20, 100) == (20, 0)
    assert shares(40, 100) == (30, 10)
    assert shares(200, 100) == (30, 50)
    assert shares(200, 40) == (30, 40)
    assert shares(-5, 100) == (0, 0)


def test_a_pool_below_zero_bears_nothing_today() -> None:
    fund, overdrawn = InsuranceState(), PoolState(cash_e6=-50)

    found = loss_shares(20, insurance=fund, pool=overdrawn, allowed_e6=100)

    assert (found.insurance_e6, found.pool_e6) == (0, 0)
    assert overdrawn.marking_loss(overdrawn, 1, now=0).loss_cap_today_e6 == 0
