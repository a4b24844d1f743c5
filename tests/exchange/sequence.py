"""Sequence: every event carries the next number of the record it is about."""

from collections import Counter
from collections.abc import Iterator

from quantdesk.domain.events import (
    ChangeCancelled,
    ChangeExecuted,
    ChangeProposed,
    Event,
    FundingAccrued,
    InsuranceSeeded,
    MarketStatusChanged,
    OraclePriceUpdated,
    PauseChanged,
    PoolDeposited,
    PoolSeeded,
    PoolWithdrawalRequested,
    PoolWithdrawn,
    Transferred,
)
from quantdesk.domain.ledger import Ledger
from quantdesk.domain.vault_events import CollateralConverted, VaultTightened
from tests.exchange.step import Step

Scope = tuple[str, str | int]
COUNTED = ("pool", "security", "account", "market", "share", "vault")
OF_MARKET = FundingAccrued | OraclePriceUpdated | MarketStatusChanged
OF_POOL = PoolSeeded | InsuranceSeeded | PoolDeposited | PoolWithdrawn
OF_SECURITY = PauseChanged | ChangeProposed | ChangeExecuted | ChangeCancelled


def sequences_have_no_gap(step: Step) -> None:
    """I14: each event is the next of its record, in the record and in what the program said."""
    counted: Counter[Scope] = Counter()
    said = iter(step.said)
    for event in step.events:
        words = next(said, None)
        for field, scope in scopes(event):
            counted[scope] += 1
            expected = counter(step.before, scope) + counted[scope]
            if words is not None:
                found = words[field]
                assert found == expected, f"{scope} said {found} instead of {expected}"
    changed = {(kind, "" if key is None else key) for kind, key in step.changed if kind in COUNTED}
    for scope in changed | counted.keys():
        expected = counter(step.before, scope) + counted[scope]
        found = counter(step.after, scope)
        assert found == expected, f"{scope} counts {found} instead of {expected}"


def scopes(event: Event) -> Iterator[tuple[str, Scope]]:
    """The fields that number an event, and the records they count."""
    address = getattr(event, "user_account", None)
    if address is not None:
        yield "sequence", ("account", address)
        if isinstance(event, Transferred):
            yield "to_sequence", ("account", event.to_account)
        if isinstance(event, CollateralConverted):
            yield "buyer_sequence", ("account", event.buyer_account)
    elif isinstance(event, OF_MARKET):
        yield "sequence", ("market", event.market_index)
    elif isinstance(event, OF_POOL):
        yield "sequence", ("pool", "")
    elif isinstance(event, OF_SECURITY):
        yield "sequence", ("security", "")
    elif isinstance(event, VaultTightened):
        yield "sequence", ("vault", event.vault_index)
    else:
        assert isinstance(event, PoolWithdrawalRequested), f"{event} is counted nowhere"
        yield "sequence", ("share", event.owner)


def counter(ledger: Ledger, scope: Scope) -> int:
    """How many events a record has had."""
    kind, key = scope
    if kind == "pool":
        return ledger.pool.sequence
    if kind == "security":
        return ledger.security.sequence
    if kind == "market":
        return ledger.markets[int(key)].sequence
    if kind == "vault":
        return ledger.vault_of(int(key)).sequence
    if kind == "share":
        return ledger.share_of(str(key)).sequence
    account = ledger.accounts.get(str(key))
    return 0 if account is None else account.sequence
