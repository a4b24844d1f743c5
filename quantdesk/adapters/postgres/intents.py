"""Intents: what people asked for, written before anything is sent.

A person records an intent as themselves; every later step is the server's, and moves only from a
state that was expected, so two processes can never both take the same step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from quantdesk.adapters.postgres.database import SERVICE, Database, as_user
from quantdesk.adapters.postgres.times import milliseconds
from quantdesk.services.actions import Intent, IntentKind, IntentState

COLUMNS = """
id, user_id, account, kind::text as kind, client_order_id::text as client_order_id, request,
message_bytes, signed_transaction, state::text as state, signature, last_valid_block_height,
error, created_at
"""
RECORD = """
insert into intents (id, user_id, account, kind, client_order_id, request, message_bytes,
                     last_valid_block_height)
values (%s, %s, %s, %s, %s, %s, %s, %s)
"""
MARK = """
update intents set
  state = %(state)s::intent_state,
  error = coalesce(%(error)s, error),
  sent_at = case when %(state)s = 'sent' then coalesce(sent_at, now()) else sent_at end,
  resolved_at = case when %(state)s in ('finalized', 'rejected', 'expired') then now() end,
  updated_at = now()
where id = %(id)s and state = any(%(expected)s::intent_state[])
"""


class PostgresIntents:
    """The log of what was asked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, intent: Intent) -> bool:
        """Insert a prepared intent as its user; False when its client order id is already live."""
        assert intent.state is IntentState.PREPARED, "only a prepared intent can be recorded"
        try:
            async with self._database.transaction(as_user(intent.user_id)) as connection:
                await connection.execute(
                    RECORD,
                    [
                        intent.id,
                        intent.user_id,
                        intent.account,
                        intent.kind.value,
                        intent.client_order_id,
                        Jsonb(dict(intent.request)),
                        intent.message_bytes,
                        intent.last_valid_block_height,
                    ],
                )
        except UniqueViolation:
            return False
        return True

    async def find(self, user_id: UUID, intent_id: UUID) -> Intent | None:
        """An intent of this user, nobody else's."""
        async with self._database.transaction(as_user(user_id)) as connection:
            found = await connection.execute(
                f"select {COLUMNS} from intents where id = %s",  # noqa: S608 - our own columns
                [intent_id],
            )
            row = await found.fetchone()
        return None if row is None else intent_of_row(row)

    async def mark_signed(
        self, intent: Intent, *, signature: str, signed_transaction: bytes
    ) -> bool:
        """Move prepared -> signed; False when the intent had already left `prepared`."""
        async with self._database.transaction(SERVICE) as connection:
            done = await connection.execute(
                "update intents set state = 'signed', signature = %s, signed_transaction = %s,"
                " signed_at = now(), updated_at = now()"
                " where id = %s and user_id = %s and state = 'prepared'",
                [signature, signed_transaction, intent.id, intent.user_id],
            )
        return done.rowcount == 1

    async def mark(
        self,
        intent_id: UUID,
        state: IntentState,
        *,
        expected: Sequence[IntentState],
        error: Mapping[str, object] | None = None,
    ) -> bool:
        """Move to `state` if the intent is in one of `expected`; False when it was not."""
        async with self._database.transaction(SERVICE) as connection:
            done = await connection.execute(
                MARK,
                {
                    "id": intent_id,
                    "state": state.value,
                    "expected": [one.value for one in expected],
                    "error": None if error is None else Jsonb(dict(error)),
                },
            )
        return done.rowcount == 1


def intent_of_row(row: DictRow) -> Intent:
    """The intent in a row of `COLUMNS`."""
    signed = row["signed_transaction"]
    client_order_id = row["client_order_id"]
    return Intent(
        id=row["id"],
        user_id=row["user_id"],
        account=row["account"],
        kind=IntentKind(row["kind"]),
        request=row["request"],
        message_bytes=bytes(row["message_bytes"]),
        last_valid_block_height=row["last_valid_block_height"],
        state=IntentState(row["state"]),
        client_order_id=None if client_order_id is None else int(client_order_id),
        signature=row["signature"],
        signed_transaction=None if signed is None else bytes(signed),
        error=row["error"],
        created_at_ms=milliseconds(row["created_at"]),
    )
