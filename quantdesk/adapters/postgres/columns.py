"""Column types of the tables, as Python names them; the SQL files are the truth."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
)
from sqlalchemy import Enum as SqlEnum
from sqlalchemy import Numeric as SqlNumeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

TIME = DateTime(timezone=True)
BIG = BigInteger()
SMALL = SmallInteger()
INTEGER = Integer()
TEXT = Text()
BYTES = LargeBinary()
DOUBLE = Float(53)
FLAG = Boolean()
UUID_ = Uuid()
JSON = JSONB()
U64 = SqlNumeric(20, 0)
I128 = SqlNumeric(39, 0)


TEXTS = ARRAY(Text())


def one_of(name: str, *members: str) -> SqlEnum:
    """A closed set that the database knows by `name`."""
    return SqlEnum(*members, name=name, native_enum=True, create_type=False)


USER_ROLE = one_of("user_role", "trader", "admin")
INTENT_KIND = one_of(
    "intent_kind", "create_account", "deposit", "withdraw", "place_order", "cancel_order", "faucet"
)
INTENT_STATE = one_of(
    "intent_state",
    "prepared", "signed", "sent", "processed", "confirmed", "finalized", "rejected", "expired",
    "unknown",
)  # fmt: skip
MARKET_STATUS = one_of("market_status", "active", "reduce_only", "paused")
ORDER_KIND = one_of(
    "order_kind", "market", "limit", "stop_market", "stop_limit", "take_profit", "trailing_stop"
)
ORDER_STATUS = one_of("order_status", "open", "filled", "cancelled")
CANCEL_REASON = one_of(
    "cancel_reason",
    "user", "expired", "slippage", "margin", "open_interest", "pool_reserve", "reduce_only",
    "liquidation", "oco", "mandate", "orphan",
)  # fmt: skip
ORDER_ROLE = one_of("order_role", "plain", "parent", "leg_asleep", "leg_awake")
CLOSE_CAUSE = one_of("close_cause", "liquidation", "deleveraging")
CASH_KIND = one_of("cash_kind", "reward", "settled_pnl", "claims", "conversion")
TRANSFER_KIND = one_of("transfer_kind", "deposit", "withdrawal")
EVENT_SEVERITY = one_of("event_severity", "info", "warning", "critical")


def key(kind: Any) -> Any:
    """Part of the primary key."""
    return Field(sa_type=kind, primary_key=True)


def need(kind: Any, name: str | None = None) -> Any:
    """A column that is never null; `name` when Python must call it otherwise."""
    return Field(sa_type=kind, nullable=False, sa_column_kwargs={"name": name} if name else {})


def may(kind: Any) -> Any:
    """A column that may be null."""
    return Field(default=None, sa_type=kind, nullable=True)
