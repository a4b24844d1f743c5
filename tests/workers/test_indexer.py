"""The indexer: the mirror holds each event once, in order, whatever breaks in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from quantdesk.adapters.postgres.account_mirror import PostgresAccountMirror
from quantdesk.adapters.postgres.chain_mirror import ChainMirror, CursorMoved, HistoryRewritten
from quantdesk.adapters.postgres.database import Database
from quantdesk.adapters.postgres.door import PostgresUsers
from quantdesk.adapters.postgres.migrate import migrate
from quantdesk.services.chain_changes import Table
from quantdesk.services.mirror_events import changes_of
from quantdesk.services.ports import ExchangeUnavailable
from quantdesk.workers.indexer import Indexer
from tests.adapters.postgres.server import PASSWORD, SUPABASE_DIR, Server, running_server
from tests.fakes.chain_history import RememberedHistory
from tests.workers.exchange_story import (
    ALICE,
    KEEPER,
    LIMIT_ORDER,
    ORDER,
    OWNER,
    STORY,
    USDC,
    executed,
    liquidated,
    moved,
    placed,
    transaction,
)

Rows = list[dict[str, Any]]
WRITTEN_AT = {"created_at", "updated_at", "user_id"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as server:
        migrate(server.admin_url(), supabase_dir=SUPABASE_DIR, authenticator_password=PASSWORD)
        yield server


@pytest.fixture
async def database(server: Server) -> AsyncIterator[Database]:
    database = await Database.connect(server.app_url())
    yield database
    await database.close()


@pytest.fixture
async def mirror(database: Database) -> ChainMirror:
    mirror = ChainMirror(database)
    await mirror.clear()
    return mirror


def rows(server: Server, table: str) -> Rows:
    query = sql.SQL("select * from {} order by 1, 2").format(sql.Identifier(table))
    with psycopg.connect(server.admin_url(), row_factory=dict_row) as connection:
        found = connection.execute(query).fetchall()
    return [{name: row[name] for name in row.keys() - WRITTEN_AT} for row in found]


def all_rows(server: Server) -> dict[str, Rows]:
    return {name: rows(server, name) for name in (*Table, "chain_transactions", "chain_cursor")}


def one(server: Server, table: str, **wanted: object) -> dict[str, Any]:
    found = [row for row in rows(server, table) if wanted.items() <= row.items()]
    assert len(found) == 1, found
    return found[0]


async def run_to_end(indexer: Indexer) -> int:
    return sum([len(batch) async for batch in indexer.catch_up()])


def indexer_of(mirror: ChainMirror, history: RememberedHistory) -> Indexer:
    return Indexer(history, mirror, usdc_mint=USDC)


async def test_the_story_ends_in_the_numbers_that_the_program_told(
    server: Server, mirror: ChainMirror
) -> None:
    applied = await run_to_end(indexer_of(mirror, RememberedHistory(STORY)))

    assert applied == len(STORY)
    position = one(server, "positions", account=ALICE)
    assert (position["size_e9"], position["entry_e6"], position["funding_index"]) == (0, 0, 0)
    assert position["realized_pnl_e6"] == -1_808_022_500
    assert position["funding_paid_e6"] == 30_000
    assert position["fees_paid_e6"] == 7_504_012
    assert one(server, "user_balances", account=ALICE)["balance_native"] == 0
    assert one(server, "user_balances", account=KEEPER)["balance_native"] == 30_000
    assert one(server, "user_balances", account=KEEPER)["mint"] == USDC
    assert one(server, "accounts", address=ALICE)["claims_e6"] == 3
    assert one(server, "accounts", address=ALICE)["owner"] == OWNER
    assert one(server, "orders", address=ORDER)["status"] == "filled"
    assert one(server, "orders", address=LIMIT_ORDER)["reason"] == "user"
    assert one(server, "markets", index=0)["symbol"] == "SOL-PERP"
    assert len(rows(server, "trades")) == 1
    assert one(server, "liquidations", account=ALICE)["impact_e6"] == 700


@pytest.mark.parametrize(
    ("table", "told"), [("trades", executed()), ("liquidations", liquidated())]
)
async def test_a_record_repeats_every_figure_that_the_program_told(
    server: Server, mirror: ChainMirror, table: str, told: tuple[str, dict[str, object]]
) -> None:
    await run_to_end(indexer_of(mirror, RememberedHistory(STORY)))

    recorded = one(server, table, account=ALICE)
    figures = {name for name in recorded if name.endswith(("_e6", "_e9"))}
    assert {name: recorded[name] for name in figures} == {name: told[1][name] for name in figures}


async def test_the_recorded_story_explains_the_balance_to_the_unit(
    server: Server, mirror: ChainMirror, database: Database
) -> None:
    await run_to_end(indexer_of(mirror, RememberedHistory(STORY)))
    user = await PostgresUsers(database).find_or_create(OWNER)

    flows = await PostgresAccountMirror(database).flows(user.id)

    assert flows.penalties_e6 == 40_000 + 700
    assert flows.explained_usdc_e6 == one(server, "user_balances", account=ALICE)["balance_native"]


async def test_an_id_used_again_keeps_nothing_of_its_former_order(
    server: Server, mirror: ChainMirror
) -> None:
    again = transaction(8, placed(LIMIT_ORDER, 8, kind=1))
    await run_to_end(indexer_of(mirror, RememberedHistory([*STORY[:7], again])))

    order = one(server, "orders", address=LIMIT_ORDER)
    assert (order["status"], order["reason"], order["placed_signature"]) == (
        "open",
        None,
        "signature8",
    )
    assert (order["closed_at"], order["closed_signature"]) == (None, None)


async def test_an_order_filled_before_is_open_for_its_whole_size_when_placed_again(
    server: Server, mirror: ChainMirror
) -> None:
    again = transaction(5, placed(ORDER, 7))
    await run_to_end(indexer_of(mirror, RememberedHistory([*STORY[:4], again])))

    order = one(server, "orders", address=ORDER)
    assert (order["status"], order["filled_size_e9"]) == ("open", 0)


async def test_an_open_position_remembers_the_funding_index_of_its_last_touch(
    server: Server, mirror: ChainMirror
) -> None:
    await run_to_end(indexer_of(mirror, RememberedHistory(STORY[:5])))
    assert one(server, "positions", account=ALICE)["funding_index"] == 10**30

    await run_to_end(indexer_of(mirror, RememberedHistory(STORY[:6])))
    assert one(server, "positions", account=ALICE)["funding_index"] == 2 * 10**30


async def test_extreme_figures_of_a_foreign_signer_do_not_stop_the_indexer(
    server: Server, mirror: ChainMirror
) -> None:
    extreme = placed(
        ORDER,
        2**64 - 1,
        size_e9=-(2**63),
        limit_price_e6=2**64 - 1,
        trigger_price_e6=2**64 - 1,
        expires_at=2**63 - 1,
    )
    await run_to_end(indexer_of(mirror, RememberedHistory([*STORY[:2], transaction(3, extreme)])))

    order = one(server, "orders", address=ORDER)
    assert order["client_order_id"] == 2**64 - 1
    assert order["expires_at"].year == 9999
    assert one(server, "receipts", event="OrderPlaced")["payload"]["expires_at"] == str(2**63 - 1)


async def test_a_transfer_between_accounts_moves_both_balances(
    server: Server, mirror: ChainMirror
) -> None:
    transfer = {
        "user_account": ALICE,
        "to_account": KEEPER,
        "amount": 250,
        "balance_after": 750,
        "to_balance_after": 10_250,
        "to_sequence": 5,
    }
    story = [*STORY[:3], transaction(4, ("Transferred", transfer))]
    await run_to_end(indexer_of(mirror, RememberedHistory(story)))

    assert one(server, "user_balances", account=ALICE)["balance_native"] == 750
    assert one(server, "user_balances", account=KEEPER)["balance_native"] == 10_250
    assert one(server, "accounts", address=KEEPER)["sequence"] == 5


async def test_a_resolved_bankruptcy_lifts_the_balance(server: Server, mirror: ChainMirror) -> None:
    resolved = {
        "user_account": ALICE,
        "insurance_paid_e6": 7,
        "pool_loss_e6": 3,
        "balance_after_e6": 0,
        "pool_cash_after_e6": 1,
        "insurance_after_e6": 1,
    }
    story = [*STORY[:3], transaction(4, ("BankruptcyResolved", resolved))]
    await run_to_end(indexer_of(mirror, RememberedHistory(story)))

    assert one(server, "user_balances", account=ALICE)["balance_native"] == 0
    assert one(server, "accounts", address=ALICE)["sequence"] == 4


async def test_a_new_name_and_a_changed_market_status_are_kept(
    server: Server, mirror: ChainMirror
) -> None:
    renamed = {"user_account": ALICE, "name": b"main\0desk".ljust(32, b"\0"), "max_leverage": 50}
    paused = {"market_index": 0, "status": 2, "by": OWNER}
    events = (("UserAccountUpdated", renamed), ("MarketStatusChanged", paused))
    await run_to_end(indexer_of(mirror, RememberedHistory([*STORY[:3], transaction(4, *events)])))

    account = one(server, "accounts", address=ALICE)
    assert (account["name"], account["max_leverage"]) == ("main\ufffddesk", 50)
    assert one(server, "markets", index=0)["status"] == "paused"


async def test_a_failed_transaction_is_recorded_and_changes_nothing(
    server: Server, mirror: ChainMirror
) -> None:
    await run_to_end(indexer_of(mirror, RememberedHistory(STORY)))

    failed = one(server, "chain_transactions", signature="signature8")
    assert failed["error"] == {"InstructionError": [0, {"Custom": 6000}]}
    assert not [row for row in rows(server, "receipts") if row["signature"] == "signature8"]
    assert one(server, "transfers", kind="withdrawal")["signature"] == "signature9"


async def test_every_event_leaves_one_receipt_named_by_signature_and_log_index(
    server: Server, mirror: ChainMirror
) -> None:
    await run_to_end(indexer_of(mirror, RememberedHistory(STORY)))

    told = {(t.signature, e.log_index) for t in STORY if not t.error for e in t.events}
    assert {(r["signature"], r["log_index"]) for r in rows(server, "receipts")} == told


async def test_reading_the_same_history_again_changes_no_row(
    server: Server, mirror: ChainMirror
) -> None:
    history = RememberedHistory(STORY)
    await run_to_end(indexer_of(mirror, history))
    before = all_rows(server)

    assert await run_to_end(indexer_of(mirror, history)) == 0
    assert all_rows(server) == before


async def test_rebuilding_from_the_first_slot_gives_identical_tables(
    server: Server, mirror: ChainMirror
) -> None:
    history = RememberedHistory()
    for cut in range(1, len(STORY) + 1):
        history.transactions = STORY[:cut]
        await run_to_end(indexer_of(mirror, history))
    before = all_rows(server)

    assert await indexer_of(mirror, history).rebuild() == len(STORY)
    assert all_rows(server) == before


async def test_a_crash_between_two_transactions_loses_and_repeats_nothing(
    server: Server, mirror: ChainMirror
) -> None:
    history = RememberedHistory(STORY)
    await run_to_end(indexer_of(mirror, history))
    whole = all_rows(server)
    for crash_after in range(len(STORY)):
        await mirror.clear()
        history.transactions = STORY[:crash_after]
        await run_to_end(indexer_of(mirror, history))
        history.is_silent = True
        with pytest.raises(ExchangeUnavailable):
            await run_to_end(indexer_of(mirror, history))
        history.is_silent = False
        history.transactions = list(STORY)
        await run_to_end(indexer_of(mirror, history))
        assert all_rows(server) == whole


@pytest.mark.parametrize("size", [1, 2, 3, len(STORY)])
async def test_however_many_transactions_share_a_commit_the_rows_are_the_same(
    server: Server, mirror: ChainMirror, size: int
) -> None:
    await run_to_end(indexer_of(mirror, RememberedHistory(STORY)))
    expected = all_rows(server)
    await mirror.clear()

    cursor = None
    for start in range(0, len(STORY), size):
        part = STORY[start : start + size]
        batch = [(each, list(changes_of(each, usdc_mint=USDC))) for each in part]
        await mirror.apply(batch, after=cursor)
        cursor = part[-1].signature

    assert all_rows(server) == expected


async def test_a_transaction_that_cannot_be_written_takes_its_whole_batch_back(
    server: Server, mirror: ChainMirror
) -> None:
    before = all_rows(server)
    batch = [(each, list(changes_of(each, usdc_mint=USDC))) for each in STORY[:4]]
    batch[3][1].append(replace(batch[3][1][-1], given={"slot": None}, must_exist=False))

    with pytest.raises(psycopg.errors.NotNullViolation):
        await mirror.apply(batch, after=None)

    assert all_rows(server) == before


async def test_a_change_that_fails_takes_its_whole_transaction_back(
    server: Server, mirror: ChainMirror
) -> None:
    await run_to_end(indexer_of(mirror, RememberedHistory(STORY[:3])))
    before = all_rows(server)
    changes = list(changes_of(STORY[3], usdc_mint=USDC))
    broken = replace(changes[-1], given={"slot": None}, must_exist=False)

    with pytest.raises(psycopg.errors.NotNullViolation):
        await mirror.apply([(STORY[3], [*changes, broken])], after="signature3")

    assert all_rows(server) == before


async def test_of_two_indexers_one_applies_and_the_other_reads_the_cursor_again(
    server: Server, mirror: ChainMirror
) -> None:
    await run_to_end(indexer_of(mirror, RememberedHistory(STORY[:1])))
    changes = list(changes_of(STORY[1], usdc_mint=USDC))
    await mirror.apply([(STORY[1], changes)], after="signature1")

    with pytest.raises(CursorMoved):
        await mirror.apply([(STORY[1], changes)], after="signature1")
    assert one(server, "user_balances", account=ALICE)["balance_native"] == 10**9


async def test_a_dropped_fork_is_noticed_when_its_slots_are_finalized(
    server: Server, mirror: ChainMirror
) -> None:
    history = RememberedHistory(STORY)
    indexer = indexer_of(mirror, history)
    await run_to_end(indexer)
    history.finalized = STORY[5].slot
    await indexer.sweep()
    history.transactions = [*STORY[:8], transaction(12, moved("Withdrawn", 1, 7))]
    history.finalized = STORY[9].slot

    with pytest.raises(HistoryRewritten):
        await indexer.sweep()
    await indexer.rebuild()

    assert one(server, "user_balances", account=ALICE)["balance_native"] == 7


async def test_a_node_that_forgot_the_cursor_is_not_taken_for_new_history(
    mirror: ChainMirror,
) -> None:
    history = RememberedHistory(STORY)
    await run_to_end(indexer_of(mirror, history))
    history.transactions = [*STORY[:5], transaction(13, moved("Deposited", 1, 1))]

    with pytest.raises(HistoryRewritten):
        await run_to_end(indexer_of(mirror, history))
