"""Listings: plain reads of recorded rows, written against the models and compiled to text once.

Importing this loads SQLAlchemy, a tenth of a second that only a process which lists should pay.
"""

from __future__ import annotations

from sqlalchemy import BindParameter, Select, Text, bindparam, cast, literal_column, select
from sqlalchemy.dialects import postgresql

from quantdesk.adapters.postgres.columns import ORDER_STATUS
from quantdesk.adapters.postgres.exchange_models import MarketRow, OrderRow, PositionRow
from quantdesk.adapters.postgres.history_models import TransferRow

LIMIT: BindParameter[int] = bindparam("limit")
MARKETS = MarketRow.__table__  # type: ignore[attr-defined]
ORDERS = OrderRow.__table__  # type: ignore[attr-defined]
POSITIONS = PositionRow.__table__  # type: ignore[attr-defined]
TRANSFERS = TransferRow.__table__  # type: ignore[attr-defined]


def _text(statement: Select[tuple[object, ...]]) -> bytes:
    """The statement for psycopg, with its named parameters."""
    dialect = postgresql.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]
    return str(statement.compile(dialect=dialect)).encode()


def _orders() -> Select[tuple[object, ...]]:
    wanted = cast(bindparam("status"), ORDER_STATUS)
    hidden = {"owner", "created_at", "updated_at", "trigger_price_e6", "kind", "status", "reason"}
    columns = [column for column in ORDERS.c if column.name not in hidden]
    words = [cast(ORDERS.c[name], Text).label(name) for name in ("kind", "status", "reason")]
    return (
        select(*columns, *words, MARKETS.c.symbol.label("market"))
        .outerjoin(MARKETS, MARKETS.c.index == ORDERS.c.market_index)
        .where(wanted.is_(None) | (ORDERS.c.status == wanted))
        .order_by(ORDERS.c.placed_at.desc(), ORDERS.c.slot.desc())
        .limit(LIMIT)
    )


def _transfers() -> Select[tuple[object, ...]]:
    columns = [column for column in TRANSFERS.c if column.name not in {"owner", "kind"}]
    return (
        select(*columns, cast(TRANSFERS.c.kind, Text).label("kind"))
        .order_by(TRANSFERS.c.at.desc(), TRANSFERS.c.slot.desc(), TRANSFERS.c.log_index.desc())
        .limit(LIMIT)
    )


def _positions() -> Select[tuple[object, ...]]:
    columns = [column for column in POSITIONS.c if column.name != "updated_at"]
    return (
        select(*columns, MARKETS.c.symbol.label("market"))
        .outerjoin(MARKETS, MARKETS.c.index == POSITIONS.c.market_index)
        .where(POSITIONS.c.size_e9 != literal_column("0"))
        .order_by(POSITIONS.c.market_index)
    )


ORDERS_TEXT = _text(_orders())
TRANSFERS_TEXT = _text(_transfers())
POSITIONS_TEXT = _text(_positions())
