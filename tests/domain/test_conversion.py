"""Conversion: sales of collateral are fair to the unit, and forced ones only where a debt is."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.domain.account import RISK_SET_MAX
from quantdesk.domain.conversion import (
    AGREED_DISCOUNT_E6,
    FORCED_DISCOUNT_E6,
    Offer,
    Tariff,
)
from quantdesk.domain.custody import Tokens
from quantdesk.domain.ledger import Applied, Outcome, Refused
from quantdesk.domain.money import FRACTION_ONE, U64_MAX, USD_ONE
from quantdesk.domain.oracle import Action, PriceReading
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import Pause, SecurityState
from quantdesk.domain.vault import LAST_PRICE_S, WEIGHT_MAX_E6
from quantdesk.domain.vault_events import CollateralConverted
from tests.domain.desk import TRADER, Desk, units
from tests.domain.draws import ceiling
from tests.domain.invariants import check_invariants
from tests.domain.test_collateral import ONE, VAULT, WRAPPED, holder, say

BUYER = "buyer"
OWNER, BUYERS_OWNER = f"owner of {TRADER}", f"owner of {BUYER}"
TARIFFS = st.builds(
    lambda price, conf, decimals, discount: Tariff(
        reading=PriceReading(price_e6=price, conf_e6=min(conf, price - 1), publish_time=0),
        decimals=decimals,
        discount_e6=discount,
    ),
    st.integers(1, 10**11),
    st.integers(0, 10**9),
    st.integers(0, 9),
    st.sampled_from((AGREED_DISCOUNT_E6, FORCED_DISCOUNT_E6)),
)


def debtor(wrapped: int, *, at: str = "130") -> Desk:
    """A trader with wrapped tokens worth 100 dollars each, flat, with a debt of some 2,000."""
    desk = holder(wrapped)
    desk.open(BUYER, usd=50_000)
    desk.place(units(100))
    desk.wait(1)
    desk.price("150")
    say(desk)
    assert isinstance(desk.execute(), Applied)
    desk.settle_on(at)
    say(desk)
    desk.trade(-units(100), at)
    say(desk)
    assert desk.ledger.accounts[TRADER].usdc_e6 < -1_900 * USD_ONE
    return desk


def offered(desk: Desk, amount: int, *, by: str = BUYERS_OWNER, **terms: object) -> Outcome:
    offer = Offer(seller=TRADER, buyer=BUYER, vault_index=WRAPPED, amount=amount)
    offer = replace(offer, **terms)  # type: ignore[arg-type]
    return desk.exchange.convert_collateral(offer, by=by, at=desk.at)


def sale(outcome: Outcome) -> CollateralConverted:
    assert isinstance(outcome, Applied), outcome
    event = outcome.events[-1]
    assert isinstance(event, CollateralConverted)
    return event


@given(TARIFFS, st.integers(0, 10**15))
def test_a_buyer_pays_the_exact_low_edge_less_the_discount_rounded_up(
    tariff: Tariff, amount: int
) -> None:
    low = tariff.reading.price_e6 - tariff.reading.conf_e6
    kept = Fraction(FRACTION_ONE - tariff.discount_e6, FRACTION_ONE)

    assert tariff.proceeds_e6(amount) == ceiling(amount * low * kept / 10**tariff.decimals)


@given(TARIFFS, st.integers(1, 10**13))
def test_what_a_debt_needs_is_enough_and_one_unit_less_is_not(tariff: Tariff, debt: int) -> None:
    needed = tariff.needed(debt)

    assert (needed is None) == (tariff.proceeds_e6(U64_MAX) < debt)
    if needed is not None:
        assert tariff.proceeds_e6(needed) >= debt
        assert tariff.proceeds_e6(needed - 1) < debt


@given(TARIFFS, st.integers(1, 10**13), st.data())
def test_no_sale_lowers_what_the_largest_weight_counted(
    tariff: Tariff, held: int, data: st.DataObject
) -> None:
    sold = data.draw(st.integers(0, held))
    vault = replace(VAULT, decimals=tariff.decimals, weight_maint_e6=WEIGHT_MAX_E6)

    before = vault.worth(held, tariff.reading, now=0).maintenance_e6
    after = vault.worth(held - sold, tariff.reading, now=0).maintenance_e6
    assert tariff.proceeds_e6(sold) + after >= before


def test_an_owner_sells_at_half_a_percent_less_and_nothing_leaves_the_vaults() -> None:
    desk = holder(10)
    desk.open(BUYER, usd=5_000)

    event = sale(offered(desk, 4 * ONE, agreed_by=OWNER))

    assert (event.amount, event.usdc_e6, event.forced) == (4 * ONE, 397_801_000, False)
    assert desk.ledger.accounts[BUYER].balances[WRAPPED] == 4 * ONE
    assert desk.ledger.accounts[TRADER].usdc_e6 == 397_801_000
    assert desk.ledger.collaterals[WRAPPED].total_deposits == 10 * ONE
    check_invariants(desk.ledger)


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        ({"by": OWNER}, Refusal.UNAUTHORIZED),
        ({"agreed_by": "a stranger"}, Refusal.UNAUTHORIZED),
        ({"buyer": TRADER, "by": OWNER}, Refusal.WRONG_ACCOUNT),
        ({"vault_index": 0}, Refusal.WRONG_ACCOUNT),
        ({"amount": 0}, Refusal.ZERO_AMOUNT),
        ({"amount": 10 * ONE + 1}, Refusal.INSUFFICIENT_BALANCE),
        ({"min_usdc_e6": 994_502_501}, Refusal.SLIPPAGE_EXCEEDED),
        ({"max_usdc_e6": 994_502_499}, Refusal.SLIPPAGE_EXCEEDED),
        ({"min_usdc_e6": 994_502_500, "max_usdc_e6": 994_502_500}, None),
        ({}, None),
    ],
)
def test_a_sale_happens_as_agreed_or_not_at_all(
    terms: dict[str, object], refusal: Refusal | None
) -> None:
    desk = holder(10)
    desk.open(BUYER, usd=5_000)
    before = dict(desk.ledger.accounts)

    given_terms = {"agreed_by": OWNER, "amount": 10 * ONE, **terms}
    told = offered(desk, **given_terms)  # type: ignore[arg-type]

    if refusal is None:
        assert sale(told).usdc_e6 == 994_502_500
    else:
        assert told == Refused(refusal=refusal)
        assert desk.ledger.accounts == before


@pytest.mark.parametrize(("usd", "refusal"), [(994, Refusal.INSUFFICIENT_BALANCE), (995, None)])
def test_a_buyer_pays_in_cash(usd: int, refusal: Refusal | None) -> None:
    desk = holder(10)
    desk.open(BUYER, usd=usd)

    told = offered(desk, 10 * ONE, agreed_by=OWNER)

    assert isinstance(told, Applied) if refusal is None else told == Refused(refusal=refusal)


def test_a_buyer_must_still_bear_its_own_positions() -> None:
    desk = holder(10)
    desk.open(BUYER, usd=1_010)
    desk.trade(units(120), "150", trader=BUYER)
    say(desk)

    assert offered(desk, 10 * ONE, agreed_by=OWNER) == Refused(
        refusal=Refusal.INSUFFICIENT_COLLATERAL
    )


def test_without_a_debt_nothing_is_sold_by_force() -> None:
    desk = holder(10, usd=1)
    desk.open(BUYER, usd=5_000)

    assert offered(desk, ONE) == Refused(refusal=Refusal.NOTHING_TO_PAY)


def test_a_debt_that_the_rest_backs_is_left_alone_to_the_unit() -> None:
    desk = debtor(30)
    debt = -desk.ledger.accounts[TRADER].usdc_e6
    worth = desk.ledger.collateral(desk.ledger.accounts[TRADER], now=desk.now)
    assert debt < worth.maintenance_e6
    desk.ledger.credit(TRADER, debt - worth.maintenance_e6)

    assert offered(desk, ONE) == Refused(refusal=Refusal.HEALTHY)
    desk.ledger.credit(TRADER, -1)
    assert sale(offered(desk, ONE)).forced


def test_a_forced_sale_takes_no_more_than_the_debt_needs() -> None:
    desk = debtor(22)

    event = sale(offered(desk, 10**18))

    assert event.forced
    assert event.amount < 22 * ONE
    assert 0 <= event.usdc_after_e6 <= 98
    again = offered(desk, 10**18)
    assert again == Refused(refusal=Refusal.NOTHING_TO_PAY)
    check_invariants(desk.ledger)


def test_what_a_forced_sale_leaves_owed_is_paid_by_the_fund() -> None:
    desk = debtor(10)
    fund = desk.ledger.insurance.balance_e6

    event = sale(offered(desk, 10**18))
    told = desk.exchange.resolve_bankruptcy(TRADER, at=desk.at)

    assert (event.amount, event.balance_after) == (10 * ONE, 0)
    assert isinstance(told, Applied)
    assert desk.ledger.accounts[TRADER].usdc_e6 == 0
    assert fund - desk.ledger.insurance.balance_e6 == -event.usdc_after_e6
    check_invariants(desk.ledger)


@pytest.mark.parametrize(("bit", "agreed_by"), [(Pause.LIQUIDATE, None), (Pause.WITHDRAW, OWNER)])
def test_each_kind_of_sale_has_its_own_pause(bit: Pause, agreed_by: str | None) -> None:
    desk = debtor(10)
    desk.ledger.security = SecurityState(pause_bits=int(bit))

    assert offered(desk, ONE, agreed_by=agreed_by) == Refused(refusal=Refusal.PAUSED)
    desk.ledger.security = SecurityState(pause_bits=0xFF & ~int(bit))
    assert isinstance(offered(desk, ONE, agreed_by=agreed_by), Applied)


def test_nothing_is_sold_at_an_old_price() -> None:
    desk = debtor(10)
    desk.now += 11

    assert offered(desk, ONE) == Refused(refusal=Refusal.STALE_PRICE)


@pytest.mark.parametrize(
    ("age_s", "usable"), [(10, 100), (11, 200), (LAST_PRICE_S, 200), (LAST_PRICE_S + 1, None)]
)
def test_a_dead_feed_counts_double_for_a_week_when_its_owner_may_be_liquidated(
    age_s: int, usable: int | None
) -> None:
    reading = PriceReading(price_e6=100 * USD_ONE, conf_e6=50_000, publish_time=1_000)

    told = VAULT.usable(reading, action=Action.LIQUIDATE, now=1_000 + age_s)

    if usable is None:
        assert told is Refusal.STALE_PRICE
    else:
        assert isinstance(told, PriceReading)
        assert (told.price_e6, told.conf_e6) == (usable * USD_ONE, 0 if age_s > 10 else 50_000)


def test_a_wide_price_counts_for_liquidations_and_nothing_else() -> None:
    reading = PriceReading(price_e6=1_000, conf_e6=6, publish_time=1_000)

    assert VAULT.usable(reading, action=Action.LIQUIDATE, now=1_000) == reading
    assert VAULT.usable(reading, action=Action.GROW, now=1_000) is Refusal.WIDE_PRICE
    ahead = replace(reading, publish_time=1_003)
    assert VAULT.usable(ahead, action=Action.LIQUIDATE, now=1_000) is Refusal.FUTURE_PRICE


def test_nobody_holds_more_kinds_than_fit_into_one_weighing() -> None:
    account = holder(1).ledger.accounts[TRADER]
    full = replace(account, open_markets=(0, 1, 2, 3, 4, 5, 6, 65_535), balances=(0, 1) + (0,) * 6)

    assert account.risk_set_len == 2
    assert full.risk_set_len == 23
    assert full.has_room_for(6)
    assert not full.has_room_for(7)
    assert full.has_room_for_kind(1)
    assert full.has_room_for_kind(0)
    assert not full.has_room_for_kind(2)
    roomy = replace(full, balances=(0,) * 8)
    assert roomy.has_room_for(7)
    assert roomy.risk_set_len + 3 == RISK_SET_MAX


def test_lamports_and_wrapped_tokens_are_one_balance_in_two_forms() -> None:
    desk = Desk()
    desk.ledger.collaterals[WRAPPED] = VAULT
    desk.ledger.native_vault = WRAPPED
    desk.open(usd=0)
    desk.price("150")
    say(desk)
    coins = Tokens(amount=3 * ONE, vault_index=WRAPPED, is_native=True)
    assert isinstance(desk.exchange.deposit(TRADER, coins), Applied)
    assert isinstance(desk.exchange.deposit(TRADER, 2 * ONE, vault_index=WRAPPED), Applied)

    def taking(amount: int, *, is_native: bool) -> Outcome:
        tokens = Tokens(amount=amount, vault_index=WRAPPED, is_native=is_native)
        return desk.exchange.withdraw(TRADER, tokens, at=desk.at)

    short = Refused(refusal=Refusal.VAULT_SHORT)
    assert taking(2 * ONE + 1, is_native=False) == short
    assert taking(3 * ONE + 1, is_native=True) == short
    assert isinstance(taking(3 * ONE, is_native=True), Applied)
    assert isinstance(taking(2 * ONE, is_native=False), Applied)
    assert desk.ledger.native_lamports == 0
    wrong = Tokens(amount=1, is_native=True)
    assert desk.exchange.deposit(TRADER, wrong) == Refused(refusal=Refusal.WRONG_ACCOUNT)
    check_invariants(desk.ledger)
