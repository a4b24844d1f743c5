"""Custody: opening accounts, and US dollars entering and leaving the vault."""

from dataclasses import replace

from quantdesk.domain.account import LEVERAGE_CAP, AccountState
from quantdesk.domain.events import (
    Deposited,
    InsuranceSeeded,
    PoolSeeded,
    Transferred,
    UserAccountCreated,
    UserAccountUpdated,
    Withdrawn,
)
from quantdesk.domain.ledger import Applied, Ledger, Moment, Outcome, Refused
from quantdesk.domain.margin import standing
from quantdesk.domain.oracle import Action
from quantdesk.domain.refusal import Refusal


def create_user_account(ledger: Ledger, account: AccountState, *, at: Moment) -> Outcome:
    """Opens an empty account under its address."""
    opened = replace(account, created_at=at.now, sequence=1)
    ledger.accounts[account.address] = opened
    created = UserAccountCreated(
        user_account=account.address, owner=account.owner, sub_account_id=account.sub_account_id
    )
    return Applied(events=(created,))


def deposit(ledger: Ledger, address: str, amount: int) -> Outcome:
    """Moves `amount` from the owner's wallet into the account."""
    if amount <= 0:
        return Refused(refusal=Refusal.ZERO_AMOUNT)
    vault = ledger.vault.taking_in(amount)
    if vault is None:
        return Refused(refusal=Refusal.DEPOSIT_CAP)
    ledger.vault = vault
    ledger.credit(address, amount)
    ledger.count(address)
    balance = ledger.accounts[address].usdc_e6
    deposited = Deposited(user_account=address, amount=amount, balance_after=balance)
    return Applied(events=(deposited,))


def withdraw(ledger: Ledger, address: str, amount: int, *, at: Moment) -> Outcome:
    """Moves `amount` of free collateral back to the owner's wallet."""
    account = ledger.accounts[address]
    if amount <= 0:
        return Refused(refusal=Refusal.ZERO_AMOUNT)
    if account.usdc_e6 < amount:
        return Refused(refusal=Refusal.INSUFFICIENT_BALANCE)
    tokens = ledger.vault.total_deposits
    outflow = ledger.vault.outflow.taking(amount, tokens=tokens, now=at.now)
    if outflow is None:
        return Refused(refusal=Refusal.OUTFLOW_CAP)
    refusal = _uncovered(ledger, address, account.usdc_e6 - amount, at=at)
    if refusal is not None:
        return Refused(refusal=refusal)
    ledger.vault = replace(ledger.vault, outflow=outflow, total_deposits=tokens - amount)
    ledger.credit(address, -amount)
    ledger.count(address)
    balance = ledger.accounts[address].usdc_e6
    withdrawn = Withdrawn(user_account=address, amount=amount, balance_after=balance)
    return Applied(events=(withdrawn,))


def transfer_between(
    ledger: Ledger, address: str, to_address: str, amount: int, *, at: Moment
) -> Outcome:
    """Moves free collateral to another account of the same owner."""
    account = ledger.accounts[address]
    if account.owner != ledger.accounts[to_address].owner:
        return Refused(refusal=Refusal.UNAUTHORIZED)
    if amount <= 0:
        return Refused(refusal=Refusal.ZERO_AMOUNT)
    if account.usdc_e6 < amount:
        return Refused(refusal=Refusal.INSUFFICIENT_BALANCE)
    refusal = _uncovered(ledger, address, account.usdc_e6 - amount, at=at)
    if refusal is not None:
        return Refused(refusal=refusal)
    ledger.credit(address, -amount)
    ledger.credit(to_address, amount)
    ledger.count(address)
    ledger.count(to_address)
    transferred = Transferred(
        user_account=address,
        to_account=to_address,
        amount=amount,
        balance_after=ledger.accounts[address].usdc_e6,
        to_balance_after=ledger.accounts[to_address].usdc_e6,
    )
    return Applied(events=(transferred,))


def update_user_account(ledger: Ledger, address: str, *, name: str, max_leverage: int) -> Outcome:
    """Renames an account or changes the leverage cap of positions that it opens from now on."""
    if not 1 <= max_leverage <= LEVERAGE_CAP:
        return Refused(refusal=Refusal.LEVERAGE_TOO_HIGH)
    account = ledger.accounts[address]
    ledger.accounts[address] = replace(account, name=name, max_leverage=max_leverage)
    ledger.count(address)
    return Applied(events=(UserAccountUpdated(user_account=address, max_leverage=max_leverage),))


def seed_pool(ledger: Ledger, amount: int) -> Outcome:
    """Gives `amount` to the pool, one share for each unit."""
    if amount <= 0:
        return Refused(refusal=Refusal.ZERO_AMOUNT)
    vault = ledger.vault.taking_in(amount)
    if vault is None:
        return Refused(refusal=Refusal.DEPOSIT_CAP)
    ledger.vault = vault
    ledger.pool = replace(
        ledger.pool,
        cash_e6=ledger.pool.cash_e6 + amount,
        shares=ledger.pool.shares + amount,
        sequence=ledger.pool.sequence + 1,
    )
    return Applied(events=(PoolSeeded(amount=amount, cash_after=ledger.pool.cash_e6),))


def seed_insurance(ledger: Ledger, amount: int) -> Outcome:
    """Gives `amount` to the insurance fund."""
    if amount <= 0:
        return Refused(refusal=Refusal.ZERO_AMOUNT)
    vault = ledger.vault.taking_in(amount)
    if vault is None:
        return Refused(refusal=Refusal.DEPOSIT_CAP)
    ledger.vault = vault
    balance = ledger.insurance.balance_e6 + amount
    ledger.insurance = replace(ledger.insurance, balance_e6=balance)
    ledger.pool = replace(ledger.pool, sequence=ledger.pool.sequence + 1)
    return Applied(events=(InsuranceSeeded(amount=amount, balance_after=balance),))


def _uncovered(ledger: Ledger, address: str, balance_e6: int, *, at: Moment) -> Refusal | None:
    if not ledger.accounts[address].markets:
        return None
    refusal = ledger.price_refusal(address, None, action=Action.WITHDRAW, now=at.now)
    if refusal is not None:
        return refusal
    after = standing(balance_e6, ledger.others(address, None, now=at.now))
    return None if after.can_grow else Refusal.INSUFFICIENT_COLLATERAL
