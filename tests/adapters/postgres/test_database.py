"""Transactions belong to whom they name, also when they fail and when the server is gone."""

from __future__ import annotations

import asyncio
import random
import uuid

import pytest

from quantdesk.adapters.postgres.database import GUEST, SERVICE, Database, as_user
from quantdesk.services.ports import DatabaseUnavailable

WHO = "select current_user as role, current_setting('request.jwt.claims', true)::jsonb as claims"


class Broken(Exception):
    """Ends a transaction by force."""


async def test_a_transaction_without_an_identity_is_a_guests(database: Database) -> None:
    async with database.transaction() as connection:
        row = await (await connection.execute(WHO)).fetchone()

    assert row == {"role": "anon", "claims": {"role": "anon"}}


async def test_identities_never_leak_between_transactions(database: Database) -> None:
    chance = random.Random(7)  # noqa: S311 - a repeatable draw, not a secret
    people = [GUEST, SERVICE, *(as_user(uuid.uuid4()) for _ in range(8))]

    async def visit() -> None:
        identity = chance.choice(people)
        try:
            async with database.transaction(identity) as connection:
                row = await (await connection.execute(WHO)).fetchone()
                assert row is not None
                assert row["role"] == identity.role
                assert row["claims"].get("sub") == (
                    str(identity.user_id) if identity.user_id else None
                )
                if chance.random() < 0.3:
                    raise Broken
        except Broken:
            return

    for _ in range(10):
        await asyncio.gather(*(visit() for _ in range(50)))


async def test_what_a_broken_transaction_wrote_is_undone(database: Database) -> None:
    async def write_and_break() -> None:
        async with database.transaction(SERVICE) as connection:
            await connection.execute("insert into chain_cursor (name, slot) values ('x', 1)")
            raise Broken

    with pytest.raises(Broken):
        await write_and_break()

    async with database.transaction(SERVICE) as connection:
        found = await connection.execute("select 1 from chain_cursor where name = 'x'")
        assert await found.fetchone() is None


async def test_a_statement_that_takes_too_long_is_a_named_failure(database: Database) -> None:
    async def sleep() -> None:
        async with database.transaction() as connection:
            await connection.execute("select set_config('statement_timeout', '50', true)")
            await connection.execute("select pg_sleep(5)")

    with pytest.raises(DatabaseUnavailable):
        await sleep()


async def test_a_server_that_is_not_there_is_a_named_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("quantdesk.adapters.postgres.database.OPEN_S_MAX", 0.3)

    with pytest.raises(DatabaseUnavailable):
        await Database.connect("postgresql://authenticator@127.0.0.1:1/postgres")
