"""The connection pool, and the one way to get a transaction out of it.

A transaction belongs to somebody from its first statement on: role, claims and time limit are set
together and end with it. Whoever names nobody is a guest, and guests may do nothing by default.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from quantdesk.services.ports import DatabaseUnavailable

Connection = psycopg.AsyncConnection[DictRow]

TRANSACTION_POOLER_PORT = 6543
STATEMENT_TIMEOUT_MS = 10_000
OPEN_S_MAX = 10.0
BECOME = """
select set_config('role', %s, true),
       set_config('request.jwt.claims', %s, true),
       set_config('statement_timeout', %s, true)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """As whom a transaction runs: a database role, and for people the user behind it."""

    role: str
    user_id: UUID | None = None

    @property
    def claims(self) -> str:
        """The JSON that policies read."""
        subject = {} if self.user_id is None else {"sub": str(self.user_id)}
        return json.dumps({"role": self.role, **subject})


GUEST = Identity(role="anon")
SERVICE = Identity(role="service_role")


def as_user(user_id: UUID) -> Identity:
    """The identity of a signed-in person."""
    return Identity(role="authenticated", user_id=user_id)


class Database:
    """A pool of connections that log in as `authenticator` and own nothing themselves."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool

    @classmethod
    async def connect(cls, url: str, *, size_max: int = 8) -> Self:
        """Open the pool. Raises DatabaseUnavailable when no connection comes within 10 s."""
        settings: dict[str, Any] = {"row_factory": dict_row, "connect_timeout": 5}
        if urlsplit(url).port == TRANSACTION_POOLER_PORT:
            # A transaction pooler hands the next statement to another server connection.
            settings["prepare_threshold"] = None
        pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url, min_size=1, max_size=size_max, timeout=5, open=False, kwargs=settings
        )
        try:
            await pool.open(wait=True, timeout=OPEN_S_MAX)
        except PoolTimeout as fault:
            await pool.close()
            raise DatabaseUnavailable(
                f"the database did not answer within {OPEN_S_MAX:g} s"
            ) from fault
        return cls(pool)

    async def close(self) -> None:
        """Give every connection back."""
        await self._pool.close()

    async def ping(self) -> None:
        """Ask whether the database answers. Raises DatabaseUnavailable."""
        async with self.transaction() as connection:
            await connection.execute("select 1")

    @asynccontextmanager
    async def transaction(self, identity: Identity = GUEST) -> AsyncIterator[Connection]:
        """A transaction as `identity`; commits at the end of the block, rolls back on an error."""
        try:
            async with self._pool.connection() as connection, connection.transaction():
                limit = str(STATEMENT_TIMEOUT_MS)
                await connection.execute(BECOME, [identity.role, identity.claims, limit])
                yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as fault:
            raise DatabaseUnavailable("the database did not answer; try again shortly") from fault
