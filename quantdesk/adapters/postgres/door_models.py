"""Tables of the door: users, sessions, nonces, intents, system events.

The SQL files decide; a test compares these with a migrated database, column by column.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import SQLModel

from quantdesk.adapters.postgres.columns import (
    BIG,
    BYTES,
    EVENT_SEVERITY,
    INTENT_KIND,
    INTENT_STATE,
    JSON,
    TEXT,
    TEXTS,
    TIME,
    U64,
    USER_ROLE,
    UUID_,
    key,
    may,
    need,
)


class UserRow(SQLModel, table=True):
    """A wallet that has signed in."""

    __tablename__ = "users"

    id: UUID = key(UUID_)
    wallet_address: str = need(TEXT)
    role: str = need(USER_ROLE)
    metadata_: dict[str, Any] = need(JSON, "metadata")
    created_at: datetime = need(TIME)


class SessionRow(SQLModel, table=True):
    """Who is signed in; only the hash of a token is kept."""

    __tablename__ = "sessions"

    token_hash: bytes = key(BYTES)
    user_id: UUID = need(UUID_)
    created_at: datetime = need(TIME)
    expires_at: datetime = need(TIME)
    revoked_at: datetime | None = may(TIME)
    user_agent: str | None = may(TEXT)


class SignInNonceRow(SQLModel, table=True):
    """A sign-in message handed out, usable once."""

    __tablename__ = "sign_in_nonces"

    nonce: str = key(TEXT)
    wallet_address: str = need(TEXT)
    browser_hash: bytes = need(BYTES)
    message: str = need(TEXT)
    issued_at: datetime = need(TIME)
    expires_at: datetime = need(TIME)
    used_at: datetime | None = may(TIME)


class IntentRow(SQLModel, table=True):
    """What a person asked for, and how far it came."""

    __tablename__ = "intents"

    id: UUID = key(UUID_)
    user_id: UUID = need(UUID_)
    account: str = need(TEXT)
    kind: str = need(INTENT_KIND)
    client_order_id: Decimal | None = may(U64)
    request: dict[str, Any] = need(JSON)
    message_bytes: bytes = need(BYTES)
    signed_transaction: bytes | None = may(BYTES)
    state: str = need(INTENT_STATE)
    signature: str | None = may(TEXT)
    last_valid_block_height: int = need(BIG)
    error: dict[str, Any] | None = may(JSON)
    created_at: datetime = need(TIME)
    signed_at: datetime | None = may(TIME)
    sent_at: datetime | None = may(TIME)
    resolved_at: datetime | None = may(TIME)
    updated_at: datetime = need(TIME)


class SystemEventRow(SQLModel, table=True):
    """Something operators should know."""

    __tablename__ = "system_events"

    id: UUID = key(UUID_)
    source: str = need(TEXT)
    severity: str = need(EVENT_SEVERITY)
    event: str = need(TEXT)
    detail: dict[str, Any] = need(JSON)
    created_at: datetime = need(TIME)


class FaucetGrantRow(SQLModel, table=True):
    """Test funds that were sent to a wallet."""

    __tablename__ = "faucet_grants"

    id: UUID = key(UUID_)
    wallet_address: str = need(TEXT)
    lamports: int = need(BIG)
    usdc_e6: int = need(BIG)
    signatures: list[str] = need(TEXTS)
    created_at: datetime = need(TIME)
