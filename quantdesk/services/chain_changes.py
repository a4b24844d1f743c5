"""Chain changes: what an event of the program may do to the database, as values.

A change names its row by key, so writing it says nothing about how often the event was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

Fields = Mapping[str, object]
Row = Mapping[str, object]

USDC_VAULT = 0
LAST_SECOND = 253_402_300_799
"""The end of year 9999, the last that timestamps hold."""

NOBODY = "1" * 32
"""The all-zero address: no keeper account was named."""


class Table(StrEnum):
    """The tables that mirror the chain."""

    ACCOUNTS = "accounts"
    BALANCES = "user_balances"
    CASH_FLOWS = "cash_flows"
    FUNDING_PAYMENTS = "funding_payments"
    FUNDING_RATES = "funding_rates"
    LIQUIDATIONS = "liquidations"
    MANDATES = "mandates"
    MARKETS = "markets"
    ORDERS = "orders"
    POOL_SHARES = "pool_shares"
    POOL_TRANSFERS = "pool_transfers"
    POSITIONS = "positions"
    RECEIPTS = "receipts"
    TRADES = "trades"
    TRANSFERS = "transfers"
    VAULTS = "vaults"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainEvent:
    """One event of the program; addresses base58, `log_index` counts within its transaction."""

    name: str
    log_index: int
    fields: Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainTransaction:
    """A transaction that named the program, and what the program said in it."""

    signature: str
    slot: int
    block_time: int | None
    error: object | None
    events: tuple[ChainEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Insert `key` + `given`, or when the key exists set `given` and add `added` (integers)."""

    table: Table
    key: Row
    given: Row = field(default_factory=dict)
    added: Mapping[str, int] = field(default_factory=dict)
    must_exist: bool = False
    """Only update: the row came with an earlier event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an event stands on the chain, for every row it writes."""

    signature: str
    slot: int
    log_index: int
    at: datetime

    @property
    def key(self) -> Row:
        """The name of the event, once and for ever."""
        return {"signature": self.signature, "log_index": self.log_index}


def moment(unix_s: int) -> datetime:
    """A second of chain time; any signer may name one beyond the calendar, which is its last."""
    return datetime.fromtimestamp(min(unix_s, LAST_SECOND), tz=UTC)


def integer(fields: Fields, name: str) -> int:
    """An integer field; anything else means that the interface and this code differ."""
    value = fields[name]
    assert isinstance(value, int), f"expected an integer in {name}, found {value!r}"
    return value


def somebody(address: object) -> object | None:
    """An address, None when it names nobody."""
    return None if address == NOBODY else address


def counted(fields: Fields, origin: Origin, *, claims_e6: int = 0) -> Change:
    """The account's sequence after an event that concerns it."""
    return Change(
        table=Table.ACCOUNTS,
        key={"address": fields["user_account"]},
        given={"sequence": fields["sequence"], "slot": origin.slot},
        added={"claims_e6": claims_e6},
        must_exist=True,
    )


def usdc_balance(account: object, origin: Origin, *, balance_e6: object) -> Change:
    """The settled US dollars of an account after an event."""
    return Change(
        table=Table.BALANCES,
        key={"account": account, "vault_index": USDC_VAULT},
        given={"balance_native": balance_e6, "slot": origin.slot},
    )
