"""What was recorded is read back as its owner, in plain numbers, and adds up."""

from __future__ import annotations

import uuid

from quantdesk.adapters.postgres.account_mirror import PostgresAccountMirror
from quantdesk.adapters.postgres.database import SERVICE, Connection, Database
from quantdesk.adapters.postgres.door import PostgresUsers
from quantdesk.services.ports import User
from tests.fakes.wallet import Wallet
from tests.security.rows import Person, rows_of


async def insert(connection: Connection, table: str, row: dict[str, object]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    places = ", ".join(["%s"] * len(row))
    statement = f"insert into {table} ({names}) values ({places})"  # noqa: S608 - names of our own
    await connection.execute(statement.encode(), list(row.values()))


async def recorded(database: Database, name: str, number: int) -> User:
    """A user with one row in every table, and money that adds up: 100 in, 18 paid, 10 earned."""
    user = await PostgresUsers(database).find_or_create(Wallet.named(name).address)
    person = Person(
        user_id=user.id, wallet=user.wallet_address, account=f"account-{name}", number=number
    )
    rows = rows_of(person)
    rows["transfers"]["amount_native"] = 100
    rows["trades"] |= {"realized_pnl_e6": -5, "fee_e6": 1, "funding_e6": 2, "cost_e6": -700}
    rows["liquidations"] |= {"realized_pnl_e6": 0, "penalty_e6": 3, "impact_e6": 7, "funding_e6": 0}
    rows["funding_payments"]["funding_e6"] = -4
    rows["cash_flows"]["amount_e6"] = 6
    rows["user_balances"]["balance_native"] = 100 - 5 - 1 - 2 - 3 - 7 + 4 + 6
    async with database.transaction(SERVICE) as connection:
        for table, row in rows.items():
            if table not in ("users", "sessions", "sign_in_nonces"):
                await insert(connection, table, row)
    return user


async def test_each_person_reads_their_own_rows_in_plain_numbers(database: Database) -> None:
    alice = await recorded(database, "alice", 1)
    bob = await recorded(database, "bob", 2)
    mirror = PostgresAccountMirror(database)

    for user, name in ((alice, "alice"), (bob, "bob")):
        [order] = await mirror.orders(user.id, status="open", limit=10)
        assert (order["account"], order["client_order_id"]) == (f"account-{name}", 1)
        assert isinstance(order["placed_at_ms"], int)
        assert order["closed_at_ms"] is None
        assert await mirror.orders(user.id, status="filled", limit=10) == []
        [transfer] = await mirror.transfers(user.id, limit=10)
        assert (transfer["kind"], transfer["amount_native"]) == ("deposit", 100)
        [position] = await mirror.positions(user.id)
        assert position["size_e9"] == 1
        trades = await mirror.trades(user.id, limit=10)
        fees = {trade["kind"]: trade["fee_e6"] for trade in trades}
        assert fees == {"market": 1, "liquidation": 3 + 7}
        [intent] = await mirror.intents(user.id, limit=10)
        assert (intent["kind"], intent["state"]) == ("deposit", "prepared")


async def test_the_recorded_flows_explain_the_recorded_balance(database: Database) -> None:
    user = await PostgresUsers(database).find_or_create(Wallet.named("alice").address)

    flows = await PostgresAccountMirror(database).flows(user.id)

    assert flows.explained_usdc_e6 == flows.usdc_e6 == 92
    assert flows.rewards_e6 == 6
    assert (flows.deposits_e6, flows.fees_e6, flows.penalties_e6) == (100, 1, 3 + 7)
    assert (flows.trade_count, flows.volume_e6) == (1, 700)
    assert [position.size_e9 for position in flows.positions] == [1]


async def test_somebody_without_rows_reads_nothing(database: Database) -> None:
    mirror = PostgresAccountMirror(database)
    stranger = uuid.uuid4()

    assert await mirror.orders(stranger, status=None, limit=10) == []
    assert await mirror.trades(stranger, limit=10) == []
    assert (await mirror.flows(stranger)).usdc_e6 == 0
