"""Payouts in the mirror: each unit that the pool pays is explained, each share has its owner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from quantdesk.adapters.postgres.account_mirror import PostgresAccountMirror
from quantdesk.adapters.postgres.chain_mirror import ChainMirror
from quantdesk.adapters.postgres.database import Database
from quantdesk.adapters.postgres.door import PostgresUsers
from quantdesk.adapters.postgres.migrate import migrate
from tests.adapters.postgres.server import PASSWORD, SUPABASE_DIR, Server, running_server
from tests.fakes.chain_history import RememberedHistory
from tests.workers.exchange_story import ALICE, KEEPER, KEEPER_OWNER, OWNER, START, transaction
from tests.workers.payout_story import PAYOUTS, POOL_DEPOSITED
from tests.workers.test_indexer import all_rows, indexer_of, one, rows, run_to_end


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as server:
        migrate(server.admin_url(), supabase_dir=SUPABASE_DIR, authenticator_password=PASSWORD)
        yield server


@pytest.fixture
async def database(server: Server) -> AsyncIterator[Database]:
    database = await Database.connect(server.app_url())
    mirror = ChainMirror(database)
    await mirror.clear()
    await run_to_end(indexer_of(mirror, RememberedHistory(PAYOUTS)))
    yield database
    await database.close()


@pytest.mark.usefixtures("database")
def test_the_account_ends_in_the_numbers_that_the_program_told(server: Server) -> None:
    position = one(server, "positions", account=ALICE)
    assert (position["size_e9"], position["entry_e6"]) == (40_000_000_000, 6_019_209_000)
    assert position["realized_pnl_e6"] == 40_000_000 + 91_186_500
    assert position["funding_paid_e6"] == -1_000
    assert position["funding_index"] == 3 * 10**30
    assert one(server, "user_balances", account=ALICE)["balance_native"] == 1_032_496_963
    # Made: 50 + 20 + 91,186,500; paid: 45.
    assert one(server, "accounts", address=ALICE)["claims_e6"] == 91_186_525


@pytest.mark.usefixtures("database")
def test_a_deleveraging_is_a_forced_close_without_penalty(server: Server) -> None:
    closed = one(server, "liquidations", account=ALICE)

    assert (closed["cause"], closed["penalty_e6"], closed["impact_e6"]) == ("deleveraging", 0, 0)
    assert closed["liquidator"] == KEEPER_OWNER


@pytest.mark.usefixtures("database")
def test_every_payment_outside_a_fill_leaves_a_row(server: Server) -> None:
    flows = {(row["account"], row["kind"]): row["amount_e6"] for row in rows(server, "cash_flows")}

    assert flows == {
        (ALICE, "settled_pnl"): 40_000_000,
        (ALICE, "claims"): 45,
        (KEEPER, "reward"): 10_000,
    }
    assert one(server, "funding_payments", account=ALICE)["funding_e6"] == -2_000


@pytest.mark.usefixtures("database")
def test_shares_of_the_pool_belong_to_the_wallet_that_bought_them(server: Server) -> None:
    held = one(server, "pool_shares", owner=OWNER)
    assert (held["shares"], held["pending_shares"], held["unlock_at"]) == (500, 0, None)
    moved = rows(server, "pool_transfers")
    assert [(row["kind"], row["amount_e6"]) for row in moved] == [
        ("withdrawal", 500),
        ("deposit", 1_000),
    ]


async def test_a_pending_withdrawal_of_shares_says_when_it_opens(
    server: Server, database: Database
) -> None:
    mirror = ChainMirror(database)
    await mirror.clear()
    await run_to_end(indexer_of(mirror, RememberedHistory(PAYOUTS[:-1])))

    held = one(server, "pool_shares", owner=OWNER)
    assert (held["shares"], held["pending_shares"]) == (900, 400)
    assert held["unlock_at"].timestamp() == START + 86_400


async def test_shares_bought_later_end_a_pending_withdrawal(
    server: Server, database: Database
) -> None:
    mirror = ChainMirror(database)
    await mirror.clear()
    again = transaction(10, POOL_DEPOSITED)
    await run_to_end(indexer_of(mirror, RememberedHistory([*PAYOUTS[:-1], again])))

    held = one(server, "pool_shares", owner=OWNER)
    assert (held["shares"], held["pending_shares"], held["unlock_at"]) == (1_800, 0, None)


@pytest.mark.parametrize("owner", [OWNER, KEEPER_OWNER])
async def test_the_recorded_flows_explain_the_balance_to_the_unit(
    database: Database, owner: str
) -> None:
    user = await PostgresUsers(database).find_or_create(owner)

    flows = await PostgresAccountMirror(database).flows(user.id)

    assert flows.usdc_e6 == flows.explained_usdc_e6 > 0


async def test_rebuilding_gives_the_same_payouts(server: Server, database: Database) -> None:
    before = all_rows(server)

    indexer = indexer_of(ChainMirror(database), RememberedHistory(PAYOUTS))
    assert await indexer.rebuild() == len(PAYOUTS)

    assert all_rows(server) == before
