"""Mirror events: what each event of the program changes in the database.

The law: a transaction's changes depend on its events alone and are applied once, in chain order, so
replaying the chain from its first slot gives the same tables again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from quantdesk.services.chain_changes import (
    NOBODY,
    USDC_VAULT,
    ChainEvent,
    ChainTransaction,
    Change,
    Fields,
    Origin,
    Table,
    counted,
    integer,
    moment,
    usdc_balance,
)
from quantdesk.services.mirror_brackets import (
    bracket_armed,
    bracket_placed,
    mandate_closed,
    mandate_set,
)
from quantdesk.services.mirror_collateral import collateral_converted, vault_initialized
from quantdesk.services.mirror_orders import (
    order_cancelled,
    order_executed,
    order_placed,
    position_liquidated,
)
from quantdesk.services.mirror_payouts import (
    claims_paid,
    deleveraged,
    pnl_settled,
    pool_deposited,
    pool_withdrawal_requested,
    pool_withdrawn,
)

MARKET_STATUSES = ("active", "reduce_only", "paused")
MARKET_EVENTS = (
    "OrderExecuted",
    "Liquidated",
    "Deleveraged",
    "PnlSettled",
    "FundingAccrued",
    "MarketInitialized",
    "MarketStatusChanged",
)


def changes_of(transaction: ChainTransaction, *, usdc_mint: str) -> Iterator[Change]:
    """Every change of a transaction, in order; none when it failed."""
    if transaction.error is not None:
        return
    for event in transaction.events:
        origin = Origin(
            signature=transaction.signature,
            slot=transaction.slot,
            log_index=event.log_index,
            at=moment(integer(event.fields, "at")),
        )
        yield _receipt(event, origin)
        mapping = MAPPINGS.get(event.name)
        if mapping is not None:
            for change in mapping(event.fields, origin):
                yield _with_mint(change, usdc_mint)


def accounts_touched(transactions: Iterable[ChainTransaction]) -> set[str]:
    """User accounts that the events name: whose owners want to hear of it."""
    names = (
        "user_account",
        "to_account",
        "buyer_account",
        "keeper_account",
        "liquidator_account",
    )
    found = {
        str(event.fields[name])
        for transaction in transactions
        for event in transaction.events
        for name in names
        if name in event.fields
    }
    return found - {NOBODY}


def markets_touched(transactions: Iterable[ChainTransaction]) -> set[int]:
    """Indices of the markets whose open interest, funding or price the events changed."""
    return {
        integer(event.fields, "market_index")
        for transaction in transactions
        for event in transaction.events
        if event.name in MARKET_EVENTS
    }


def _receipt(event: ChainEvent, origin: Origin) -> Change:
    account = event.fields.get("user_account")
    return Change(
        table=Table.RECEIPTS,
        key=origin.key,
        given={
            "slot": origin.slot,
            "event": event.name,
            "account": account,
            "sequence": event.fields.get("sequence"),
            "payload": {name: _plain(value) for name, value in event.fields.items()},
            "at": origin.at,
        },
    )


def _user_account_created(fields: Fields, origin: Origin) -> Iterator[Change]:
    yield Change(
        table=Table.ACCOUNTS,
        key={"address": fields["user_account"]},
        given={
            "owner": fields["owner"],
            "sub_account_id": fields["sub_account_id"],
            "sequence": fields["sequence"],
            "slot": origin.slot,
        },
    )


def _market_initialized(fields: Fields, origin: Origin) -> Iterator[Change]:
    yield Change(
        table=Table.MARKETS,
        key={"index": fields["market_index"]},
        given={
            "address": fields["market"],
            "symbol": _text(fields["symbol"]),
            "slot": origin.slot,
        },
    )


def _deposited(fields: Fields, origin: Origin) -> Iterator[Change]:
    yield from _transferred(fields, origin, kind="deposit")


def _withdrawn(fields: Fields, origin: Origin) -> Iterator[Change]:
    yield from _transferred(fields, origin, kind="withdrawal")


def _transferred(fields: Fields, origin: Origin, *, kind: str) -> Iterator[Change]:
    yield Change(
        table=Table.TRANSFERS,
        key=origin.key,
        given={
            "slot": origin.slot,
            "account": fields["user_account"],
            "owner": fields["owner"],
            "kind": kind,
            "mint": fields["mint"],
            "vault_index": fields["vault_index"],
            "amount_native": fields["amount"],
            "balance_after_native": fields["balance_after"],
            "at": origin.at,
        },
    )
    yield Change(
        table=Table.BALANCES,
        key={"account": fields["user_account"], "vault_index": fields["vault_index"]},
        given={
            "mint": fields["mint"],
            "balance_native": fields["balance_after"],
            "slot": origin.slot,
        },
    )
    yield counted(fields, origin)


def _transferred_between(fields: Fields, origin: Origin) -> Iterator[Change]:
    yield usdc_balance(fields["user_account"], origin, balance_e6=fields["balance_after"])
    yield usdc_balance(fields["to_account"], origin, balance_e6=fields["to_balance_after"])
    yield counted(fields, origin)
    receiver = {"user_account": fields["to_account"], "sequence": fields["to_sequence"]}
    yield counted(receiver, origin)


def _bankruptcy_resolved(fields: Fields, origin: Origin) -> Iterator[Change]:
    yield usdc_balance(fields["user_account"], origin, balance_e6=fields["balance_after_e6"])
    yield counted(fields, origin)


def _user_account_updated(fields: Fields, origin: Origin) -> Iterator[Change]:
    yield Change(
        table=Table.ACCOUNTS,
        key={"address": fields["user_account"]},
        given={
            "name": _text(fields["name"]),
            "max_leverage": fields["max_leverage"],
            "sequence": fields["sequence"],
            "slot": origin.slot,
        },
        must_exist=True,
    )


def _delegate_changed(fields: Fields, origin: Origin) -> Iterator[Change]:
    yield counted(fields, origin)


def _market_status_changed(fields: Fields, origin: Origin) -> Iterator[Change]:
    yield Change(
        table=Table.MARKETS,
        key={"index": fields["market_index"]},
        given={"status": MARKET_STATUSES[integer(fields, "status")], "slot": origin.slot},
        must_exist=True,
    )


def _funding_accrued(fields: Fields, origin: Origin) -> Iterator[Change]:
    same = ("rate_e6", "index_after", "oracle_price_e6", "long_e9", "short_e9")
    yield Change(
        table=Table.FUNDING_RATES,
        key={"market_index": fields["market_index"], "at": origin.at, **origin.key},
        given={"slot": origin.slot, **{name: fields[name] for name in same}},
    )


def _funding_paid(fields: Fields, origin: Origin) -> Iterator[Change]:
    account = fields["user_account"]
    yield Change(
        table=Table.FUNDING_PAYMENTS,
        key=origin.key,
        given={
            "slot": origin.slot,
            "account": account,
            "market_index": fields["market_index"],
            "funding_e6": fields["funding_e6"],
            "balance_after_e6": fields["balance_after_e6"],
            "index_after": fields["index_after"],
            "at": origin.at,
        },
    )
    yield Change(
        table=Table.POSITIONS,
        key={"account": account, "market_index": fields["market_index"]},
        given={"funding_index": fields["index_after"], "slot": origin.slot},
        added={"funding_paid_e6": integer(fields, "funding_e6")},
        must_exist=True,
    )
    yield usdc_balance(account, origin, balance_e6=fields["balance_after_e6"])
    yield counted(fields, origin, claims_e6=integer(fields, "claims_e6"))


def _with_mint(change: Change, usdc_mint: str) -> Change:
    is_settlement = change.table is Table.BALANCES and change.key["vault_index"] == USDC_VAULT
    if not is_settlement or "mint" in change.given:
        return change
    return replace(change, given={**change.given, "mint": usdc_mint})


def _text(raw: object) -> str:
    """Padded characters as text; a name that is no text, or holds a zero, is shown as such."""
    if isinstance(raw, str):
        return raw
    assert isinstance(raw, (bytes, list, tuple)), f"expected bytes, found {raw!r}"
    return bytes(raw).rstrip(b"\0").decode("utf-8", errors="replace").replace("\0", "\ufffd")


def _plain(value: object) -> object:
    """As JSON keeps it: integers beyond 2^53 as text, bytes as hex."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 53 else str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    raise TypeError(f"an event field holds {type(value).__name__}; expected a plain value")


MAPPINGS: Mapping[str, Callable[[Fields, Origin], Iterator[Change]]] = {
    "VaultInitialized": vault_initialized,
    "UserAccountCreated": _user_account_created,
    "MarketInitialized": _market_initialized,
    "Deposited": _deposited,
    "Withdrawn": _withdrawn,
    "OrderPlaced": order_placed,
    "OrderCancelled": order_cancelled,
    "OrderExecuted": order_executed,
    "BracketPlaced": bracket_placed,
    "BracketArmed": bracket_armed,
    "MandateSet": mandate_set,
    "MandateClosed": mandate_closed,
    "CollateralConverted": collateral_converted,
    "FundingAccrued": _funding_accrued,
    "FundingPaid": _funding_paid,
    "Liquidated": position_liquidated,
    "BankruptcyResolved": _bankruptcy_resolved,
    "ClaimsPaid": claims_paid,
    "PnlSettled": pnl_settled,
    "Deleveraged": deleveraged,
    "PoolDeposited": pool_deposited,
    "PoolWithdrawalRequested": pool_withdrawal_requested,
    "PoolWithdrawn": pool_withdrawn,
    "Transferred": _transferred_between,
    "UserAccountUpdated": _user_account_updated,
    "DelegateChanged": _delegate_changed,
    "MarketStatusChanged": _market_status_changed,
}
