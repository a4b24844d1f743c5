"""Liquidity: shares of the pool, priced at the worse edge for whoever comes or goes."""

from dataclasses import dataclass, replace

from quantdesk.domain.events import PoolDeposited, PoolWithdrawalRequested, PoolWithdrawn
from quantdesk.domain.ledger import Applied, Ledger, Moment, Outcome, Refused
from quantdesk.domain.money import FRACTION_ONE, I64_MAX, U64_MAX, Round, mul_div
from quantdesk.domain.oracle import Action, refusal_of
from quantdesk.domain.pool import (
    RESERVE_LIMIT_E6,
    ShareState,
    market_reserve_e6,
    market_value_e6,
)
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import Pause

COOLDOWN_S = 86_400
"""Between asking for a withdrawal and taking it."""

NOTICE_S = 86_400
"""For so long a withdrawal may be taken once its wait is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """The pool's equity at both edges of every market's price, and its reserve; USD e6."""

    low_e6: int
    high_e6: int
    reserve_e6: int = 0

    def covers_reserve_without(self, amount_e6: int) -> bool:
        """Whether the pool keeps its reserve after `amount_e6` left it."""
        left_e6 = self.low_e6 - amount_e6
        return self.reserve_e6 * FRACTION_ONE <= left_e6 * RESERVE_LIMIT_E6


def pool_deposit(
    ledger: Ledger, owner: str, amount: int, *, min_shares: int, at: Moment
) -> Outcome:
    """Buys shares at the edge that makes the pool dearer, rounded down; ends a notice to leave.

    What is bought later never leaves under an older notice.
    """
    if _is_paused(ledger, Pause.DEPOSIT):
        return Refused(refusal=Refusal.PAUSED)
    if amount <= 0:
        return Refused(refusal=Refusal.ZERO_AMOUNT)
    unpegged = ledger.peg_refusal(now=at.now)
    worth = unpegged or valuation(ledger, at=at)
    if isinstance(worth, Refusal):
        return Refused(refusal=worth)
    if worth.high_e6 <= 0 or ledger.pool.shares == 0:
        return Refused(refusal=Refusal.POOL_INSOLVENT)
    minted = mul_div(amount, ledger.pool.shares, worth.high_e6, Round.DOWN)
    if minted > U64_MAX:
        return Refused(refusal=Refusal.POOL_INSOLVENT)
    if minted < max(min_shares, 1):
        return Refused(refusal=Refusal.SLIPPAGE_EXCEEDED)
    vault = ledger.vault.taking_in(amount, now=at.now)
    if vault is None:
        return Refused(refusal=Refusal.DEPOSIT_CAP)
    ledger.vault = vault
    _post(ledger, amount, minted)
    share = ledger.share_of(owner)
    ledger.pool_shares[owner] = share.holding(share.shares + minted)
    told = PoolDeposited(
        owner=owner,
        amount=amount,
        shares=minted,
        shares_after=ledger.pool.shares,
        cash_after_e6=ledger.pool.cash_e6,
        equity_e6=worth.high_e6,
    )
    return Applied(events=(told,))


def request_pool_withdrawal(ledger: Ledger, owner: str, shares: int, *, at: Moment) -> Outcome:
    """Starts the wait before shares may be withdrawn; 0 calls it off."""
    share = ledger.pool_shares[owner]
    if shares > share.shares:
        return Refused(refusal=Refusal.INSUFFICIENT_BALANCE)
    unlock_at = at.now + COOLDOWN_S if shares else 0
    ledger.pool_shares[owner] = replace(
        share, pending_shares=shares, unlock_at=unlock_at, sequence=share.sequence + 1
    )
    told = PoolWithdrawalRequested(owner=owner, pending_shares=shares, unlock_at=unlock_at)
    return Applied(events=(told,))


def pool_withdraw(ledger: Ledger, owner: str, *, min_amount: int, at: Moment) -> Outcome:
    """Sells waiting shares at the edge that makes the pool cheaper, rounded down."""
    share = ledger.pool_shares[owner]
    refusal = _unripe(ledger, share, at=at)
    if refusal is not None:
        return Refused(refusal=refusal)
    worth = valuation(ledger, at=at)
    if isinstance(worth, Refusal):
        return Refused(refusal=worth)
    burned = share.pending_shares
    amount = mul_div(burned, max(worth.low_e6, 0), ledger.pool.shares, Round.DOWN)
    if amount < max(min_amount, 1):
        return Refused(refusal=Refusal.SLIPPAGE_EXCEEDED)
    if amount > ledger.pool.cash_e6 or not worth.covers_reserve_without(amount):
        return Refused(refusal=Refusal.POOL_RESERVE)
    vault = ledger.vault.letting_out(amount, now=at.now)
    if isinstance(vault, Refusal):
        return Refused(refusal=vault)
    ledger.vault = vault
    _post(ledger, -amount, -burned)
    ledger.pool_shares[owner] = share.holding(share.shares - burned)
    told = PoolWithdrawn(
        owner=owner,
        amount=amount,
        shares=burned,
        shares_after=ledger.pool.shares,
        cash_after_e6=ledger.pool.cash_e6,
        equity_e6=worth.low_e6,
    )
    return Applied(events=(told,))


def valuation(ledger: Ledger, *, at: Moment) -> Valuation | Refusal:
    """The pool at fresh prices, funding brought to now; or why a price may not be used."""
    low = high = ledger.pool.cash_e6 - ledger.pool.claims_e6
    reserve = 0
    for index in sorted(ledger.markets):
        market = ledger.markets[index]
        if market.long_e9 == 0 and market.short_e9 == 0:
            continue
        quote = ledger.quote(index)
        refusal = refusal_of(quote.reading, market, action=Action.GROW, now=at.now)
        if refusal is not None:
            return refusal
        accrued = quote.accrued(at.now)
        price, conf = quote.reading.price_e6, quote.reading.conf_e6
        edges = [market_value_e6(accrued, each) for each in (max(price - conf, 1), price + conf)]
        low, high = low + min(edges), high + max(edges)
        reserve += market_reserve_e6(accrued, price)
    return Valuation(low_e6=low, high_e6=high, reserve_e6=reserve)


def _is_paused(ledger: Ledger, action: Pause) -> bool:
    return ledger.security.is_paused(action) or ledger.security.is_paused(Pause.POOL)


def _unripe(ledger: Ledger, share: ShareState, *, at: Moment) -> Refusal | None:
    if _is_paused(ledger, Pause.WITHDRAW):
        return Refusal.PAUSED
    if share.pending_shares == 0:
        return Refusal.ZERO_AMOUNT
    if at.now < share.unlock_at:
        return Refusal.TIMELOCKED
    return Refusal.NOTICE_LAPSED if at.now - share.unlock_at > NOTICE_S else None


def _post(ledger: Ledger, amount: int, shares: int) -> None:
    assert abs(amount) <= I64_MAX, "deposits are capped below"
    pool = ledger.pool
    ledger.pool = replace(
        pool,
        cash_e6=pool.cash_e6 + amount,
        shares=pool.shares + shares,
        lp_shares=pool.lp_shares + shares,
        sequence=pool.sequence + 1,
    )
