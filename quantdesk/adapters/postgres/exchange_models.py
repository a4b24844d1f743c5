"""Tables that mirror what the exchange holds now.

The SQL files decide; a test compares these with a migrated database, column by column.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import SQLModel

from quantdesk.adapters.postgres.columns import (
    BIG,
    CANCEL_REASON,
    FLAG,
    I128,
    INTEGER,
    JSON,
    MARKET_STATUS,
    ORDER_KIND,
    ORDER_ROLE,
    ORDER_STATUS,
    SMALL,
    TEXT,
    TIME,
    U64,
    UUID_,
    key,
    may,
    need,
)


class MarketRow(SQLModel, table=True):
    """A market as the chain lists it."""

    __tablename__ = "markets"

    index: int = key(SMALL)
    address: str = need(TEXT)
    symbol: str = need(TEXT)
    status: str = need(MARKET_STATUS)
    params: dict[str, Any] = need(JSON)
    slot: int = need(BIG)
    created_at: datetime = need(TIME)
    updated_at: datetime = need(TIME)


class AccountRow(SQLModel, table=True):
    """A user account on chain."""

    __tablename__ = "accounts"

    address: str = key(TEXT)
    user_id: UUID | None = may(UUID_)
    owner: str = need(TEXT)
    sub_account_id: int = need(INTEGER)
    name: str = need(TEXT)
    max_leverage: int = need(INTEGER)
    claims_e6: int = need(BIG)
    sequence: int = need(BIG)
    slot: int = need(BIG)
    created_at: datetime = need(TIME)
    updated_at: datetime = need(TIME)


class UserBalanceRow(SQLModel, table=True):
    """Tokens that an account holds, in native units."""

    __tablename__ = "user_balances"

    account: str = key(TEXT)
    vault_index: int = key(SMALL)
    mint: str = need(TEXT)
    balance_native: int = need(BIG)
    slot: int = need(BIG)
    updated_at: datetime = need(TIME)


class PositionRow(SQLModel, table=True):
    """What an account holds in a market."""

    __tablename__ = "positions"

    account: str = key(TEXT)
    market_index: int = key(SMALL)
    size_e9: int = need(BIG)
    entry_e6: int = need(BIG)
    funding_index: Decimal = need(I128)
    realized_pnl_e6: int = need(BIG)
    funding_paid_e6: int = need(BIG)
    fees_paid_e6: int = need(BIG)
    slot: int = need(BIG)
    updated_at: datetime = need(TIME)


class OrderRow(SQLModel, table=True):
    """An order from placing to its end."""

    __tablename__ = "orders"

    address: str = key(TEXT)
    account: str = need(TEXT)
    owner: str = need(TEXT)
    market_index: int = need(SMALL)
    client_order_id: Decimal = need(U64)
    kind: str = need(ORDER_KIND)
    size_e9: int = need(BIG)
    limit_price_e6: Decimal = need(U64)
    trigger_price_e6: Decimal = need(U64)
    reduce_only: bool = need(FLAG)
    status: str = need(ORDER_STATUS)
    reason: str | None = may(CANCEL_REASON)
    filled_size_e9: int = need(BIG)
    intent_id: UUID | None = may(UUID_)
    placed_signature: str = need(TEXT)
    closed_signature: str | None = may(TEXT)
    placed_at: datetime = need(TIME)
    expires_at: datetime | None = may(TIME)
    closed_at: datetime | None = may(TIME)
    slot: int = need(BIG)
    created_at: datetime = need(TIME)
    updated_at: datetime = need(TIME)
    role: str = need(ORDER_ROLE)
    parent_id: Decimal | None = may(U64)


class MandateRow(SQLModel, table=True):
    """Caps on what a delegate may do."""

    __tablename__ = "mandates"

    account: str = key(TEXT)
    delegate: str = key(TEXT)
    order_cap_e6: Decimal = need(U64)
    notional_cap_e6: Decimal = need(U64)
    max_leverage: int = need(INTEGER)
    daily_loss_e6: Decimal = need(U64)
    markets: Decimal = need(U64)
    expires_at: datetime | None = may(TIME)
    is_live: bool = need(FLAG)
    slot: int = need(BIG)
    updated_at: datetime = need(TIME)


class VaultRow(SQLModel, table=True):
    """A token that the exchange takes."""

    __tablename__ = "vaults"

    index: int = key(SMALL)
    address: str = need(TEXT)
    mint: str = need(TEXT)
    slot: int = need(BIG)
    updated_at: datetime = need(TIME)
