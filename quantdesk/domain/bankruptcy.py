"""Bankruptcy: paying the debt of an account that holds nothing any more.

A liquidation does this itself; what remains are accounts that closed themselves below zero, and
debts that one day's allowance of the pool did not cover.
"""

from dataclasses import replace

from quantdesk.domain.account import AccountState
from quantdesk.domain.events import BankruptcyResolved
from quantdesk.domain.ledger import Applied, Ledger, Moment, Outcome, Refused
from quantdesk.domain.pool import LossShares, loss_shares
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import Pause


def resolve_bankruptcy(ledger: Ledger, address: str, *, at: Moment) -> Outcome:
    """Anyone lets the fund and then the pool pay what a bankrupt account owes."""
    if ledger.security.is_paused(Pause.LIQUIDATE):
        return Refused(refusal=Refusal.PAUSED)
    account = ledger.accounts[address]
    if not is_bankrupt(account):
        return Refused(refusal=Refusal.NOT_BANKRUPT)
    shares = loss_shares(
        -account.usdc_e6,
        insurance=ledger.insurance,
        pool=ledger.pool,
        allowed_e6=ledger.pool.loss_left_e6(at.now),
    )
    if shares.insurance_e6 + shares.pool_e6 == 0:
        return Refused(refusal=Refusal.NOT_BANKRUPT)
    _pay(ledger, shares, at=at)
    ledger.credit(address, shares.insurance_e6 + shares.pool_e6)
    ledger.count(address)
    resolved = BankruptcyResolved(
        user_account=address,
        insurance_paid_e6=shares.insurance_e6,
        pool_loss_e6=shares.pool_e6,
        balance_after_e6=ledger.accounts[address].usdc_e6,
        pool_cash_after_e6=ledger.pool.cash_e6,
        insurance_after_e6=ledger.insurance.balance_e6,
    )
    return Applied(events=(resolved,))


def is_bankrupt(account: AccountState) -> bool:
    """Whether the account owes US dollars and holds nothing that could pay them."""
    return account.usdc_e6 < 0 and account.holds_only(None)


def _pay(ledger: Ledger, shares: LossShares, *, at: Moment) -> None:
    poorer = replace(ledger.pool, cash_e6=ledger.pool.cash_e6 - shares.pool_e6)
    ledger.pool = ledger.pool.marking_loss(poorer, shares.pool_e6, now=at.now)
    ledger.insurance = ledger.insurance.paying(shares.insurance_e6)
