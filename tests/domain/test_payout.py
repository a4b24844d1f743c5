"""Payout and liquidity: claims are paid pro rata, profit is banked, shares are priced fairly."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.domain.account import AccountState
from quantdesk.domain.claims import (
    CLAIM_ONE,
    UNPAID_MIN_E12,
    index_after,
    marked,
    payable_e6,
)
from quantdesk.domain.events import ClaimsPaid, Deleveraged, PnlSettled
from quantdesk.domain.ledger import Applied, Outcome, Refused
from quantdesk.domain.liquidity import COOLDOWN_S, NOTICE_S, Valuation, valuation
from quantdesk.domain.money import FRACTION_ONE, USD_ONE
from quantdesk.domain.payout import Closure, Rank
from quantdesk.domain.pool import RESERVE_LIMIT_E6
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import Pause, SecurityState
from tests.domain.desk import KEEPER, TRADER, Desk, units
from tests.domain.invariants import check_invariants

OTHER = "other"
LP = "liquidity provider"


def claimant(claims_e6: int, index_e12: int = 0) -> AccountState:
    return AccountState(address="a", owner="o", claims_e6=claims_e6, claims_index_e12=index_e12)


def winners(*sizes: int) -> Desk:
    """Longs who gained a third, against a pool whose cash is gone."""
    desk = Desk()
    desk.ledger.security = SecurityState(keeper=KEEPER)
    desk.price("150")
    for name, size in zip((TRADER, OTHER), sizes, strict=False):
        desk.open(name, usd=20_000)
        desk.trade(units(size), "150", trader=name)
    desk.settle_on("200")
    return desk


def with_cash(desk: Desk, cash_e6: int) -> None:
    """Moves the pool's cash to or from the keeper, so that money stays conserved."""
    pool = desk.ledger.pool
    desk.ledger.pool = replace(pool, cash_e6=cash_e6)
    desk.ledger.credit(KEEPER, pool.cash_e6 - cash_e6)


def event(outcome: Outcome, kind: type) -> object:
    assert isinstance(outcome, Applied), outcome
    return next(each for each in outcome.events if isinstance(each, kind))


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=5), st.data())
def test_claims_are_shared_exactly_but_for_dust_that_stays_in_the_pot(
    claims: list[int], data: st.DataObject
) -> None:
    index, owed, pot = 0, sum(claims), 0
    accounts = [claimant(each) for each in claims]
    for _ in range(3):
        if owed == 0:
            break
        paid = data.draw(st.integers(1, owed))
        before = [Fraction(each.claims_e6) for each in accounts]
        index = index_after(index, claims_e6=owed, paid_e6=paid)
        owed, pot = owed - paid, pot + paid
        accounts = [marked(each, index) for each in accounts]

        assert sum(each.claims_due_e6 for each in accounts) <= pot
        assert sum(each.claims_e6 for each in accounts) >= owed
        assert all(each.claims_e6 <= was for each, was in zip(accounts, before, strict=True))


def test_a_full_payment_ends_the_epoch_and_a_later_claim_has_no_part_in_it() -> None:
    whole = index_after(index_after(0, claims_e6=7, paid_e6=3), claims_e6=4, paid_e6=4)

    assert whole == CLAIM_ONE
    assert marked(claimant(5), whole).claims_due_e6 == 5
    assert marked(claimant(9, whole), whole).claims_e6 == 9


def test_a_claim_is_paid_when_cash_returns_and_each_gets_a_share() -> None:
    desk = winners(100, 50)
    with_cash(desk, 1_000 * USD_ONE)
    for name in (TRADER, OTHER):
        size = desk.ledger.position(name, 0).size_e9
        desk.trade(-size, "200", trader=name)
    claims = [desk.ledger.accounts[name].claims_e6 for name in (TRADER, OTHER)]
    assert min(claims) > 0
    returned = sum(claims) // 2
    with_cash(desk, returned)

    first = event(desk.exchange.pay_claims(TRADER), ClaimsPaid)
    second = event(desk.exchange.pay_claims(OTHER), ClaimsPaid)

    assert isinstance(first, ClaimsPaid)
    assert isinstance(second, ClaimsPaid)
    assert first.distributed_e6 == returned
    assert abs(first.paid_e6 - claims[0] // 2) <= 1
    assert abs(second.paid_e6 - claims[1] // 2) <= 1
    assert first.paid_e6 + second.paid_e6 <= returned
    assert desk.exchange.pay_claims(TRADER) == Refused(refusal=Refusal.NOTHING_TO_PAY)
    check_invariants(desk.ledger)


def test_a_profit_is_banked_at_the_bad_edge_and_the_position_stays() -> None:
    desk = winners(100)
    equity = desk.ledger.pool.equity_e6
    before = desk.ledger.position(TRADER, 0)

    told = event(desk.exchange.settle_pnl(TRADER, 0, at=desk.at), PnlSettled)

    assert isinstance(told, PnlSettled)
    assert told.amount_e6 == 100 * 199_950_000 - before.entry_e6
    assert desk.ledger.position(TRADER, 0).size_e9 == before.size_e9
    assert abs(desk.ledger.pool.equity_e6 - equity) <= 2 * USD_ONE
    again = desk.exchange.settle_pnl(TRADER, 0, at=desk.at)
    assert again == Refused(refusal=Refusal.NOTHING_TO_PAY)
    check_invariants(desk.ledger)


def test_a_pool_without_cash_banks_nothing_and_makes_no_claim() -> None:
    desk = winners(100)
    with_cash(desk, 7)

    told = event(desk.exchange.settle_pnl(TRADER, 0, at=desk.at), PnlSettled)

    assert isinstance(told, PnlSettled)
    assert (told.amount_e6, told.claims_e6) == (7 + told.funding_e6, 0)


def test_cash_that_older_claims_wait_for_banks_no_newer_profit() -> None:
    desk = winners(100, 100)
    with_cash(desk, 0)
    desk.trade(-units(100), "200", trader=OTHER)
    owed = desk.ledger.pool.claims_e6
    assert owed == desk.ledger.accounts[OTHER].claims_e6 > 0
    desk.exchange.settle_funding(0, TRADER, at=desk.at)

    with_cash(desk, owed)
    waits = desk.exchange.settle_pnl(TRADER, 0, at=desk.at)
    with_cash(desk, owed + 7)
    told = event(desk.exchange.settle_pnl(TRADER, 0, at=desk.at), PnlSettled)

    assert waits == Refused(refusal=Refusal.NOTHING_TO_PAY)
    assert isinstance(told, PnlSettled)
    assert (told.amount_e6, told.pool_cash_after_e6) == (7, owed)
    check_invariants(desk.ledger)


def test_a_part_keeps_the_unpaid_share_at_its_least_and_the_rest_waits_for_the_whole() -> None:
    desk = winners(100)
    with_cash(desk, 0)
    desk.trade(-units(100), "200")
    owed = desk.ledger.pool.claims_e6
    kept = -(-owed // 10**6)

    with_cash(desk, owed - 1)
    first = event(desk.exchange.pay_claims(TRADER), ClaimsPaid)
    again = desk.exchange.pay_claims(TRADER)
    with_cash(desk, kept)
    last = event(desk.exchange.pay_claims(TRADER), ClaimsPaid)

    assert isinstance(first, ClaimsPaid)
    assert (first.distributed_e6, first.pool_cash_after_e6) == (owed - kept, kept - 1)
    assert 0 <= CLAIM_ONE - first.index_after_e12 - UNPAID_MIN_E12 <= CLAIM_ONE // owed
    assert again == Refused(refusal=Refusal.NOTHING_TO_PAY)
    assert isinstance(last, ClaimsPaid)
    assert first.distributed_e6 - 1 <= first.paid_e6 == owed - last.paid_e6
    assert (last.claims_after_e6, last.index_after_e12) == (0, CLAIM_ONE)


@given(st.integers(1, CLAIM_ONE), st.integers(1, 10**15), st.data())
def test_what_is_set_aside_is_the_most_that_the_index_can_tell(
    share: int, claims: int, data: st.DataObject
) -> None:
    index = CLAIM_ONE - share
    cash = data.draw(st.integers(-1, claims + 1))

    paid = payable_e6(index, cash_e6=cash, claims_e6=claims)

    if cash >= claims:
        assert paid == claims
        return
    assert 0 <= paid <= max(cash, 0)
    left = CLAIM_ONE - index_after(index, claims_e6=claims, paid_e6=paid)
    assert left >= min(share, UNPAID_MIN_E12)
    one_less = Fraction(claims * (left - 1), share)
    # Another unit of the index is beyond the cash or the least share; what is paid reached this.
    for more in (paid + 1, claims - one_less.__floor__()):
        if paid < more <= min(cash, claims - 1):
            further = Fraction(share * (claims - more), claims)
            assert further < UNPAID_MIN_E12 or further.__ceil__() == left
    alone = marked(claimant(claims, index), CLAIM_ONE - left)
    assert paid - 1 <= alone.claims_due_e6 <= paid


def test_nobody_is_deleveraged_while_the_pool_is_above_its_floor() -> None:
    desk = winners(100)
    wish = Closure(account=TRADER, market_index=0)

    assert desk.exchange.deleverage(wish, by=KEEPER, at=desk.at) == Refused(
        refusal=Refusal.POOL_HEALTHY
    )
    assert desk.exchange.deleverage(wish, by=OTHER, at=desk.at) == Refused(
        refusal=Refusal.UNAUTHORIZED
    )


def test_the_highest_ranked_profit_is_closed_first_at_the_oracle_price() -> None:
    desk = winners(50, 100)
    with_cash(desk, 8_000 * USD_ONE)
    at = desk.at
    second = Closure(account=TRADER, market_index=0, candidates=(OTHER,))

    assert desk.exchange.deleverage(second, by=KEEPER, at=at) == Refused(
        refusal=Refusal.NOT_HIGHEST_RANK
    )
    first = Closure(account=OTHER, market_index=0, candidates=(TRADER,))
    told = event(desk.exchange.deleverage(first, by=KEEPER, at=at), Deleveraged)

    assert isinstance(told, Deleveraged)
    assert told.cost_e6 == -100 * 200 * USD_ONE
    assert desk.ledger.position(OTHER, 0).is_flat
    check_invariants(desk.ledger)


def test_a_losing_position_is_never_deleveraged() -> None:
    desk = winners(100)
    desk.settle_on("148")
    with_cash(desk, 0)

    wish = Closure(account=TRADER, market_index=0)
    assert desk.exchange.deleverage(wish, by=KEEPER, at=desk.at) == Refused(
        refusal=Refusal.NOT_PROFITABLE
    )


def test_a_deleveraging_stops_where_the_market_balances() -> None:
    desk = winners(100)
    desk.open(OTHER, usd=20_000)
    desk.trade(-units(70), "200", trader=OTHER)
    with_cash(desk, 5_000 * USD_ONE)
    wish = Closure(account=TRADER, market_index=0, max_size_e9=units(100))

    told = event(desk.exchange.deleverage(wish, by=KEEPER, at=desk.at), Deleveraged)

    assert isinstance(told, Deleveraged)
    assert told.size_e9 == -units(30)
    assert desk.ledger.markets[0].skew_e9 == 0


@pytest.mark.parametrize("usdc_e6", [1, 0, -5])
def test_among_those_who_hold_nothing_the_larger_profit_goes_first(usdc_e6: int) -> None:
    smaller, larger = Rank(profit_e6=7, usdc_e6=1), Rank(profit_e6=8, usdc_e6=usdc_e6)

    assert larger.precedes(smaller)
    assert not smaller.precedes(larger)
    assert replace(larger, usdc_e6=1).precedes(replace(smaller, usdc_e6=usdc_e6))


def test_a_profit_is_not_banked_at_a_wide_price() -> None:
    desk = winners(100)
    desk.wait(1)
    desk.price("200", conf="1.01")

    told = desk.exchange.settle_pnl(TRADER, 0, at=desk.at)

    assert told == Refused(refusal=Refusal.WIDE_PRICE)


def test_a_profit_is_banked_at_a_price_of_five_seconds_and_not_of_six() -> None:
    desk = winners(100)
    desk.wait(6)

    late = desk.exchange.settle_pnl(TRADER, 0, at=desk.at)
    in_time = desk.exchange.settle_pnl(TRADER, 0, at=replace(desk.at, now=desk.now - 1))

    assert late == Refused(refusal=Refusal.STALE_PRICE)
    assert isinstance(in_time, Applied)


@pytest.mark.parametrize("open_size", [0, 100])
def test_coming_and_going_at_once_never_gains(open_size: int) -> None:
    desk = winners(open_size) if open_size else Desk()
    desk.price("200")
    assert isinstance(desk.exchange.pool_deposit(LP, 10**9, min_shares=1, at=desk.at), Applied)
    shares = desk.ledger.pool_shares[LP].shares
    desk.exchange.request_pool_withdrawal(LP, shares, at=desk.at)
    worth = Fraction(shares, desk.ledger.pool.shares) * desk.ledger.pool.equity_e6
    assert worth <= 10**9 + open_size * 50_000

    early = desk.exchange.pool_withdraw(LP, min_amount=0, at=desk.at)
    desk.now += COOLDOWN_S
    desk.settle_on("200")
    told = desk.exchange.pool_withdraw(LP, min_amount=0, at=desk.at)

    assert early == Refused(refusal=Refusal.TIMELOCKED)
    assert isinstance(told, Applied)
    funding = 100 * USD_ONE
    assert 0 < told.events[0].amount <= 10**9 + (funding if open_size else 0)  # type: ignore[union-attr]
    check_invariants(desk.ledger)


def test_shares_leave_only_what_the_reserve_does_not_need() -> None:
    desk = winners(100)
    desk.exchange.pool_deposit(LP, 1_000 * USD_ONE, min_shares=1, at=desk.at)
    desk.exchange.request_pool_withdrawal(LP, desk.ledger.pool_shares[LP].shares, at=desk.at)
    desk.now += COOLDOWN_S
    desk.settle_on("200")
    with_cash(desk, 0)
    worth = valuation(desk.ledger, at=desk.at)
    assert isinstance(worth, Valuation)
    needed = -(-worth.reserve_e6 * FRACTION_ONE // RESERVE_LIMIT_E6) - worth.low_e6
    with_cash(desk, needed)
    told = desk.exchange.pool_withdraw(LP, min_amount=0, at=desk.at)

    assert told == Refused(refusal=Refusal.POOL_RESERVE)
    with_cash(desk, needed + 1_000 * USD_ONE)
    assert isinstance(desk.exchange.pool_withdraw(LP, min_amount=0, at=desk.at), Applied)
    check_invariants(desk.ledger)


def test_shares_leave_the_reserve_and_a_paused_pool_moves_nothing() -> None:
    desk = winners(100)
    desk.exchange.pool_deposit(LP, 1_000 * USD_ONE, min_shares=1, at=desk.at)
    desk.exchange.request_pool_withdrawal(LP, desk.ledger.pool_shares[LP].shares, at=desk.at)
    desk.now += COOLDOWN_S
    desk.settle_on("200")
    with_cash(desk, 15_000 * USD_ONE)
    assert desk.exchange.pool_withdraw(LP, min_amount=10**9, at=desk.at) == Refused(
        refusal=Refusal.SLIPPAGE_EXCEEDED
    )
    with_cash(desk, desk.ledger.pool.cash_e6 + 1)

    desk.ledger.security = replace(desk.ledger.security, pause_bits=int(Pause.POOL))
    paused = Refused(refusal=Refusal.PAUSED)
    assert desk.exchange.pool_withdraw(LP, min_amount=0, at=desk.at) == paused
    assert desk.exchange.pool_deposit(LP, 1, min_shares=0, at=desk.at) == paused
    assert desk.exchange.pay_claims(TRADER) == paused


@pytest.mark.parametrize(("late_s", "lapsed"), [(NOTICE_S, False), (NOTICE_S + 1, True)])
def test_a_notice_to_leave_lasts_a_day_after_its_wait(late_s: int, lapsed: bool) -> None:
    desk = Desk()
    desk.exchange.pool_deposit(LP, 10**9, min_shares=1, at=desk.at)
    desk.exchange.request_pool_withdrawal(LP, 10**9, at=desk.at)
    desk.now += COOLDOWN_S + late_s

    told = desk.exchange.pool_withdraw(LP, min_amount=0, at=desk.at)

    assert told == Refused(refusal=Refusal.NOTICE_LAPSED) if lapsed else isinstance(told, Applied)
    if lapsed:
        desk.exchange.request_pool_withdrawal(LP, 10**9, at=desk.at)
        desk.now += COOLDOWN_S
        assert isinstance(desk.exchange.pool_withdraw(LP, min_amount=0, at=desk.at), Applied)


def test_shares_bought_later_never_leave_under_an_older_notice() -> None:
    desk = Desk()
    desk.exchange.pool_deposit(LP, 10**9, min_shares=1, at=desk.at)
    desk.exchange.request_pool_withdrawal(LP, 10**9, at=desk.at)
    desk.now += COOLDOWN_S
    desk.exchange.pool_deposit(LP, 10**9, min_shares=1, at=desk.at)

    share = desk.ledger.pool_shares[LP]
    assert (share.shares, share.pending_shares, share.unlock_at) == (2 * 10**9, 0, 0)
    told = desk.exchange.pool_withdraw(LP, min_amount=0, at=desk.at)
    assert told == Refused(refusal=Refusal.ZERO_AMOUNT)
