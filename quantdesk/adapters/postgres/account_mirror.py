"""The account mirror: what the indexer recorded, read as the person it belongs to.

Row security does the choosing: no statement here names an account.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import LiteralString
from uuid import UUID

from psycopg.rows import DictRow

from quantdesk.adapters.postgres.database import Database, as_user
from quantdesk.adapters.postgres.times import milliseconds
from quantdesk.domain.position import Position
from quantdesk.services.ports import Flows, Row

TRADES = """
select t.signature, t.log_index, t.slot, t.account, t.market_index, m.symbol as market,
       t.order_address, t.kind::text as kind, t.size_e9, t.cost_e6, t.fee_e6, t.realized_pnl_e6,
       t.funding_e6, t.oracle_price_e6, t.size_after_e9, t.executed_at, false as is_liquidation
from trades t left join markets m on m.index = t.market_index
union all
select l.signature, l.log_index, l.slot, l.account, l.market_index, m.symbol,
       null, l.cause::text, l.size_e9, l.cost_e6, l.penalty_e6 + l.impact_e6, l.realized_pnl_e6,
       l.funding_e6, l.oracle_price_e6, l.size_after_e9, l.at, true
from liquidations l left join markets m on m.index = l.market_index
order by executed_at desc, slot desc, log_index desc limit %(limit)s
"""
INTENTS = """
select id, kind::text as kind, state::text as state, client_order_id, signature, error, created_at,
       request ->> 'summary' as summary, request
from intents order by created_at desc limit %(limit)s
"""
# One statement, so that every sum is of the same moment.
FLOWS = """
select
  (select coalesce(sum(balance_native), 0) from user_balances where vault_index = 0) as usdc_e6,
  (select coalesce(sum(claims_e6), 0) from accounts) as claims_e6,
  (select coalesce(sum(amount_native) filter (where kind = 'deposit'), 0)
     from transfers where vault_index = 0) as deposits_e6,
  (select coalesce(sum(amount_native) filter (where kind = 'withdrawal'), 0)
     from transfers where vault_index = 0) as withdrawals_e6,
  t.realized + l.realized + c.settled as realized_pnl_e6,
  t.funding + l.funding + f.funding as funding_e6,
  t.fees as fees_e6, l.penalties as penalties_e6, l.cover + b.cover as insurance_cover_e6,
  c.rewards as rewards_e6, c.conversions as conversions_e6,
  t.trades as trade_count, t.volume as volume_e6,
  (select coalesce(jsonb_agg(jsonb_build_object(
       'account', account, 'market_index', market_index, 'size_e9', size_e9, 'entry_e6', entry_e6,
       'funding_index', funding_index::text, 'realized_pnl_e6', realized_pnl_e6)), '[]')
     from positions where size_e9 <> 0) as positions
from
  (select coalesce(sum(realized_pnl_e6), 0) as realized, coalesce(sum(funding_e6), 0) as funding,
          coalesce(sum(fee_e6), 0) as fees, count(*) as trades,
          coalesce(sum(abs(cost_e6)), 0) as volume from trades) t,
  (select coalesce(sum(realized_pnl_e6), 0) as realized, coalesce(sum(funding_e6), 0) as funding,
          coalesce(sum(penalty_e6 + impact_e6), 0) as penalties,
          coalesce(sum(insurance_paid_e6 + pool_loss_e6), 0) as cover from liquidations) l,
  (select coalesce(sum(funding_e6), 0) as funding from funding_payments) f,
  (select coalesce(sum((payload ->> 'insurance_paid_e6')::numeric
                       + (payload ->> 'pool_loss_e6')::numeric), 0) as cover
     from receipts where event = 'BankruptcyResolved') b,
  (select coalesce(sum(amount_e6) filter (where kind = 'settled_pnl'), 0) as settled,
          coalesce(sum(amount_e6) filter (where kind = 'reward'), 0) as rewards,
          coalesce(sum(amount_e6) filter (where kind = 'conversion'), 0) as conversions
     from cash_flows) c
"""


class PostgresAccountMirror:
    """Recorded orders, fills, transfers and their sums."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def orders(self, user_id: UUID, *, status: str | None, limit: int) -> list[Row]:
        """Orders, newest first."""
        from quantdesk.adapters.postgres.listings import ORDERS_TEXT

        return await self._rows(user_id, ORDERS_TEXT, status=status, limit=limit)

    async def trades(self, user_id: UUID, *, limit: int) -> list[Row]:
        """Fills and liquidations, newest first."""
        return await self._rows(user_id, TRADES, limit=limit)

    async def transfers(self, user_id: UUID, *, limit: int) -> list[Row]:
        """Deposits and withdrawals, newest first."""
        from quantdesk.adapters.postgres.listings import TRANSFERS_TEXT

        return await self._rows(user_id, TRANSFERS_TEXT, limit=limit)

    async def positions(self, user_id: UUID) -> list[Row]:
        """Open positions as last indexed."""
        from quantdesk.adapters.postgres.listings import POSITIONS_TEXT

        return await self._rows(user_id, POSITIONS_TEXT)

    async def intents(self, user_id: UUID, *, limit: int) -> list[Row]:
        """What was asked lately, newest first."""
        return await self._rows(user_id, INTENTS, limit=limit)

    async def flows(self, user_id: UUID) -> Flows:
        """The sums that explain the account's equity."""
        rows = await self._rows(user_id, FLOWS)
        sums = dict(rows[0])
        positions = sums.pop("positions")
        assert isinstance(positions, list), "jsonb_agg returns a list"
        return Flows(
            positions=tuple(_position(position) for position in positions),
            **{name: int(str(found)) for name, found in sums.items()},
        )

    async def _rows(
        self, user_id: UUID, statement: LiteralString | bytes, **values: object
    ) -> list[Row]:
        async with self._database.transaction(as_user(user_id)) as connection:
            found = await connection.execute(statement, values)
            return [_plain(row) for row in await found.fetchall()]


def _position(found: dict[str, object]) -> Position:
    return Position(
        account=str(found["account"]),
        **{
            name: int(str(found[name]))
            for name in ("market_index", "size_e9", "entry_e6", "funding_index", "realized_pnl_e6")
        },
    )


def _plain(row: DictRow) -> Row:
    """Numbers as int and times as milliseconds, under a name that says so."""
    plain: dict[str, object] = {}
    for name, found in row.items():
        if isinstance(found, datetime):
            plain[f"{name}_ms"] = milliseconds(found)
        elif name.endswith("_at") or name == "at":
            plain[f"{name}_ms"] = None
        elif isinstance(found, Decimal):
            plain[name] = int(found)
        elif isinstance(found, UUID):
            plain[name] = str(found)
        else:
            plain[name] = found
    return plain
