"""Other collateral than USDC: what it counts for, and that it can be neither lent nor lost."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.domain.collateral import collateral_e6
from quantdesk.domain.custody import Tokens
from quantdesk.domain.ledger import Applied, Refused
from quantdesk.domain.money import FRACTION_ONE, USD_ONE
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.vault import Outflow, VaultState
from tests.domain.desk import TRADER, Desk, units
from tests.domain.draws import floor
from tests.domain.invariants import check_invariants

WRAPPED = 1
ONE = 10**9
VAULT = VaultState(
    index=WRAPPED,
    decimals=9,
    weight_init_e6=800_000,
    weight_maint_e6=900_000,
    conf_gate_e6=5_000,
    age_max_s=10,
    deposit_cap=1_000 * ONE,
    outflow=Outflow(floor=10 * ONE, share_e6=0),
)


def holder(wrapped: int, *, usd: int = 0) -> Desk:
    """A trader with so many whole wrapped tokens at 100 dollars, give or take 5 cents."""
    desk = Desk()
    desk.ledger.collaterals[WRAPPED] = VAULT
    desk.open(usd=usd)
    assert isinstance(desk.exchange.deposit(TRADER, wrapped * ONE, vault_index=WRAPPED), Applied)
    desk.price("150")
    say(desk)
    return desk


def say(desk: Desk, price: int = 100 * USD_ONE, conf: int = 50_000) -> None:
    """Publishes the token's price."""
    reading = PriceReading(price_e6=price, conf_e6=conf, publish_time=desk.now)
    desk.exchange.publish_token(WRAPPED, reading)


@given(st.integers(0, 10**15), st.integers(1, 10**11), st.integers(0, 10**9), st.integers(0, 10**6))
def test_collateral_is_the_exact_fraction_at_the_low_edge_rounded_down(
    balance: int, price: int, conf: int, weight: int
) -> None:
    reading = PriceReading(price_e6=price, conf_e6=conf, publish_time=0)
    exact = Fraction(balance * max(0, price - conf) * weight, ONE * FRACTION_ONE)

    assert collateral_e6(balance, 9, reading=reading, weight_e6=weight) == floor(exact)


def test_collateral_counts_less_to_open_than_to_keep() -> None:
    desk = holder(10)
    worth = desk.ledger.collateral(desk.ledger.accounts[TRADER], now=desk.now)

    assert worth.initial_e6 == 799_600_000
    assert worth.maintenance_e6 == 899_550_000


@pytest.mark.parametrize(("age_s", "refusal"), [(10, None), (11, Refusal.STALE_PRICE)])
def test_collateral_is_not_valued_at_an_old_price(age_s: int, refusal: Refusal | None) -> None:
    desk = holder(10)
    reading = desk.ledger.token_readings[WRAPPED]

    assert VAULT.refusal_of(reading, now=reading.publish_time + age_s) == refusal


@pytest.mark.parametrize(
    ("price", "conf", "ahead", "refusal"),
    [
        (100, 0, 3, Refusal.FUTURE_PRICE),
        (0, 0, 0, Refusal.NEGATIVE_PRICE),
        (1_000, 5, 0, None),
        (1_000, 6, 0, Refusal.WIDE_PRICE),
    ],
)
def test_only_a_valid_price_values_collateral(
    price: int, conf: int, ahead: int, refusal: Refusal | None
) -> None:
    reading = PriceReading(price_e6=price, conf_e6=conf, publish_time=1_000 + ahead)

    assert VAULT.refusal_of(reading, now=1_000) == refusal


def test_collateral_opens_a_position_and_then_stays() -> None:
    desk = holder(10)

    assert isinstance(desk.place(units(50)), Applied)
    desk.wait(1)
    desk.price("150")
    say(desk)
    assert isinstance(desk.execute(), Applied)
    everything = desk.exchange.withdraw(
        TRADER, Tokens(amount=10 * ONE, vault_index=WRAPPED), at=desk.at
    )
    assert everything == Refused(refusal=Refusal.INSUFFICIENT_COLLATERAL)
    check_invariants(desk.ledger)


def test_a_debt_beside_other_collateral_is_not_paid_by_the_fund() -> None:
    desk = holder(10)
    desk.place(units(100))
    desk.wait(1)
    desk.price("150")
    say(desk)
    desk.execute()
    desk.settle_on("130")
    say(desk)
    fund = desk.ledger.insurance.balance_e6

    assert isinstance(desk.liquidate(), Applied)

    assert desk.ledger.accounts[TRADER].usdc_e6 < 0
    assert desk.ledger.accounts[TRADER].balances[WRAPPED] == 10 * ONE
    assert desk.ledger.insurance.balance_e6 >= fund
    assert desk.exchange.resolve_bankruptcy(TRADER, at=desk.at) == Refused(
        refusal=Refusal.NOT_BANKRUPT
    )
    check_invariants(desk.ledger)


def test_a_token_leaves_no_faster_than_its_bucket_and_no_more_than_is_held() -> None:
    desk = holder(11)

    def taking(amount: int) -> object:
        tokens = Tokens(amount=amount, vault_index=WRAPPED)
        return desk.exchange.withdraw(TRADER, tokens, at=desk.at)

    assert taking(11 * ONE + 1) == Refused(refusal=Refusal.INSUFFICIENT_BALANCE)
    assert taking(10 * ONE + 1) == Refused(refusal=Refusal.OUTFLOW_CAP)
    assert isinstance(taking(10 * ONE), Applied)
    check_invariants(desk.ledger)


def test_a_vault_never_weighs_more_to_open_than_to_keep() -> None:
    with pytest.raises(AssertionError):
        replace(VAULT, weight_init_e6=900_001)
