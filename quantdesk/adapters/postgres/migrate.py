"""Migrations: plain SQL files applied in order, each in its own transaction, once.

The history table is the one that Supabase's own command line keeps, so either may apply the rest.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql

LOCK_KEY = 7_301_144_529
HISTORY = """
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
  version text primary key, statements text[], name text
);
revoke all on schema supabase_migrations from public;
"""


def migrate(
    admin_url: str, *, supabase_dir: Path, authenticator_password: str | None = None
) -> list[str]:
    """Bring the database up to date; returns the names of the files applied now.

    `admin_url` must log in as the owner of the schema (a superuser on a plain Postgres). The
    password, when given, is set on the login role `authenticator` that the product uses.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [LOCK_KEY])
        _bootstrap(connection, supabase_dir / "bootstrap.sql")
        if authenticator_password is not None:
            _set_password(connection, authenticator_password)
        _run_script(connection, HISTORY)
        applied = _applied(connection)
        files = sorted((supabase_dir / "migrations").glob("*.sql"))
        pending = [file for file in files if file.name.partition("_")[0] not in applied]
        for file in pending:
            _apply(connection, file)
        _run_script(connection, (supabase_dir / "seed.sql").read_text())
        return [file.stem for file in pending]


def _bootstrap(connection: psycopg.Connection, script: Path) -> None:
    row = connection.execute("select to_regprocedure('auth.uid()') is null").fetchone()
    if row is not None and row[0]:
        _run_script(connection, script.read_text())


def _set_password(connection: psycopg.Connection, password: str) -> None:
    statement = sql.SQL("alter role authenticator with login password {}")
    connection.execute(statement.format(sql.Literal(password)))


def _applied(connection: psycopg.Connection) -> set[str]:
    rows = connection.execute("select version from supabase_migrations.schema_migrations")
    return {row[0] for row in rows}


def _apply(connection: psycopg.Connection, file: Path) -> None:
    version, _, name = file.stem.partition("_")
    script = file.read_text()
    with connection.transaction():
        _run_script(connection, script)
        connection.execute(
            "insert into supabase_migrations.schema_migrations values (%s, %s, %s)",
            [version, [script], name],
        )


def _run_script(connection: psycopg.Connection, script: str) -> None:
    # Without parameters the simple protocol is used, which takes many statements in one string.
    connection.execute(script.encode(), prepare=False)
