"""The mirror's books of one account, read as the server for reconciliation."""

from __future__ import annotations

from typing import LiteralString

from psycopg.rows import DictRow

from quantdesk.adapters.postgres.database import SERVICE, Connection, Database
from quantdesk.domain.account import USDC
from quantdesk.services.reconcile import ORDER_FIGURES, POSITION_FIGURES, AccountFigures

BALANCES = "select vault_index, balance_native from user_balances where account = %s"
CLAIMS = "select claims_e6 from accounts where address = %s"
POSITIONS = "select * from positions where account = %s and size_e9 <> 0"
ORDERS = "select * from orders where account = %s and status = 'open'"


class PostgresBooks:
    """The port `MirrorBooks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def figures(self, account: str) -> AccountFigures:
        """What the indexer recorded of an account."""
        async with self._database.transaction(SERVICE) as connection:
            balances = {
                int(row["vault_index"]): int(row["balance_native"])
                for row in await _rows(connection, BALANCES, account)
            }
            claims = await _rows(connection, CLAIMS, account)
            positions = await _rows(connection, POSITIONS, account)
            orders = await _rows(connection, ORDERS, account)
        return AccountFigures(
            usdc_e6=balances.pop(USDC, 0),
            claims_e6=int(claims[0]["claims_e6"]) if claims else 0,
            tokens={index: held for index, held in balances.items() if held},
            positions={
                int(row["market_index"]): {name: int(row[name]) for name in POSITION_FIGURES}
                for row in positions
            },
            orders={
                str(row["address"]): {name: int(row[name]) for name in ORDER_FIGURES}
                for row in orders
            },
        )


async def _rows(connection: Connection, statement: LiteralString, account: str) -> list[DictRow]:
    found = await connection.execute(statement, [account])
    return await found.fetchall()
