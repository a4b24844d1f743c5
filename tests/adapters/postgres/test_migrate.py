"""Migrations run once, in order, whole or not at all, however many processes start together."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from quantdesk.adapters.postgres.migrate import migrate
from tests.adapters.postgres.server import PASSWORD, SUPABASE_DIR, Server

FILES = [file.stem for file in sorted((SUPABASE_DIR / "migrations").glob("*.sql"))]


@pytest.fixture
def empty(server: Server, request: pytest.FixtureRequest) -> str:
    name = f"m{abs(hash(request.node.name)) % 10**9}"
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        admin.execute(f"create database {name}".encode())
    return server.admin_url(name)


def history(url: str) -> list[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select version, name from supabase_migrations.schema_migrations order by version"
        )
        return [(str(row[0]), str(row[1])) for row in rows]


def test_a_second_run_changes_nothing(empty: str) -> None:
    assert migrate(empty, supabase_dir=SUPABASE_DIR) == FILES
    assert migrate(empty, supabase_dir=SUPABASE_DIR) == []
    assert [f"{version}_{name}" for version, name in history(empty)] == FILES


def test_of_two_runs_at_once_each_file_is_applied_by_one(empty: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(migrate, empty, supabase_dir=SUPABASE_DIR) for _ in range(4)]
        applied = [name for run in runs for name in run.result()]

    assert sorted(applied) == FILES


def test_a_file_that_fails_leaves_nothing_behind_and_is_tried_again(
    empty: str, tmp_path: Path
) -> None:
    folder = shutil.copytree(SUPABASE_DIR, tmp_path / "supabase")
    broken = folder / "migrations" / "99990101000000_broken.sql"
    broken.write_text("create table half (id int); select no_such_function();")

    with pytest.raises(psycopg.errors.UndefinedFunction):
        migrate(empty, supabase_dir=folder)

    with psycopg.connect(empty) as connection:
        row = connection.execute("select to_regclass('public.half')").fetchone()
    assert row == (None,)
    assert len(history(empty)) == len(FILES)
    broken.write_text("create table half (id int);")
    assert migrate(empty, supabase_dir=folder) == [broken.stem]


def test_the_login_gets_its_password_and_no_right_of_its_own(server: Server, empty: str) -> None:
    migrate(empty, supabase_dir=SUPABASE_DIR, authenticator_password=PASSWORD)
    name = empty.rpartition("/")[2]

    with psycopg.connect(server.app_url(name)) as connection:
        row = connection.execute(
            "select has_schema_privilege('public', 'create'),"
            " has_schema_privilege('supabase_migrations', 'usage')"
        ).fetchone()

    assert row == (False, False)
