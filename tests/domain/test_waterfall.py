"""Who bears a loss, and in which order; and what happens when traders win more than there is."""

from dataclasses import replace
from fractions import Fraction
from math import ceil

import pytest

from quantdesk.domain.events import BankruptcyResolved, Liquidated, OrderExecuted
from quantdesk.domain.ledger import Applied, Outcome, Refused
from quantdesk.domain.liquidation import restored_e6
from quantdesk.domain.margin import initial_e6, maintenance_e6
from quantdesk.domain.market import BTC
from quantdesk.domain.money import USD_ONE
from quantdesk.domain.oracle import SILENCE_S, Action
from quantdesk.domain.refusal import Refusal
from tests.domain.desk import FLAT_20X, FLAT_SOL, KEEPER, TRADER, Desk, units
from tests.domain.invariants import check_invariants


def bankrupt(*, insurance: int, pool_share_e6: int = 100_000) -> Desk:
    """A trader long 100 SOL from 150 with 1,000 US dollars, and a price of 100."""
    opened = Desk(FLAT_SOL)
    opened.price("150")
    opened.open(usd=1_000)
    opened.trade(units(100), "150")
    missing = opened.ledger.insurance.balance_e6 - insurance * USD_ONE
    opened.ledger.insurance = replace(opened.ledger.insurance, balance_e6=insurance * USD_ONE)
    cash = opened.ledger.pool.cash_e6 + missing
    opened.ledger.pool = replace(
        opened.ledger.pool, cash_e6=cash, daily_loss_share_e6=pool_share_e6
    )
    opened.settle_on("100")
    return opened


def liquidated(opened: Desk) -> Liquidated:
    outcome = opened.liquidate()
    assert isinstance(outcome, Applied), outcome
    event = outcome.events[-1]
    assert isinstance(event, Liquidated)
    check_invariants(opened.ledger)
    return event


def test_the_fund_pays_what_the_trader_cannot_and_the_pool_nothing() -> None:
    event = liquidated(bankrupt(insurance=50_000))

    assert event.insurance_paid_e6 > 4_000 * USD_ONE
    assert (event.pool_loss_e6, event.penalty_e6, event.balance_after_e6) == (0, 0, 0)


def test_the_pool_bears_what_the_fund_cannot() -> None:
    event = liquidated(bankrupt(insurance=1_000))

    assert event.insurance_paid_e6 == 1_000 * USD_ONE
    assert event.pool_loss_e6 > 3_000 * USD_ONE
    assert event.balance_after_e6 == 0


def test_the_pool_stops_at_its_daily_cap_and_the_rest_stays_a_debt() -> None:
    opened = bankrupt(insurance=0, pool_share_e6=1_000)
    cap = opened.ledger.pool.cash_e6 // 1_000

    event = liquidated(opened)

    assert event.pool_loss_e6 == cap == opened.ledger.pool.loss_today_e6
    assert event.balance_after_e6 < 0
    assert opened.ledger.pool.loss_left_e6(opened.now) == 0
    assert opened.ledger.pool.loss_left_e6(opened.now + 86_400) > 0


def test_the_liquidator_gets_half_of_the_penalty_of_an_account_that_can_pay() -> None:
    opened = bankrupt(insurance=50_000)
    opened.settle_on("142.5")
    before = opened.ledger.accounts[KEEPER].usdc_e6

    event = liquidated(opened)

    assert event.penalty_e6 > 0
    assert event.size_after_e9 > 0
    assert opened.ledger.accounts[KEEPER].usdc_e6 - before == event.penalty_e6 // 2


def test_a_close_against_the_crowd_pays_the_pool_its_impact_and_one_with_it_nothing() -> None:
    impact = {}
    for side in (-1, 1):
        opened = bankrupt(insurance=50_000)
        opened.open("crowd", usd=1_000_000)
        opened.settle_on("150")
        opened.trade(side * units(4_000), "150", trader="crowd")
        opened.settle_on("142.5")
        before = opened.ledger.pool.cash_e6

        event = liquidated(opened)

        gained = opened.ledger.pool.cash_e6 - before
        assert gained == event.impact_e6 + event.funding_e6 - event.realized_pnl_e6
        skew = units(100) + side * units(4_000)
        mean_skew = 2 * skew + event.size_e9
        owed = Fraction(event.size_e9 * event.oracle_price_e6, 10**9) * Fraction(3_000, 10**6)
        owed *= Fraction(mean_skew, 2 * FLAT_SOL.skew_scale_e9)
        assert event.impact_e6 == max(0, ceil(owed))
        impact[side] = event.impact_e6

    assert impact[-1] > 0 == impact[1]


def test_a_smaller_bite_may_be_asked_for_but_a_whole_close_is_whole() -> None:
    partly, wholly = bankrupt(insurance=50_000), bankrupt(insurance=50_000)
    partly.settle_on("142.5")

    assert isinstance(partly.liquidate(most_e9=units(1)), Applied)
    assert isinstance(wholly.liquidate(most_e9=units(1)), Applied)

    assert partly.ledger.position(TRADER, 0).size_e9 == units(99)
    assert wholly.ledger.position(TRADER, 0).is_flat


def test_a_healthy_account_and_a_flat_one_are_left_alone() -> None:
    opened = bankrupt(insurance=50_000)
    opened.settle_on("150")

    assert opened.liquidate() == Refused(refusal=Refusal.HEALTHY)
    opened.trade(-units(100), "150")
    assert opened.liquidate() == Refused(refusal=Refusal.NO_POSITION)


@pytest.mark.parametrize(("elsewhere", "is_closed"), [(60, True), (61, False)])
def test_the_larger_requirement_is_closed_first_and_of_two_equal_ones_either(
    elsewhere: int, is_closed: bool
) -> None:
    opened = Desk(FLAT_SOL, replace(FLAT_SOL, index=1, symbol="TWIN"))
    opened.open(usd=1_000)
    for market, size in ((0, 60), (1, elsewhere)):
        for each in (0, 1):
            opened.price("150", market=each)
        opened.place(units(size), market=market)
        opened.wait(1)
        for each in (0, 1):
            opened.price("150", market=each)
        assert isinstance(opened.execute(), Applied)
    for _ in range(2):
        opened.wait(1)
        for market in (0, 1):
            opened.price("143", market=market)

    told = opened.liquidate(market=0)

    refused = Refused(refusal=Refusal.NOT_LARGEST_REQUIREMENT)
    assert isinstance(told, Applied) if is_closed else told == refused


def test_what_the_pool_cannot_pay_becomes_a_claim_and_no_unit_appears() -> None:
    opened = Desk(FLAT_SOL)
    opened.price("150")
    opened.open(usd=1_000)
    opened.trade(units(100), "150")
    moved = opened.ledger.pool.cash_e6 - 100 * USD_ONE
    opened.ledger.pool = replace(opened.ledger.pool, cash_e6=100 * USD_ONE)
    fund = replace(opened.ledger.insurance, balance_e6=opened.ledger.insurance.balance_e6 + moved)
    opened.ledger.insurance = fund
    opened.settle_on("160")

    outcome = opened.trade(-units(100), "160")

    assert isinstance(outcome, Applied), outcome
    event = outcome.events[-1]
    assert isinstance(event, OrderExecuted)
    assert event.claims_e6 > 700 * USD_ONE
    account = opened.ledger.accounts[TRADER]
    assert account.claims_e6 == opened.ledger.pool.claims_e6 == event.claims_e6
    check_invariants(opened.ledger)


@pytest.mark.parametrize("refund_first", [True, False])
def test_the_order_of_independent_deposits_does_not_matter(refund_first: bool) -> None:
    opened = Desk(FLAT_SOL)
    for name in ("a", "b"):
        opened.open(name, usd=10)
    names = ("a", "b") if refund_first else ("b", "a")

    for name in names:
        opened.exchange.withdraw(name, 3 * USD_ONE, at=opened.at)
        opened.exchange.deposit(name, 5 * USD_ONE)

    assert [opened.ledger.accounts[name].usdc_e6 for name in ("a", "b")] == [12 * USD_ONE] * 2
    check_invariants(opened.ledger)


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [(0, Refusal.ZERO_AMOUNT), (10 * USD_ONE + 1, Refusal.INSUFFICIENT_BALANCE)],
)
def test_a_withdrawal_of_nothing_or_of_too_much_is_refused(amount: int, refusal: Refusal) -> None:
    opened = Desk(FLAT_SOL)
    opened.open("a", usd=10)

    assert opened.exchange.withdraw("a", amount, at=opened.at) == Refused(refusal=refusal)
    assert isinstance(opened.exchange.withdraw("a", 10 * USD_ONE, at=opened.at), Applied)


def test_a_withdrawal_leaves_the_initial_requirement_to_the_unit() -> None:
    opened = Desk(FLAT_SOL)
    opened.price("150")
    opened.open(usd=1_000)
    opened.trade(units(100), "150")
    free = opened.portfolio().standing(now=opened.now).free_collateral_e6

    refused = opened.exchange.withdraw(TRADER, free + 1, at=opened.at)
    allowed = opened.exchange.withdraw(TRADER, free, at=opened.at)

    assert refused == Refused(refusal=Refusal.INSUFFICIENT_COLLATERAL)
    assert isinstance(allowed, Applied)


def test_a_vault_lets_out_its_hourly_share_and_refills() -> None:
    opened = Desk(FLAT_SOL)
    opened.open("a", usd=1_000)
    outflow = replace(opened.ledger.vault.outflow, floor=100 * USD_ONE, share_e6=0)
    opened.ledger.vault = replace(opened.ledger.vault, outflow=outflow)

    def withdraw(usd: int) -> object:
        return opened.exchange.withdraw("a", usd * USD_ONE, at=opened.at)

    assert isinstance(withdraw(100), Applied)
    assert withdraw(1) == Refused(refusal=Refusal.OUTFLOW_CAP)
    opened.wait(1_800)
    assert isinstance(withdraw(50), Applied)
    assert withdraw(1) == Refused(refusal=Refusal.OUTFLOW_CAP)


def test_money_moved_between_accounts_of_one_owner_is_not_lost() -> None:
    opened = Desk(FLAT_SOL)
    for name in ("a", "b"):
        opened.open(name, usd=10)
    same_owner = replace(opened.ledger.accounts["b"], owner=opened.ledger.accounts["a"].owner)
    opened.ledger.accounts["b"] = same_owner

    outcome = opened.exchange.transfer_between("a", "b", 4 * USD_ONE, at=opened.at)

    assert isinstance(outcome, Applied)
    balances = [opened.ledger.accounts[name].usdc_e6 for name in ("a", "b")]
    assert balances == [6 * USD_ONE, 14 * USD_ONE]
    check_invariants(opened.ledger)


def test_money_does_not_move_to_another_owner() -> None:
    opened = Desk(FLAT_SOL)
    for name in ("a", "b"):
        opened.open(name, usd=10)

    outcome = opened.exchange.transfer_between("a", "b", 1, at=opened.at)

    assert outcome == Refused(refusal=Refusal.UNAUTHORIZED)


def test_an_account_that_closed_itself_below_zero_is_paid_for_and_only_once() -> None:
    opened = bankrupt(insurance=1_000)
    assert isinstance(opened.trade(-units(100), "100"), Applied)
    debt = -opened.ledger.accounts[TRADER].usdc_e6
    assert debt > 4_000 * USD_ONE

    outcome = opened.exchange.resolve_bankruptcy(TRADER, at=opened.at)

    assert isinstance(outcome, Applied)
    event = outcome.events[0]
    assert isinstance(event, BankruptcyResolved)
    assert event.insurance_paid_e6 > 1_000 * USD_ONE
    assert event.insurance_paid_e6 + event.pool_loss_e6 == debt
    assert event.balance_after_e6 == opened.ledger.insurance.balance_e6 == 0
    check_invariants(opened.ledger)
    again = opened.exchange.resolve_bankruptcy(TRADER, at=opened.at)
    assert again == Refused(refusal=Refusal.NOT_BANKRUPT)


def test_nobody_pays_for_an_account_that_still_holds_something_or_owes_nothing() -> None:
    opened = bankrupt(insurance=1_000)

    still_open = opened.exchange.resolve_bankruptcy(TRADER, at=opened.at)
    solvent = opened.exchange.resolve_bankruptcy(KEEPER, at=opened.at)

    assert still_open == solvent == Refused(refusal=Refusal.NOT_BANKRUPT)


FLAT_BTC = replace(BTC, tiers=(FLAT_20X,))


def silenced(size_e9: int, *, silent_s: int = SILENCE_S + 1) -> Desk:
    """The trader also holds BTC from 100,000, whose price stops; SOL goes on, at 142.5."""
    desk = Desk(FLAT_SOL, FLAT_BTC)
    desk.price("150")
    desk.price("100000", market=1)
    desk.open(usd=10_000)
    desk.trade(units(100), "150")
    desk.place(size_e9, market=1)
    desk.wait(1)
    desk.price("100000", market=1)
    assert isinstance(desk.execute(), Applied)
    desk.wait(silent_s - 2)
    desk.settle_on("142.5")
    return desk


def with_slack(desk: Desk, slack_e6: int, *, flattery_e6: int) -> Outcome:
    """Liquidates SOL where cash leaves so much above the requirement, by hand."""
    held = [
        desk.ledger.quote(index).exposure(desk.ledger.position(TRADER, index), now=desk.now)
        for index in (0, 1)
    ]
    profit = sum(each.pnl_e6 - each.funding_owed_e6 for each in held) + flattery_e6
    cash = maintenance_e6(held[0]) - profit + slack_e6
    desk.ledger.credit(KEEPER, desk.ledger.accounts[TRADER].usdc_e6 - cash)
    desk.ledger.credit(TRADER, cash - desk.ledger.accounts[TRADER].usdc_e6)
    return desk.liquidate()


@pytest.mark.parametrize("size_e9", [10**6, -(10**6)])
def test_a_price_that_nobody_posts_flatters_by_a_quarter_to_the_unit(size_e9: int) -> None:
    flattery = 25 * USD_ONE

    assert with_slack(silenced(size_e9), 0, flattery_e6=flattery) == Refused(
        refusal=Refusal.HEALTHY
    )
    opened = silenced(size_e9)
    assert isinstance(with_slack(opened, -1, flattery_e6=flattery), Applied)
    check_invariants(opened.ledger)


def test_a_market_protects_for_a_minute_of_silence_and_no_longer() -> None:
    refused = silenced(10**6, silent_s=SILENCE_S)
    early = with_slack(refused, -(10**9), flattery_e6=0)
    refused.wait(1)
    refused.price("142.5")

    assert early == Refused(refusal=Refusal.STALE_PRICE)
    assert isinstance(refused.liquidate(), Applied)
    assert refused.liquidate(market=1) == Refused(refusal=Refusal.STALE_PRICE)


def test_a_position_without_a_price_is_neither_restored_nor_the_largest() -> None:
    opened = silenced(10**9)

    event = with_slack(opened, -1, flattery_e6=25_000 * USD_ONE)

    assert isinstance(event, Applied)
    held = opened.ledger.quote(0).exposure(opened.ledger.position(TRADER, 0), now=opened.now)
    other = opened.ledger.others(TRADER, 0, now=opened.now, action=Action.LIQUIDATE)
    equity = opened.ledger.accounts[TRADER].usdc_e6 + held.pnl_e6
    equity += sum(each.pnl_e6 - each.funding_owed_e6 for each in other)
    assert abs(equity - restored_e6(initial_e6(held))) <= 10


def test_neither_fund_nor_pool_is_asked_while_a_position_without_a_price_is_open() -> None:
    opened = silenced(10**6)

    event = with_slack(opened, -(10**10), flattery_e6=0)

    assert isinstance(event, Applied)
    closed = event.events[-1]
    assert isinstance(closed, Liquidated)
    assert (closed.size_after_e9, closed.insurance_paid_e6, closed.pool_loss_e6) == (0, 0, 0)
    assert closed.balance_after_e6 < 0
    waiting = opened.exchange.resolve_bankruptcy(TRADER, at=opened.at)
    assert waiting == Refused(refusal=Refusal.NOT_BANKRUPT)


def test_a_price_that_nobody_posts_still_hinders_whoever_grows_or_leaves() -> None:
    opened = silenced(10**6)
    opened.settle_on("150")
    stale = Refused(refusal=Refusal.STALE_PRICE)

    assert opened.place(units(1)) == stale
    assert opened.exchange.withdraw(TRADER, 1, at=opened.at) == stale
    assert isinstance(opened.place(-units(1), reduce_only=True), Applied)
