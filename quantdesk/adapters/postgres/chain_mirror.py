"""The chain's mirror: transactions' changes and the cursor move together, or not at all.

Writers may be many; the cursor row is locked and compared first, so each transaction is applied
once and in order, whoever applies it and however many are applied at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from psycopg import sql
from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from quantdesk.adapters.postgres.database import SERVICE, Connection, Database
from quantdesk.services.chain_changes import ChainTransaction, Change, Table, moment

CURSOR = "indexer"
FINALIZED = "finalized"

# Newest first by chain order: seconds and slots alone do not order two accruals.
FUNDING_INDEX = """
update positions set funding_index = case when size_e9 = 0 then 0 else coalesce((
  select f.index_after from funding_rates f join chain_transactions t using (signature)
  where f.market_index = positions.market_index
    and f.at = (select max(at) from funding_rates where market_index = positions.market_index)
  order by t.slot desc, t.index_in_slot desc, f.log_index desc limit 1), 0) end
where account = %(account)s and market_index = %(market_index)s
"""
LINK_ACCOUNT = """
update accounts set user_id = (select id from users where wallet_address = owner)
where address = %(address)s and user_id is null
"""
LINK_ORDER = """
update orders set intent_id = (select id from intents where signature = placed_signature)
where address = %(address)s
"""
# A node refused these bytes and they landed all the same: somebody handed them to another node. An
# id that a newer live intent has taken stays with that one.
REVIVE = """
update intents set state = 'confirmed', error = null, resolved_at = null, updated_at = now()
where signature = any(%s) and state in ('rejected', 'expired') and not exists (
  select from intents as other
  where other.kind = 'place_order' and intents.kind = 'place_order' and other.id <> intents.id
    and (other.account, other.client_order_id) = (intents.account, intents.client_order_id)
    and other.state not in ('rejected', 'expired'))
"""
Applied = tuple[ChainTransaction, Sequence[Change]]
"""A transaction with the changes that its events make."""

OWNERS = "select address, owner from accounts where address = any(%s)"


class CursorMoved(Exception):
    """Another writer has applied transactions since the cursor was read; read it again."""


class HistoryRewritten(Exception):
    """The chain no longer continues what was applied; the mirror must be rebuilt."""


class ChainMirror:
    """Writes what happened on chain, exactly once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def cursor(self) -> str | None:
        """The signature of the last transaction applied; None before the first."""
        async with self._database.transaction(SERVICE) as connection:
            return await _signature(connection, lock=False)

    async def apply(self, batch: Sequence[Applied], *, after: str | None) -> None:
        """Apply transactions that follow `after`, all or none. Raises CursorMoved if they do not.

        Raises HistoryRewritten when one was applied before: the node no longer knows the cursor.
        """
        async with self._database.transaction(SERVICE) as connection:
            if await _signature(connection, lock=True) != after:
                raise CursorMoved
            # In a pipeline the statements wait for the server once, not once each.
            try:
                async with connection.pipeline():
                    for transaction, changes in batch:
                        await _record(connection, transaction)
                        for change in changes:
                            await _write(connection, change)
                    landed = [each.signature for each, _ in batch if each.error is None]
                    await connection.execute(REVIVE, [landed])
                    await _advance(connection, batch[-1][0])
            except UniqueViolation as repeated:
                if repeated.diag.table_name != "chain_transactions":
                    raise
                raise HistoryRewritten(batch[0][0].signature) from repeated

    async def owners(self, accounts: Sequence[str]) -> Mapping[str, str]:
        """Account address -> owner, for those known."""
        async with self._database.transaction(SERVICE) as connection:
            found = await connection.execute(OWNERS, [list(accounts)])
            return {row["address"]: row["owner"] for row in await found.fetchall()}

    async def describe_market(self, index: int, params: Mapping[str, object], status: str) -> None:
        """Keep a market's terms beside its name."""
        async with self._database.transaction(SERVICE) as connection:
            await connection.execute(
                "update markets set params = %s, status = %s::market_status, updated_at = now()"
                " where index = %s and (params, status) is distinct from (%s, %s::market_status)",
                [Jsonb(params), status, index, Jsonb(params), status],
            )

    async def unfinalized(self, *, up_to_slot: int) -> list[str]:
        """Signatures applied after the last finalized slot, up to `up_to_slot`, oldest first."""
        async with self._database.transaction(SERVICE) as connection:
            found = await connection.execute(
                "select signature from chain_transactions where slot <= %s and slot > coalesce("
                "(select slot from chain_cursor where name = %s), -1) order by slot, index_in_slot",
                [up_to_slot, FINALIZED],
            )
            return [row["signature"] for row in await found.fetchall()]

    async def mark_finalized(self, slot: int) -> None:
        """Everything applied up to `slot` can no longer be rolled back."""
        async with self._database.transaction(SERVICE) as connection:
            await _set_cursor(connection, FINALIZED, slot=slot, signature=None)

    async def clear(self) -> None:
        """Forget the mirror entirely, to rebuild it from the chain's first slot."""
        async with self._database.transaction(SERVICE) as connection:
            await _signature(connection, lock=True)
            for name in ("chain_cursor", "chain_transactions", *reversed(Table)):
                await connection.execute(sql.SQL("delete from {}").format(sql.Identifier(name)))


async def _signature(connection: Connection, *, lock: bool) -> str | None:
    if lock:
        # The advisory lock also covers the first transaction, when there is no row to lock yet.
        await connection.execute("select pg_advisory_xact_lock(hashtext('chain_mirror'))")
    found = await connection.execute("select signature from chain_cursor where name = %s", [CURSOR])
    row = await found.fetchone()
    return None if row is None else row["signature"]


async def _record(connection: Connection, transaction: ChainTransaction) -> None:
    block_time = None if transaction.block_time is None else moment(transaction.block_time)
    error = None if transaction.error is None else Jsonb(transaction.error)
    await connection.execute(
        "insert into chain_transactions (signature, slot, index_in_slot, error, block_time)"
        " select %s, %s, coalesce(max(index_in_slot) + 1, 0), %s, %s"
        " from chain_transactions where slot = %s",
        [transaction.signature, transaction.slot, error, block_time, transaction.slot],
    )


async def _advance(connection: Connection, transaction: ChainTransaction) -> None:
    await _set_cursor(connection, CURSOR, slot=transaction.slot, signature=transaction.signature)


async def _set_cursor(
    connection: Connection, name: str, *, slot: int, signature: str | None
) -> None:
    await connection.execute(
        "insert into chain_cursor (name, slot, signature) values (%s, %s, %s)"
        " on conflict (name) do update set slot = excluded.slot, signature = excluded.signature,"
        " updated_at = now()",
        [name, slot, signature],
    )


async def _write(connection: Connection, change: Change) -> None:
    statement = _statement(
        change.table, change.must_exist, tuple(change.key), tuple(change.given), tuple(change.added)
    )
    parameters = {
        name: Jsonb(value) if isinstance(value, dict) else value
        for name, value in {**change.key, **change.given, **change.added}.items()
    }
    await connection.execute(statement, parameters)
    if change.table is Table.POSITIONS and "funding_index" not in change.given:
        await connection.execute(FUNDING_INDEX, parameters)
    if change.table is Table.ACCOUNTS and not change.must_exist:
        await connection.execute(LINK_ACCOUNT, parameters)
    if change.table is Table.ORDERS and not change.must_exist:
        await connection.execute(LINK_ORDER, parameters)


Names = tuple[str, ...]
MINT_OF_VAULT = sql.SQL("(select mint from vaults where index = %(vault_index)s)")
"""For balances of events that name a vault and not its mint."""


# Composing a statement costs more than sending it, and there are as few as there are changes.
@lru_cache(maxsize=256)
def _statement(table: Table, must_exist: bool, key: Names, given: Names, added: Names) -> bytes:
    composed = (_update if must_exist else _upsert)(table, key, given, added)
    return composed.as_bytes(None)


def _upsert(table: Table, key: Names, given: Names, added: Names) -> sql.Composed:
    columns = [*key, *given, *added]
    written: list[sql.Composable] = [sql.Placeholder(name) for name in columns]
    if table is Table.BALANCES and "mint" not in columns:
        columns.append("mint")
        written.append(MINT_OF_VAULT)
    updates: list[sql.Composable] = [
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in given
    ]
    updates += [
        sql.SQL("{0} = {1}.{0} + excluded.{0}").format(sql.Identifier(name), sql.Identifier(table))
        for name in added
    ]
    if table in KEPT_AT:
        updates.append(sql.SQL("updated_at = now()"))
    return sql.SQL("insert into {} ({}) values ({}) on conflict ({}) do update set {}").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(written),
        sql.SQL(", ").join(map(sql.Identifier, key)),
        sql.SQL(", ").join(updates),
    )


def _update(table: Table, key: Names, given: Names, added: Names) -> sql.Composed:
    updates: list[sql.Composable] = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in given
    ]
    updates += [
        sql.SQL("{0} = {0} + {1}").format(sql.Identifier(name), sql.Placeholder(name))
        for name in added
    ]
    if table in KEPT_AT:
        updates.append(sql.SQL("updated_at = now()"))
    wanted = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in key
    ]
    return sql.SQL("update {} set {} where {}").format(
        sql.Identifier(table), sql.SQL(", ").join(updates), sql.SQL(" and ").join(wanted)
    )


KEPT_AT = {
    Table.ACCOUNTS,
    Table.BALANCES,
    Table.MANDATES,
    Table.MARKETS,
    Table.ORDERS,
    Table.POOL_SHARES,
    Table.POSITIONS,
    Table.VAULTS,
}
"""Tables whose rows change and say when."""
