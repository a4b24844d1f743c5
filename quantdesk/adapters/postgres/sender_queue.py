"""The sender's queue: intents whose outcome the chain still owes, and those nobody signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.types.json import Jsonb

from quantdesk.adapters.postgres.database import SERVICE, Database
from quantdesk.adapters.postgres.intents import COLUMNS, MARK, intent_of_row
from quantdesk.services.actions import Intent, IntentState
from quantdesk.services.resolve_intent import Mark

QUEUE = f"""
select {COLUMNS}, (select wallet_address from users where users.id = intents.user_id) as owner
from intents
where state in ('signed', 'sent', 'processed', 'confirmed', 'unknown')
  and state = any(%s::intent_state[])
order by updated_at limit %s
"""  # noqa: S608 - our own columns
EXPIRE_PREPARED = """
update intents set state = 'expired', resolved_at = now(), updated_at = now(),
  error = jsonb_build_object('code', 'NOT_SIGNED', 'message', format(
    'it was not signed before block %%s; nothing was done, prepare it again',
    last_valid_block_height))
where state = 'prepared' and last_valid_block_height < %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """An unresolved intent and the wallet that asked."""

    intent: Intent
    owner: str


class SenderQueue:
    """What the order sender works on. Every call raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unresolved(self, states: Sequence[IntentState], *, limit: int) -> list[Queued]:
        """Intents in these states, the longest untouched first."""
        async with self._database.transaction(SERVICE) as connection:
            found = await connection.execute(QUEUE, [[state.value for state in states], limit])
            rows = await found.fetchall()
        return [Queued(intent=intent_of_row(row), owner=row["owner"]) for row in rows]

    async def move(self, moves: Sequence[tuple[Intent, Mark]]) -> list[bool]:
        """Move intents on in one commit; False for those no longer in the state that was read."""
        # Always by id: two senders that lock the same rows would otherwise wait for each other.
        order = sorted(range(len(moves)), key=lambda at: moves[at][0].id)
        is_moved = [False] * len(moves)
        async with self._database.transaction(SERVICE) as connection:
            async with connection.pipeline():
                done = [(at, await connection.execute(MARK, _marked(*moves[at]))) for at in order]
            for at, cursor in done:
                is_moved[at] = cursor.rowcount == 1
        return is_moved

    async def has_prepared(self) -> bool:
        """Whether anybody holds bytes that were not returned."""
        async with self._database.transaction(SERVICE) as connection:
            found = await connection.execute(
                "select exists (select from intents where state = 'prepared') as found"
            )
            row = await found.fetchone()
        return row is not None and bool(row["found"])

    async def expire_prepared(self, *, below_height: int) -> int:
        """End what was prepared with a last valid block below `below_height`."""
        async with self._database.transaction(SERVICE) as connection:
            done = await connection.execute(EXPIRE_PREPARED, [below_height])
        return done.rowcount


def _marked(intent: Intent, mark: Mark) -> dict[str, object]:
    return {
        "id": intent.id,
        "state": mark.state.value,
        "expected": [intent.state.value],
        "error": None if mark.error is None else Jsonb(dict(mark.error)),
    }
