"""Actions: what a person may ask the chain to do, and how far each asking has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAccount:
    """Open the user account; nothing moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """Move USDC from the wallet into the user account, which is opened first when missing."""

    amount_e6: int
    creates_account: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Move USDC from the user account to the wallet."""

    amount_e6: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """Place one order; `limit_price_e6` is the worst price accepted, also for a market order."""

    market_index: int
    client_order_id: int
    kind: int
    size_e9: int
    limit_price_e6: int
    reduce_only: bool
    expires_at_s: int
    trigger_price_e6: int = 0
    trailing_bps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """Take back an open order."""

    order_address: str


Action = CreateAccount | Deposit | Withdraw | PlaceOrder | CancelOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedTransaction:
    """A v0 transaction whose only missing signature is the owner's."""

    account: str
    message_bytes: bytes
    last_valid_block_height: int
    order_address: str | None = None

    @property
    def wire_bytes(self) -> bytes:
        """What a wallet takes: one empty signature, then the message."""
        return b"\x01" + bytes(64) + self.message_bytes


class IntentKind(StrEnum):
    """What a person may ask the chain to do."""

    CREATE_ACCOUNT = "create_account"
    DEPOSIT = "deposit"
    WITHDRAW = "withdraw"
    PLACE_ORDER = "place_order"
    CANCEL_ORDER = "cancel_order"
    FAUCET = "faucet"


class IntentState(StrEnum):
    """How far an intent has come; the last four are reported by the chain or by its silence."""

    PREPARED = "prepared"
    SIGNED = "signed"
    SENT = "sent"
    UNKNOWN = "unknown"
    PROCESSED = "processed"
    CONFIRMED = "confirmed"
    FINALIZED = "finalized"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Something a person asked for, with the exact bytes they were given to sign."""

    id: UUID
    user_id: UUID
    account: str
    kind: IntentKind
    request: Mapping[str, object]
    message_bytes: bytes
    last_valid_block_height: int
    state: IntentState = IntentState.PREPARED
    client_order_id: int | None = None
    signature: str | None = None
    signed_transaction: bytes | None = None
    error: Mapping[str, object] | None = None
    created_at_ms: int = 0


class Commitment(StrEnum):
    """How sure the chain is."""

    PROCESSED = "processed"
    CONFIRMED = "confirmed"
    FINALIZED = "finalized"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStatus:
    """What a node knows of a signature; `error` in words when the program refused."""

    slot: int
    commitment: Commitment
    error: str | None = None
    error_code: str | None = None
