"""The models describe the migrated tables exactly: a drift in either direction fails."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import Enum, Table
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from quantdesk.adapters.postgres import door_models, exchange_models, history_models
from tests.adapters.postgres.server import Server

MODULES = (door_models, exchange_models, history_models)
COLUMNS = """
select a.attname, format_type(a.atttypid, a.atttypmod), not a.attnotnull
from pg_attribute a where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped
"""
KEY = """
select a.attname from pg_index i join pg_attribute a
  on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
where i.indrelid = %s::regclass and i.indisprimary
"""
MEMBERS = """
select t.typname, array_agg(e.enumlabel::text order by e.enumsortorder)
from pg_type t join pg_enum e on e.enumtypid = t.oid group by 1
"""
SPOKEN = {
    "timestamp with time zone": "timestamp with time zone",
    "numeric(20,0)": "numeric(20, 0)",
    "numeric(39,0)": "numeric(39, 0)",
    "double precision": "float(53)",
}


def models() -> dict[str, Table]:
    assert MODULES
    return dict(SQLModel.metadata.tables)


@pytest.fixture(scope="module")
def catalogue(server: Server, database_name: str) -> psycopg.Connection:
    return psycopg.connect(server.admin_url(database_name), autocommit=True)


def modelled(table: Table) -> set[tuple[str, str, bool]]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return {
        (column.name, column.type.compile(dialect).lower(), bool(column.nullable))
        for column in table.columns
    }


def test_every_table_has_a_model_and_every_model_a_table(
    catalogue: psycopg.Connection,
) -> None:
    rows = catalogue.execute("select tablename from pg_tables where schemaname = 'public'")

    assert {str(row[0]) for row in rows} == set(models())


@pytest.mark.parametrize("name", sorted(models()))
def test_a_model_has_the_columns_types_and_keys_of_its_table(
    catalogue: psycopg.Connection, name: str
) -> None:
    table = models()[name]
    found = {
        (column, SPOKEN.get(kind, kind), nullable)
        for column, kind, nullable in catalogue.execute(COLUMNS, [f"public.{name}"])
    }
    key = {str(row[0]) for row in catalogue.execute(KEY, [f"public.{name}"])}

    assert modelled(table) == found
    assert {column.name for column in table.primary_key} == key


def test_closed_sets_have_the_same_members_in_the_same_order(
    catalogue: psycopg.Connection,
) -> None:
    known = {str(name): members for name, members in catalogue.execute(MEMBERS)}
    modelled_sets = {
        column.type.name: list(column.type.enums)
        for table in models().values()
        for column in table.columns
        if isinstance(column.type, Enum)
    }

    assert modelled_sets == known
