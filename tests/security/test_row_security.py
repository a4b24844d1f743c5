"""The database itself keeps people apart: every table × person × operation, from the catalogue."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, InvalidTextRepresentation, UniqueViolation

from quantdesk.adapters.postgres.migrate import migrate
from tests.adapters.postgres.server import PASSWORD, SUPABASE_DIR, running_server
from tests.fakes.wallet import Wallet
from tests.security.row_security import EXPECTED, FUNCTIONS, GUEST_COLUMNS, Rule
from tests.security.rows import Person, Row, rows_of

Connection = psycopg.Connection[tuple[object, ...]]


def person(name: str, number: int) -> Person:
    wallet = Wallet.named(name).address
    return Person(user_id=uuid.uuid4(), wallet=wallet, account=f"{name}-account", number=number)


ALICE, BOB, EVE = person("alice", 1), person("bob", 2), person("eve", 3)
PERSONAS = {
    "guest": ("anon", None),
    "alice": ("authenticated", str(ALICE.user_id)),
    "bob": ("authenticated", str(BOB.user_id)),
    "eve": ("authenticated", str(EVE.user_id)),
    "no-sub": ("authenticated", None),
    "stranger": ("authenticated", str(uuid.uuid4())),
}


class Rolled(Exception):
    """Undoes a trial."""


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with running_server() as server:
        migrate(server.admin_url(), supabase_dir=SUPABASE_DIR, authenticator_password=PASSWORD)
        with psycopg.connect(server.app_url(), autocommit=True) as found:
            with found.transaction():
                become(found, "service_role", None)
                for somebody in (ALICE, BOB):
                    for table, row in rows_of(somebody).items():
                        insert(found, table, row)
            yield found


def become(connection: Connection, role: str, subject: str | None) -> None:
    claims = {"role": role, **({"sub": subject} if subject else {})}
    connection.execute(
        "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
        [role, json.dumps(claims)],
    )


def insert(connection: Connection, table: str, row: Row) -> None:
    statement = sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    connection.execute(statement, list(row.values()))


def touched(connection: Connection, persona: str, statement: sql.Composed) -> int | None:
    """Rows that the statement returned or changed as `persona`; None when denied. Undone."""
    count: int | None = None
    try:
        with connection.transaction():
            become(connection, *PERSONAS[persona])
            count = connection.execute(statement).rowcount
            raise Rolled
    except Rolled:
        return count
    except InsufficientPrivilege:
        return None


def tables(connection: Connection) -> list[str]:
    rows = connection.execute(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1"
    )
    return [str(row[0]) for row in rows]


def columns(connection: Connection, table: str) -> list[str]:
    rows = connection.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
        " and not attisdropped order by attnum",
        [f"public.{table}"],
    )
    return [str(row[0]) for row in rows]


def readable(connection: Connection, persona: str, table: str) -> sql.Composable:
    """The columns a test reads: all of them, or those that a guest may see."""
    known = GUEST_COLUMNS.get(table) if persona == "guest" else None
    if known is None:
        return sql.SQL("*")
    return sql.SQL(", ").join(map(sql.Identifier, sorted(known)))


def seen(rule: str) -> dict[str, int | None]:
    match rule:
        case "all":
            return {"alice": 2, "bob": 2, "eve": 2, "no-sub": 2, "stranger": 2}
        case "own":
            return {"alice": 1, "bob": 1, "eve": 0, "no-sub": 0, "stranger": 0}
    return dict.fromkeys(("alice", "bob", "eve", "no-sub", "stranger"))


def test_every_table_has_been_thought_about(connection: Connection) -> None:
    assert set(tables(connection)) == set(EXPECTED) == set(rows_of(ALICE))


@pytest.mark.parametrize("table", EXPECTED)
def test_each_person_sees_what_is_theirs_and_nothing_else(
    connection: Connection, table: str
) -> None:
    rule: Rule = EXPECTED[table]
    expected = {"guest": 2 if rule.guest == "all" else None, **seen(rule.user)}

    found = {
        persona: touched(
            connection,
            persona,
            sql.SQL("select {} from {}").format(
                sql.SQL(", ").join(map(sql.Identifier, _granted(connection, persona, table)))
                if rule.user != "denied" and persona != "guest"
                else readable(connection, persona, table),
                sql.Identifier(table),
            ),
        )
        for persona in PERSONAS
    }

    assert found == expected


def _granted(connection: Connection, persona: str, table: str) -> list[str]:
    role = PERSONAS[persona][0]
    rows = connection.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
        " and not attisdropped and has_column_privilege(%s, attrelid, attnum, 'SELECT')",
        [f"public.{table}", role],
    )
    return [str(row[0]) for row in rows]


@pytest.mark.parametrize("table", GUEST_COLUMNS)
def test_a_guest_sees_the_public_columns_only(connection: Connection, table: str) -> None:
    assert set(_granted(connection, "guest", table)) == GUEST_COLUMNS[table]


@pytest.mark.parametrize("table", EXPECTED)
@pytest.mark.parametrize("persona", PERSONAS)
def test_nobody_changes_or_removes_a_row(connection: Connection, table: str, persona: str) -> None:
    name = sql.Identifier(table)
    first = sql.Identifier(columns(connection, table)[0])
    attempts = {
        "update every row": sql.SQL("update {} set {} = default").format(name, first),
        "delete every row": sql.SQL("delete from {}").format(name),
        "truncate": sql.SQL("truncate {} cascade").format(name),
        "lock": sql.SQL("lock table {} in access exclusive mode").format(name),
    }

    assert {what: touched(connection, persona, how) for what, how in attempts.items()} == (
        dict.fromkeys(attempts)
    )


@pytest.mark.parametrize("table", EXPECTED)
@pytest.mark.parametrize("persona", PERSONAS)
def test_nobody_writes_a_row_that_is_not_theirs_to_write(
    connection: Connection, table: str, persona: str
) -> None:
    rule = EXPECTED[table]
    for owner in (ALICE, BOB):
        row = {**rows_of(owner)[table]}
        is_own = PERSONAS[persona][1] == str(owner.user_id)
        assert _can_insert(connection, persona, table, row) is (rule.inserts and is_own)


def _can_insert(connection: Connection, persona: str, table: str, row: Row) -> bool:
    try:
        with connection.transaction():
            become(connection, *PERSONAS[persona])
            insert(connection, table, row)
            raise Rolled
    except (Rolled, UniqueViolation):
        # A duplicate key is found only after every permission was granted.
        return True
    except InsufficientPrivilege:
        return False


@pytest.mark.parametrize(
    ("column", "content"),
    [
        ("state", "finalized"),
        ("signature", "x"),
        ("signed_transaction", b"x"),
        ("error", "{}"),
        ("resolved_at", "2026-01-01T00:00:00Z"),
        ("created_at", "2026-01-01T00:00:00Z"),
    ],
)
def test_a_person_cannot_claim_what_became_of_an_intent(
    connection: Connection, column: str, content: object
) -> None:
    row = {**rows_of(ALICE)["intents"], column: content}

    assert not _can_insert(connection, "alice", "intents", row)


def test_the_service_reads_everything(connection: Connection) -> None:
    for table in EXPECTED:
        with connection.transaction():
            become(connection, "service_role", None)
            statement = sql.SQL("select * from {}").format(sql.Identifier(table))
            assert connection.execute(statement).rowcount == 2, table


def test_a_login_without_a_role_can_do_nothing(connection: Connection) -> None:
    for table in EXPECTED:
        statement = sql.SQL("select * from {}").format(sql.Identifier(table))
        with pytest.raises(InsufficientPrivilege):
            connection.execute(statement)


def test_claims_that_are_no_uuid_show_nothing(connection: Connection) -> None:
    def look() -> None:
        with connection.transaction():
            become(connection, "authenticated", "' or true --")
            connection.execute("select * from orders")

    with pytest.raises(InvalidTextRepresentation):
        look()


def test_role_and_claims_end_with_their_transaction(connection: Connection) -> None:
    with connection.transaction():
        become(connection, "service_role", str(ALICE.user_id))

    row = connection.execute(
        "select current_user, coalesce(current_setting('request.jwt.claims', true), '')"
    ).fetchone()
    assert row == ("authenticator", "")


def test_row_security_is_on_and_forced_on_every_table(connection: Connection) -> None:
    rows = connection.execute(
        "select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'public' and relkind in ('r', 'p')"
        " and not (relrowsecurity and relforcerowsecurity)"
    ).fetchall()

    assert rows == []


def test_policies_ask_for_the_caller_once_and_not_once_per_row(connection: Connection) -> None:
    rows = connection.execute(
        "select tablename, policyname, coalesce(qual, '') || coalesce(with_check, '')"
        " from pg_policies where schemaname = 'public'"
    ).fetchall()
    bare = [
        (table, policy)
        for table, policy, text in rows
        if re.search(r"(?<!SELECT )(auth\.uid|private\.my_accounts)\(\)", str(text))
    ]

    assert rows
    assert bare == []


def test_every_column_that_a_policy_compares_has_an_index(connection: Connection) -> None:
    rows = connection.execute(
        "select p.tablename, m[1] from pg_policies p,"
        " regexp_matches(coalesce(p.qual, ''), '\\((\\w+) = ') m where p.schemaname = 'public'"
    ).fetchall()
    leading = connection.execute(
        "select t.relname, a.attname from pg_index i join pg_class t on t.oid = i.indrelid"
        " join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]"
    ).fetchall()

    assert rows
    assert [row for row in rows if row not in leading] == []


def test_functions_are_pinned_to_their_schemas_and_callable_by_few(connection: Connection) -> None:
    rows = connection.execute(
        "select p.proname, p.prosecdef, coalesce(array_to_string(p.proconfig, ','), ''),"
        " has_function_privilege('anon', p.oid, 'EXECUTE'),"
        " has_function_privilege('authenticated', p.oid, 'EXECUTE')"
        " from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname in ('public', 'private')"
    ).fetchall()
    callable_by = {
        str(name): {role for role, may in (("anon", anon), ("authenticated", user)) if may}
        for name, _, _, anon, user in rows
    }

    assert callable_by == FUNCTIONS
    assert all("search_path=" in str(config) for _, _, config, _, _ in rows)


def test_the_login_role_owns_nothing_and_bypasses_nothing(connection: Connection) -> None:
    row = connection.execute(
        "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit,"
        " (select count(*) from pg_class where relowner = pg_roles.oid)"
        " from pg_roles where rolname = 'authenticator'"
    ).fetchone()

    assert row == (False, False, False, False, False, 0)


def test_commits_are_durable_when_they_return(connection: Connection) -> None:
    row = connection.execute("show synchronous_commit").fetchone()

    assert row == ("on",)


def test_no_migration_uses_notify() -> None:
    for file in SUPABASE_DIR.rglob("*.sql"):
        assert not re.search(r"pg_notify|\bnotify\s", file.read_text(), re.IGNORECASE), file
