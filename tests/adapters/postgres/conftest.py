"""One server for the session; one migrated database per test module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from quantdesk.adapters.postgres.database import Database
from quantdesk.adapters.postgres.migrate import migrate
from tests.adapters.postgres.server import PASSWORD, SUPABASE_DIR, Server, running_server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running_server() as running:
        yield running


@pytest.fixture(scope="module")
def database_name(server: Server, request: pytest.FixtureRequest) -> str:
    name: str = request.module.__name__.rpartition(".")[2]
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        admin.execute(f'create database "{name}"')
    migrate(server.admin_url(name), supabase_dir=SUPABASE_DIR, authenticator_password=PASSWORD)
    return name


@pytest.fixture
async def database(server: Server, database_name: str) -> AsyncIterator[Database]:
    found = await Database.connect(server.app_url(database_name), size_max=20)
    yield found
    await found.close()
