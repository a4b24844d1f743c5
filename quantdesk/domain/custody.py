"""Custody: opening accounts, and tokens entering and leaving the vaults."""

from dataclasses import dataclass, replace

from quantdesk.domain.account import LEVERAGE_CAP, USDC, AccountState
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
from quantdesk.domain.money import I64_MAX
from quantdesk.domain.oracle import Action
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import Pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A count of one vault's tokens, in their native unit; lamports themselves when `is_native`."""

    amount: int
    vault_index: int = USDC
    is_native: bool = False


def create_user_account(ledger: Ledger, account: AccountState, *, at: Moment) -> Outcome:
    """Opens an empty account under its address."""
    opened = replace(account, created_at=at.now, sequence=1)
    ledger.accounts[account.address] = opened
    created = UserAccountCreated(
        user_account=account.address, owner=account.owner, sub_account_id=account.sub_account_id
    )
    return Applied(events=(created,))


def deposit(ledger: Ledger, address: str, tokens: Tokens, *, now: int) -> Outcome:
    """Moves tokens from the owner's wallet into the account."""
    refusal = _unusable(ledger, tokens, Pause.DEPOSIT)
    refusal = refusal or _undepositable(ledger, address, tokens, now=now)
    if refusal is not None:
        return Refused(refusal=refusal)
    vault = ledger.vault_of(tokens.vault_index).taking_in(tokens.amount, now=now)
    if vault is None:
        return Refused(refusal=Refusal.DEPOSIT_CAP)
    ledger.keep_vault(vault)
    ledger.native_lamports += tokens.amount if tokens.is_native else 0
    ledger.move_tokens(address, tokens.vault_index, tokens.amount)
    ledger.count(address)
    deposited = Deposited(
        user_account=address,
        vault_index=tokens.vault_index,
        amount=tokens.amount,
        balance_after=ledger.accounts[address].balances[tokens.vault_index],
    )
    return Applied(events=(deposited,))


def withdraw(ledger: Ledger, address: str, tokens: Tokens, *, at: Moment) -> Outcome:
    """Moves free collateral back to the owner's wallet."""
    refusal = _unusable(ledger, tokens, Pause.WITHDRAW)
    if refusal is not None:
        return Refused(refusal=refusal)
    index, amount = tokens.vault_index, tokens.amount
    account = ledger.accounts[address]
    if amount > I64_MAX:
        return Refused(refusal=Refusal.MATH_OVERFLOW)
    if account.balances[index] < amount:
        return Refused(refusal=Refusal.INSUFFICIENT_BALANCE)
    vault = ledger.vault_of(index).letting_out(amount, now=at.now)
    if isinstance(vault, Refusal):
        return Refused(refusal=vault)
    refusal = _uncovered(ledger, account.with_tokens(index, -amount), at=at)
    if refusal is None and ledger.lacks(index, amount, is_native=tokens.is_native):
        refusal = Refusal.VAULT_SHORT
    if refusal is not None:
        return Refused(refusal=refusal)
    ledger.keep_vault(vault)
    ledger.native_lamports -= amount if tokens.is_native else 0
    ledger.move_tokens(address, index, -amount)
    ledger.count(address)
    withdrawn = Withdrawn(
        user_account=address,
        vault_index=index,
        amount=amount,
        balance_after=ledger.accounts[address].balances[index],
    )
    return Applied(events=(withdrawn,))


def transfer_between(
    ledger: Ledger, address: str, to_address: str, amount: int, *, at: Moment
) -> Outcome:
    """Moves free collateral to another account of the same owner."""
    account = ledger.accounts[address]
    if account.owner != ledger.accounts[to_address].owner:
        return Refused(refusal=Refusal.UNAUTHORIZED)
    refusal = _unusable(ledger, Tokens(amount=amount), Pause.WITHDRAW)
    if refusal is not None:
        return Refused(refusal=refusal)
    if amount > I64_MAX:
        return Refused(refusal=Refusal.MATH_OVERFLOW)
    if account.usdc_e6 < amount:
        return Refused(refusal=Refusal.INSUFFICIENT_BALANCE)
    refusal = _uncovered(ledger, account.credited(-amount), at=at)
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


def seed_pool(ledger: Ledger, amount: int, *, now: int) -> Outcome:
    """Gives `amount` to the pool, one share for each unit."""
    refusal = _ungivable(amount)
    if refusal is not None:
        return Refused(refusal=refusal)
    vault = ledger.vault.taking_in(amount, now=now)
    if vault is None:
        return Refused(refusal=Refusal.DEPOSIT_CAP)
    ledger.vault = vault
    ledger.pool = replace(
        ledger.pool,
        cash_e6=ledger.pool.cash_e6 + amount,
        shares=ledger.pool.shares + (0 if ledger.pool.lp_shares else amount),
        sequence=ledger.pool.sequence + 1,
    )
    return Applied(events=(PoolSeeded(amount=amount, cash_after=ledger.pool.cash_e6),))


def seed_insurance(ledger: Ledger, amount: int, *, now: int) -> Outcome:
    """Gives `amount` to the insurance fund."""
    refusal = _ungivable(amount)
    if refusal is not None:
        return Refused(refusal=refusal)
    vault = ledger.vault.taking_in(amount, now=now)
    if vault is None:
        return Refused(refusal=Refusal.DEPOSIT_CAP)
    ledger.vault = vault
    balance = ledger.insurance.balance_e6 + amount
    ledger.insurance = replace(ledger.insurance, balance_e6=balance)
    ledger.pool = replace(ledger.pool, sequence=ledger.pool.sequence + 1)
    return Applied(events=(InsuranceSeeded(amount=amount, balance_after=balance),))


def _ungivable(amount: int) -> Refusal | None:
    if amount <= 0:
        return Refusal.ZERO_AMOUNT
    return Refusal.MATH_OVERFLOW if amount > I64_MAX else None


def _unusable(ledger: Ledger, tokens: Tokens, action: Pause) -> Refusal | None:
    if tokens.is_native and tokens.vault_index != ledger.native_vault:
        return Refusal.WRONG_ACCOUNT
    if tokens.amount <= 0:
        return Refusal.ZERO_AMOUNT
    return Refusal.PAUSED if ledger.security.is_paused(action) else None


def _undepositable(ledger: Ledger, address: str, tokens: Tokens, *, now: int) -> Refusal | None:
    refusal = ledger.peg_refusal(now=now) if tokens.vault_index == USDC else None
    if refusal is not None:
        return refusal
    if tokens.amount > I64_MAX:
        return Refusal.MATH_OVERFLOW
    has_room = ledger.accounts[address].has_room_for_kind(tokens.vault_index)
    return None if has_room else Refusal.TOO_MANY_MARKETS


def _uncovered(ledger: Ledger, left: AccountState, *, at: Moment) -> Refusal | None:
    refusal = ledger.price_refusal(left, None, action=Action.WITHDRAW, now=at.now)
    if refusal is not None:
        return refusal
    others = ledger.others(left.address, None, now=at.now)
    after = standing(left.usdc_e6, others, ledger.collateral(left, now=at.now))
    return None if after.can_grow else Refusal.INSUFFICIENT_COLLATERAL
