"""Guard: delegates, pauses and timelocked changes; stricter at once, looser only after a wait."""

from dataclasses import asdict, replace

from quantdesk.domain.account import LEVERAGE_CAP, USDC
from quantdesk.domain.delegate import NOBODY, Delegate, adding, removing, unacceptable
from quantdesk.domain.events import (
    ChangeCancelled,
    ChangeExecuted,
    ChangeProposed,
    DelegateChanged,
    Event,
    MarketStatusChanged,
    PauseChanged,
)
from quantdesk.domain.ledger import Applied, Ledger, Moment, Outcome, Refused
from quantdesk.domain.mandate import Mandate, MandateCaps
from quantdesk.domain.market import MarketStatus
from quantdesk.domain.money import FRACTION_ONE
from quantdesk.domain.position_events import MandateClosed, MandateSet
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import (
    EVERY_PAUSE,
    GUARDIAN_WAITS,
    TIMELOCKS_S,
    Change,
    MarketChange,
    Proposal,
    SecurityChange,
    Unpause,
    VaultChange,
    replaces_guardian_only,
)
from quantdesk.domain.vault import WEIGHT_MAX_E6, VaultLimits
from quantdesk.domain.vault_events import VaultTightened


def add_delegate(ledger: Ledger, address: str, delegate: Delegate, *, at: Moment) -> Outcome:
    """Lets another key trade for an account, or changes what it may do."""
    owner = ledger.accounts[address].owner
    refusal = unacceptable(delegate, owner=owner, now=at.now)
    if refusal is not None:
        return Refused(refusal=refusal)
    places = adding(ledger.delegates_of(address), delegate, now=at.now)
    if places is None:
        return Refused(refusal=Refusal.TOO_MANY_DELEGATES)
    ledger.delegates[address] = places
    return _delegated(ledger, address, delegate)


def remove_delegate(ledger: Ledger, address: str, key: str, *, by: str | None) -> Outcome:
    """Takes a delegate off an account: the owner (`by` None) at will, the delegate itself too."""
    if by not in (None, key, ledger.accounts[address].owner):
        return Refused(refusal=Refusal.UNAUTHORIZED)
    places = removing(ledger.delegates_of(address), key)
    if places is None:
        return Refused(refusal=Refusal.UNKNOWN_DELEGATE)
    ledger.delegates[address] = places
    return _delegated(ledger, address, Delegate(key=key))


def set_mandate(
    ledger: Ledger, address: str, delegate: str, caps: MandateCaps, *, at: Moment
) -> Outcome:
    """Caps what a key may do; new caps for a capped key give it no fresh day."""
    account = ledger.accounts[address]
    if delegate in (NOBODY, account.owner):
        return Refused(refusal=Refusal.INVALID_PARAMETER)
    if not 1 <= caps.max_leverage <= LEVERAGE_CAP:
        return Refused(refusal=Refusal.LEVERAGE_TOO_HIGH)
    if caps.expires_at != 0 and caps.expires_at <= at.now:
        return Refused(refusal=Refusal.INVALID_EXPIRY)
    known = ledger.mandates.get((address, delegate))
    mandate = Mandate(caps=caps) if known is None else replace(known, caps=caps)
    ledger.mandates[(address, delegate)] = mandate
    ledger.accounts[address] = replace(account, mandates=account.mandates + (known is None))
    ledger.count(address)
    told = MandateSet(user_account=address, delegate=delegate, **asdict(caps))
    return Applied(events=(told,))


def close_mandate(ledger: Ledger, address: str, delegate: str) -> Outcome:
    """Ends a key's caps; without them it would be free, so it is taken off the account too."""
    del ledger.mandates[(address, delegate)]
    account = ledger.accounts[address]
    ledger.accounts[address] = replace(account, mandates=account.mandates - 1)
    events: list[Event] = []
    places = removing(ledger.delegates_of(address), delegate)
    if places is not None:
        ledger.delegates[address] = places
        events += _delegated(ledger, address, Delegate(key=delegate)).events
    ledger.count(address)
    events.append(MandateClosed(user_account=address, delegate=delegate))
    return Applied(events=tuple(events))


def pause(ledger: Ledger, bits: int, *, by: str, at: Moment) -> Outcome:
    """Stops actions at once and voids what was proposed before; guardian or admin may."""
    if not ledger.security.may_tighten(by):
        return Refused(refusal=Refusal.UNAUTHORIZED)
    if bits == 0 or bits & ~EVERY_PAUSE:
        return Refused(refusal=Refusal.INVALID_PARAMETER)
    paused = ledger.security.pause_bits | bits
    tighter = replace(ledger.security, pause_bits=paused, tightened_at=at.now)
    ledger.security = tighter.counted()
    return Applied(events=(PauseChanged(pause_bits=paused, by=by),))


def tighten_market(
    ledger: Ledger, market_index: int, status: MarketStatus, *, by: str, at: Moment
) -> Outcome:
    """Closes a market further at once; it opens by a timelock."""
    market = ledger.markets[market_index]
    if not ledger.security.may_tighten(by):
        return Refused(refusal=Refusal.UNAUTHORIZED)
    if status <= market.status:
        return Refused(refusal=Refusal.INVALID_PARAMETER)
    ledger.markets[market_index] = replace(market, status=status, sequence=market.sequence + 1)
    ledger.security = replace(ledger.security, tightened_at=at.now)
    changed = MarketStatusChanged(market_index=market_index, status=status, by=by)
    return Applied(events=(changed,))


def tighten_vault(
    ledger: Ledger, vault_index: int, limits: VaultLimits, *, by: str, at: Moment
) -> Outcome:
    """Lets a token count for less, or less of it through, at once; it loosens by a timelock."""
    if not ledger.security.may_tighten(by):
        return Refused(refusal=Refusal.UNAUTHORIZED)
    vault = ledger.vault_of(vault_index).tightened(limits)
    if vault is None:
        return Refused(refusal=Refusal.INVALID_PARAMETER)
    ledger.keep_vault(vault)
    ledger.security = replace(ledger.security, tightened_at=at.now)
    told = VaultTightened(
        vault_index=vault_index,
        weight_init_e6=limits.weight_init_e6,
        deposit_cap=limits.deposit_cap,
        outflow_floor=limits.outflow_floor,
        outflow_share_e6=limits.outflow_share_e6,
        by=by,
    )
    return Applied(events=(told,))


def propose_change(ledger: Ledger, number: int, change: Change, *, by: str, at: Moment) -> Outcome:
    """Announces a loosening; it can be executed when the timelock has passed.

    A new guardian and nothing else waits twice as long, for the present one cannot cancel it.
    """
    if by != ledger.security.admin:
        return Refused(refusal=Refusal.UNAUTHORIZED)
    guardian_only = replaces_guardian_only(change, ledger.security, ledger.pool)
    waits = GUARDIAN_WAITS if guardian_only else 1
    executable_at = at.now + ledger.security.timelock_s * waits
    ledger.proposals[number] = Proposal(
        change=change,
        proposed_at=at.now,
        executable_at=executable_at,
        guardian_only=guardian_only,
    )
    ledger.security = ledger.security.counted()
    return Applied(events=(ChangeProposed(executable_at=executable_at),))


def execute_change(ledger: Ledger, number: int, *, by: str, at: Moment) -> Outcome:
    """Makes a proposed change true, once its timelock has passed and within a week of it."""
    if by != ledger.security.admin:
        return Refused(refusal=Refusal.UNAUTHORIZED)
    proposal = ledger.proposals[number]
    if at.now < proposal.executable_at:
        return Refused(refusal=Refusal.TIMELOCKED)
    if not proposal.stands(ledger.security, ledger.pool, now=at.now):
        return Refused(refusal=Refusal.CHANGE_LAPSED)
    refusal = _apply(ledger, proposal.change, now=at.now)
    if refusal is not None:
        return Refused(refusal=refusal)
    del ledger.proposals[number]
    ledger.security = ledger.security.counted()
    return Applied(events=(ChangeExecuted(),))


def cancel_change(ledger: Ledger, number: int, *, by: str) -> Outcome:
    """Withdraws a proposed change: the admin, or the guardian who does not trust it.

    A new guardian and nothing else is the admin's to withdraw, lest a stolen key keep its office.
    """
    if not ledger.security.may_tighten(by):
        return Refused(refusal=Refusal.UNAUTHORIZED)
    withstands = ledger.proposals[number].withstands_guardian(ledger.security, ledger.pool)
    if withstands and by != ledger.security.admin:
        return Refused(refusal=Refusal.UNAUTHORIZED)
    del ledger.proposals[number]
    ledger.security = ledger.security.counted()
    return Applied(events=(ChangeCancelled(by=by),))


def _delegated(ledger: Ledger, address: str, delegate: Delegate) -> Applied:
    ledger.count(address)
    changed = DelegateChanged(
        user_account=address,
        delegate=delegate.key,
        permissions=delegate.permissions,
        expires_at=delegate.expires_at,
    )
    return Applied(events=(changed,))


def _apply(ledger: Ledger, change: Change, *, now: int) -> Refusal | None:
    match change:
        case Unpause():
            left = ledger.security.pause_bits & ~change.pause_bits
            ledger.security = replace(ledger.security, pause_bits=left)
        case MarketChange():
            index = change.params.index
            market = ledger.markets[index]
            ledger.markets[index] = replace(market, status=change.status, params=change.params)
        case VaultChange():
            rules = change.rules
            if rules.index != USDC and rules.weight_maint_e6 > WEIGHT_MAX_E6:
                return Refusal.INVALID_PARAMETER
            ledger.keep_vault(ledger.vault_of(rules.index).changed(rules, now=now))
        case SecurityChange():
            return _reassign(ledger, change)
    return None


def _reassign(ledger: Ledger, change: SecurityChange) -> Refusal | None:
    if change.timelock_s not in TIMELOCKS_S or change.daily_loss_share_e6 > FRACTION_ONE:
        return Refusal.INVALID_PARAMETER
    ledger.security = replace(
        ledger.security,
        admin=change.admin,
        guardian=change.guardian,
        keeper=change.keeper,
        timelock_s=change.timelock_s,
    )
    ledger.pool = replace(
        ledger.pool,
        keeper_reward_e6=change.keeper_reward_e6,
        daily_loss_share_e6=change.daily_loss_share_e6,
    )
    return None
