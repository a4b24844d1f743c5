"""Collateral sold for USDC: at what price, who may force it, and what its buyer must keep."""

import pytest

from quantdesk.domain.conversion import Offer, Tariff
from quantdesk.domain.ledger import Applied, Refused
from quantdesk.domain.money import USD_ONE
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.refusal import Refusal
from tests.domain.desk import TRADER, Desk
from tests.domain.test_collateral import ONE, WRAPPED, holder, say

READING = PriceReading(price_e6=150_000_000, conf_e6=50_000, publish_time=1)
TARIFF = Tariff(reading=READING, decimals=9, discount_e6=20_000)
BUYER = "the buyer"


def test_the_buyer_pays_the_low_edge_less_the_discount_rounded_up() -> None:
    assert TARIFF.proceeds_e6(ONE) == 146_951_000
    assert TARIFF.proceeds_e6(1) == 1


@pytest.mark.parametrize("debt_e6", [1, 2, 146_950_999, 146_951_000, 146_951_001])
def test_what_is_needed_is_enough_and_a_unit_less_is_not(debt_e6: int) -> None:
    needed = TARIFF.needed(debt_e6)

    assert needed is not None
    assert TARIFF.proceeds_e6(needed) >= debt_e6 > TARIFF.proceeds_e6(needed - 1)


@pytest.fixture
def desk() -> Desk:
    """A trader with ten tokens at 100 dollars, and a buyer with ten thousand dollars."""
    desk = holder(10)
    desk.open(BUYER, usd=10_000)
    return desk


def owe(desk: Desk, debt_e6: int) -> None:
    account = desk.ledger.accounts[TRADER]
    desk.ledger.accounts[TRADER] = account.credited(-account.usdc_e6 - debt_e6)


def sell(desk: Desk, amount: int, agreed_by: str | None = None) -> Applied | Refused:
    offer = Offer(
        seller=TRADER, buyer=BUYER, vault_index=WRAPPED, amount=amount, agreed_by=agreed_by
    )
    return desk.exchange.convert_collateral(offer, by=f"owner of {BUYER}", at=desk.at)


def refused(refusal: Refusal) -> Refused:
    return Refused(refusal=refusal)


def test_an_agreed_sale_costs_its_seller_less_than_a_forced_one(desk: Desk) -> None:
    sold = sell(desk, ONE, f"owner of {TRADER}")
    gained = desk.ledger.accounts[TRADER].usdc_e6
    owe(desk, 950 * USD_ONE)
    forced = sell(desk, ONE)

    assert isinstance(sold, Applied)
    assert isinstance(forced, Applied)
    assert gained == 99_450_250
    assert desk.ledger.accounts[TRADER].usdc_e6 == -950 * USD_ONE + 97_951_000


def test_only_its_owner_agrees_to_a_sale(desk: Desk) -> None:
    assert sell(desk, ONE, "owner of nothing") == refused(Refusal.UNAUTHORIZED)
    assert sell(desk, ONE) == refused(Refusal.NOTHING_TO_PAY)


def test_a_debt_may_be_forced_one_unit_above_what_the_rest_counts_for(desk: Desk) -> None:
    owe(desk, 899_550_000)
    backed = sell(desk, 10 * ONE)
    owe(desk, 899_550_001)

    assert backed == refused(Refusal.HEALTHY)
    assert isinstance(sell(desk, 10 * ONE), Applied)


def test_a_forced_sale_ends_the_debt_and_takes_no_more(desk: Desk) -> None:
    owe(desk, 950 * USD_ONE)
    sold = sell(desk, 10 * ONE)
    after = desk.ledger.accounts[TRADER]

    assert isinstance(sold, Applied)
    assert 0 <= after.usdc_e6 < 2
    assert after.balances[WRAPPED] == 10 * ONE - 9_698_726_905


def test_a_backed_debt_is_sold_when_the_account_may_be_liquidated(desk: Desk) -> None:
    assert isinstance(desk.trade(13 * ONE, "150"), Applied)
    owe(desk, 500 * USD_ONE)
    say(desk)
    sound = sell(desk, ONE)
    desk.settle_on("119.5")
    say(desk)

    assert sound == refused(Refusal.HEALTHY)
    assert isinstance(sell(desk, ONE), Applied)


def test_a_buyer_must_cover_its_own_positions_afterwards(desk: Desk) -> None:
    desk.ledger.accounts[BUYER] = desk.ledger.accounts[BUYER].credited(-9_000 * USD_ONE)
    assert isinstance(desk.trade(125 * ONE, "150", trader=BUYER), Applied)
    say(desk)

    assert sell(desk, 5 * ONE, f"owner of {TRADER}") == refused(Refusal.INSUFFICIENT_COLLATERAL)
