"""The row security tests tested: each fault planted in a real database makes one of them fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from quantdesk.adapters.postgres.migrate import migrate
from tests.adapters.postgres.server import PASSWORD, SUPABASE_DIR, Server, running_server
from tests.security import test_row_security as suite
from tests.security.rows import rows_of


@dataclass(frozen=True)
class Fault:
    """A mistake in SQL, how to take it back, and the test that must notice."""

    mistake: str
    repair: str
    noticed_by: Callable[[suite.Connection], None]


def reads(table: str) -> Callable[[suite.Connection], None]:
    return lambda connection: suite.test_each_person_sees_what_is_theirs_and_nothing_else(
        connection, table
    )


def changes(table: str, persona: str) -> Callable[[suite.Connection], None]:
    return lambda connection: suite.test_nobody_changes_or_removes_a_row(connection, table, persona)


def writes(table: str, persona: str) -> Callable[[suite.Connection], None]:
    return lambda connection: suite.test_nobody_writes_a_row_that_is_not_theirs_to_write(
        connection, table, persona
    )


FAULTS = {
    "row security switched off": Fault(
        "alter table orders disable row level security",
        "alter table orders enable row level security",
        reads("orders"),
    ),
    "not forced on the owner": Fault(
        "alter table trades no force row level security",
        "alter table trades force row level security",
        suite.test_row_security_is_on_and_forced_on_every_table,
    ),
    "a policy that lets everybody read": Fault(
        "create policy oops on trades for select to authenticated using (true)",
        "drop policy oops on trades",
        reads("trades"),
    ),
    "a table opened to guests": Fault(
        "grant select on sessions to anon; create policy oops on sessions using (true)",
        "revoke select on sessions from anon; drop policy oops on sessions",
        reads("sessions"),
    ),
    "a column opened to guests": Fault(
        "grant select (account) on liquidations to anon",
        "revoke select (account) on liquidations from anon",
        lambda connection: suite.test_a_guest_sees_the_public_columns_only(
            connection, "liquidations"
        ),
    ),
    "blind updates allowed": Fault(
        "grant update on positions to authenticated",
        "revoke update on positions from authenticated",
        changes("positions", "eve"),
    ),
    "deletes allowed": Fault(
        "grant delete on intents to authenticated",
        "revoke delete on intents from authenticated",
        changes("intents", "alice"),
    ),
    "truncation allowed": Fault(
        "grant truncate on candles_1m to anon",
        "revoke truncate on candles_1m from anon",
        changes("candles_1m", "guest"),
    ),
    "inserts as somebody else": Fault(
        "create policy oops on intents for insert to authenticated with check (true)",
        "drop policy oops on intents",
        writes("intents", "eve"),
    ),
    "forged fills": Fault(
        "grant insert on trades to authenticated;"
        " create policy oops on trades for insert to authenticated with check (true)",
        "revoke insert on trades from authenticated; drop policy oops on trades",
        writes("trades", "alice"),
    ),
    "an intent that claims its own outcome": Fault(
        "grant insert (state) on intents to authenticated",
        "revoke insert (state) on intents from authenticated",
        lambda connection: suite.test_a_person_cannot_claim_what_became_of_an_intent(
            connection, "state", "expired"
        ),
    ),
    "a table that nobody thought about": Fault(
        "create table surprise (id int)",
        "drop table surprise",
        suite.test_every_table_has_been_thought_about,
    ),
    "a policy that asks once per row": Fault(
        "create policy oops on users for select to authenticated using (id = auth.uid())",
        "drop policy oops on users",
        suite.test_policies_ask_for_the_caller_once_and_not_once_per_row,
    ),
    "a function open to everybody": Fault(
        "create function oops() returns int language sql as 'select 1';"
        " grant execute on function oops() to anon",
        "drop function oops()",
        suite.test_functions_are_pinned_to_their_schemas_and_callable_by_few,
    ),
    "a login that bypasses everything": Fault(
        "alter role authenticator bypassrls",
        "alter role authenticator nobypassrls",
        suite.test_the_login_role_owns_nothing_and_bypasses_nothing,
    ),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as running:
        migrate(running.admin_url(), supabase_dir=SUPABASE_DIR, authenticator_password=PASSWORD)
        yield running


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[suite.Connection]:
    with psycopg.connect(server.app_url(), autocommit=True) as found:
        with found.transaction():
            suite.become(found, "service_role", None)
            for somebody in (suite.ALICE, suite.BOB):
                for table, row in rows_of(somebody).items():
                    suite.insert(found, table, row)
        yield found


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_noticed(
    server: Server, connection: suite.Connection, name: str
) -> None:
    fault = FAULTS[name]
    fault.noticed_by(connection)

    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        admin.execute(fault.mistake.encode())
        try:
            with pytest.raises((AssertionError, InsufficientPrivilege)):
                fault.noticed_by(connection)
        finally:
            admin.execute(fault.repair.encode())
    fault.noticed_by(connection)
