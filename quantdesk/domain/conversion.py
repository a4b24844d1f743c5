"""Conversion: collateral sold for USDC between two accounts, agreed or forced by a debt.

Every sale rounds against its buyer, and its discount is at most what the largest weight leaves out,
so no sale lowers the equity of its seller. No token leaves a vault and the pool has no part in it.
"""

from dataclasses import dataclass, replace

from quantdesk.domain.account import USDC, AccountState
from quantdesk.domain.ledger import Applied, Ledger, Moment, Outcome, Refused
from quantdesk.domain.margin import standing
from quantdesk.domain.money import FRACTION_ONE, U64_MAX, Round, mul_div
from quantdesk.domain.oracle import Action, PriceReading
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import Pause
from quantdesk.domain.vault_events import CollateralConverted

AGREED_DISCOUNT_E6 = 5_000
"""Taken off the price when the owner agrees to the sale."""

FORCED_DISCOUNT_E6 = 20_000
"""Taken off the price when a debt forces the sale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A wish to buy `amount` native units of an account's tokens for USDC e6 within two bounds.

    `agreed_by` is who signs for the seller, None when the sale is to be forced.
    """

    seller: str
    buyer: str
    vault_index: int
    amount: int
    min_usdc_e6: int = 0
    max_usdc_e6: int = U64_MAX
    agreed_by: str | None = None

    @property
    def is_forced(self) -> bool:
        """Whether the seller's owner does not take part."""
        return self.agreed_by is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What a token is sold for: the low edge of its price's band, less a discount."""

    reading: PriceReading
    decimals: int
    discount_e6: int

    @property
    def rate(self) -> int:
        """Low edge e6 times what the discount leaves, e6."""
        low_e6 = max(0, self.reading.price_e6 - self.reading.conf_e6)
        return low_e6 * (FRACTION_ONE - self.discount_e6)

    @property
    def one(self) -> int:
        """What the rate is for: one whole token, times a million."""
        return int(10**self.decimals) * FRACTION_ONE

    def proceeds_e6(self, amount: int) -> int:
        """USDC e6 for `amount` native units, rounded up."""
        return mul_div(amount, self.rate, self.one, Round.UP)

    def needed(self, debt_e6: int) -> int | None:
        """Fewest native units that bring in `debt_e6`, above 0; None when nothing does."""
        if self.rate == 0:
            return None
        units = mul_div(debt_e6 - 1, self.one, self.rate, Round.DOWN) + 1
        return None if units > U64_MAX else units


def convert_collateral(ledger: Ledger, offer: Offer, *, by: str, at: Moment) -> Outcome:
    """Sells an account's tokens to the account of `by`, as offered."""
    refusal = _unacceptable(ledger, offer, by=by, at=at)
    if refusal is not None:
        return Refused(refusal=refusal)
    tariff = Tariff(
        reading=ledger.token_readings[offer.vault_index],
        decimals=ledger.collaterals[offer.vault_index].decimals,
        discount_e6=FORCED_DISCOUNT_E6 if offer.is_forced else AGREED_DISCOUNT_E6,
    )
    sold = _sold(ledger, offer, tariff, at=at)
    if isinstance(sold, Refusal):
        return Refused(refusal=sold)
    usdc_e6 = tariff.proceeds_e6(sold)
    if usdc_e6 > U64_MAX:
        return Refused(refusal=Refusal.MATH_OVERFLOW)
    if not offer.min_usdc_e6 <= usdc_e6 <= offer.max_usdc_e6:
        return Refused(refusal=Refusal.SLIPPAGE_EXCEEDED)
    buyer = ledger.accounts[offer.buyer]
    if buyer.usdc_e6 < usdc_e6:
        return Refused(refusal=Refusal.INSUFFICIENT_BALANCE)
    if not buyer.has_room_for_kind(offer.vault_index):
        return Refused(refusal=Refusal.TOO_MANY_MARKETS)
    bought = buyer.with_tokens(offer.vault_index, sold).credited(-usdc_e6)
    refusal = _uncovered(ledger, bought, at=at)
    if refusal is not None:
        return Refused(refusal=refusal)
    seller = ledger.accounts[offer.seller]
    left = seller.with_tokens(offer.vault_index, -sold).credited(usdc_e6)
    for account in (left, bought):
        ledger.accounts[account.address] = replace(account, sequence=account.sequence + 1)
    told = _converted(offer, (left, bought), (sold, usdc_e6), tariff.reading)
    return Applied(events=(told,))


def _unacceptable(ledger: Ledger, offer: Offer, *, by: str, at: Moment) -> Refusal | None:
    if by != ledger.accounts[offer.buyer].owner:
        return Refusal.UNAUTHORIZED
    if offer.buyer == offer.seller or offer.vault_index == USDC:
        return Refusal.WRONG_ACCOUNT
    if offer.agreed_by not in (None, ledger.accounts[offer.seller].owner):
        return Refusal.UNAUTHORIZED
    if ledger.security.is_paused(Pause.LIQUIDATE if offer.is_forced else Pause.WITHDRAW):
        return Refusal.PAUSED
    if offer.amount <= 0:
        return Refusal.ZERO_AMOUNT
    reading = ledger.token_readings[offer.vault_index]
    return ledger.collaterals[offer.vault_index].refusal_of(reading, now=at.now)


def _sold(ledger: Ledger, offer: Offer, tariff: Tariff, *, at: Moment) -> int | Refusal:
    seller = ledger.accounts[offer.seller]
    balance = seller.balances[offer.vault_index]
    if not offer.is_forced:
        return offer.amount if offer.amount <= balance else Refusal.INSUFFICIENT_BALANCE
    if seller.usdc_e6 >= 0:
        return Refusal.NOTHING_TO_PAY
    if balance <= 0:
        return Refusal.INSUFFICIENT_BALANCE
    refusal = _protected(ledger, seller, at=at)
    if refusal is not None:
        return refusal
    needed = tariff.needed(-seller.usdc_e6)
    return Refusal.MATH_OVERFLOW if needed is None else min(offer.amount, balance, needed)


def _protected(ledger: Ledger, seller: AccountState, *, at: Moment) -> Refusal | None:
    refusal = ledger.price_refusal(seller, None, action=Action.LIQUIDATE, now=at.now)
    if refusal is not None:
        return refusal
    collateral = ledger.collateral(seller, now=at.now, action=Action.LIQUIDATE)
    others = ledger.others(seller.address, None, now=at.now, action=Action.LIQUIDATE)
    is_backed = seller.usdc_e6 + collateral.maintenance_e6 >= 0
    is_safe = not standing(seller.usdc_e6, others, collateral).is_liquidatable
    return Refusal.HEALTHY if is_backed and is_safe else None


def _uncovered(ledger: Ledger, bought: AccountState, *, at: Moment) -> Refusal | None:
    refusal = ledger.price_refusal(bought, None, action=Action.WITHDRAW, now=at.now)
    if refusal is not None:
        return refusal
    others = ledger.others(bought.address, None, now=at.now)
    after = standing(bought.usdc_e6, others, ledger.collateral(bought, now=at.now))
    return None if after.can_grow else Refusal.INSUFFICIENT_COLLATERAL


def _converted(
    offer: Offer,
    after: tuple[AccountState, AccountState],
    sale: tuple[int, int],
    reading: PriceReading,
) -> CollateralConverted:
    left, bought = after
    return CollateralConverted(
        user_account=offer.seller,
        buyer_account=offer.buyer,
        vault_index=offer.vault_index,
        amount=sale[0],
        usdc_e6=sale[1],
        oracle_price_e6=reading.price_e6,
        oracle_conf_e6=reading.conf_e6,
        publish_time=reading.publish_time,
        forced=offer.is_forced,
        balance_after=left.balances[offer.vault_index],
        usdc_after_e6=left.usdc_e6,
        buyer_balance_after=bought.balances[offer.vault_index],
        buyer_usdc_after_e6=bought.usdc_e6,
        buyer=bought.owner,
    )
