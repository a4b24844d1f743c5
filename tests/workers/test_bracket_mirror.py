"""Brackets, mandates and sales of collateral in the mirror: who belongs to whom, all explained."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from quantdesk.adapters.postgres.account_mirror import PostgresAccountMirror
from quantdesk.adapters.postgres.chain_mirror import ChainMirror
from quantdesk.adapters.postgres.database import Database
from quantdesk.adapters.postgres.door import PostgresUsers
from quantdesk.adapters.postgres.migrate import migrate
from quantdesk.services.chain_changes import ChainTransaction
from quantdesk.services.mirror_events import accounts_touched
from tests.adapters.postgres.server import PASSWORD, SUPABASE_DIR, Server, running_server
from tests.fakes.chain_history import RememberedHistory
from tests.workers.exchange_story import (
    ALICE,
    KEEPER,
    KEEPER_OWNER,
    ORDER,
    OWNER,
    START,
    STORY,
    moved,
    placed,
    transaction,
)
from tests.workers.test_indexer import indexer_of, one, rows, run_to_end

TAKE_PROFIT, STOP, SOL_VAULT, SOL_MINT = "T" * 43, "S" * 43, "V" * 43, "W" * 43
U64_MAX = 2**64 - 1


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as server:
        migrate(server.admin_url(), supabase_dir=SUPABASE_DIR, authenticator_password=PASSWORD)
        yield server


@pytest.fixture
async def database(server: Server) -> AsyncIterator[Database]:
    database = await Database.connect(server.app_url())
    await ChainMirror(database).clear()
    yield database
    await database.close()


async def applied(database: Database, *later: ChainTransaction) -> None:
    history = RememberedHistory([*STORY[:3], *later])
    await run_to_end(indexer_of(ChainMirror(database), history))


def bracket(*, is_asleep: bool) -> ChainTransaction:
    leg = {"kind": 4, "reduce_only": True, "size_e9": -(2**63 - 1), "trigger_price_e6": 1}
    told = {
        "user_account": ALICE,
        "market_index": 0,
        "parent_id": 7 if is_asleep else 0,
        "take_profit_id": 8,
        "stop_id": 9,
        "is_asleep": is_asleep,
    }
    return transaction(
        4,
        placed(TAKE_PROFIT, 8, **leg),
        placed(STOP, 9, **{**leg, "kind": 2}),
        ("BracketPlaced", told),
    )


def roles(server: Server) -> dict[str, tuple[str, object]]:
    return {row["address"]: (row["role"], row["parent_id"]) for row in rows(server, "orders")}


async def test_legs_sleep_behind_their_parent_until_it_is_filled(
    server: Server, database: Database
) -> None:
    await applied(database, bracket(is_asleep=True))
    assert roles(server) == {
        ORDER: ("parent", None),
        TAKE_PROFIT: ("leg_asleep", 7),
        STOP: ("leg_asleep", 7),
    }

    told = {
        "user_account": ALICE,
        "market_index": 0,
        "parent_id": 7,
        "take_profit_id": 8,
        "stop_id": 9,
        "opening": 1,
    }
    closed = {
        "order": STOP,
        "user_account": ALICE,
        "market_index": 0,
        "client_order_id": 9,
        "reason": 8,
        "by": KEEPER_OWNER,
    }
    await ChainMirror(database).clear()
    await applied(
        database,
        bracket(is_asleep=True),
        transaction(5, ("BracketArmed", told)),
        transaction(6, ("OrderCancelled", closed)),
    )
    assert roles(server)[TAKE_PROFIT] == ("leg_awake", 7)
    assert one(server, "orders", address=STOP)["reason"] == "oco"


async def test_a_bracket_around_a_position_is_awake_and_has_no_parent(
    server: Server, database: Database
) -> None:
    await applied(database, bracket(is_asleep=False))

    assert roles(server) == {
        ORDER: ("plain", None),
        TAKE_PROFIT: ("leg_awake", None),
        STOP: ("leg_awake", None),
    }


async def test_an_order_that_takes_a_leg_s_id_again_is_no_leg(
    server: Server, database: Database
) -> None:
    armed = {
        "user_account": ALICE,
        "market_index": 0,
        "parent_id": 7,
        "take_profit_id": 8,
        "stop_id": 9,
        "opening": 1,
    }
    await applied(
        database,
        bracket(is_asleep=True),
        transaction(5, placed(STOP, 9)),
        transaction(6, ("BracketArmed", armed)),
    )

    assert roles(server)[STOP] == ("plain", None)
    assert roles(server)[TAKE_PROFIT] == ("leg_awake", 7)


async def test_a_mandate_keeps_its_caps_until_it_is_closed(
    server: Server, database: Database
) -> None:
    caps = {
        "order_cap_e6": U64_MAX,
        "notional_cap_e6": 10**9,
        "max_leverage": 5,
        "daily_loss_e6": U64_MAX,
        "markets": U64_MAX,
    }
    who = {"user_account": ALICE, "delegate": KEEPER_OWNER}
    given = ("MandateSet", {**who, **caps, "expires_at": START + 60})
    await applied(database, transaction(4, given))

    mandate = one(server, "mandates", account=ALICE)
    assert {name: mandate[name] for name in caps} == caps
    assert mandate["expires_at"].timestamp() == START + 60
    assert mandate["is_live"]

    await ChainMirror(database).clear()
    await applied(database, transaction(4, given), transaction(5, ("MandateClosed", who)))
    assert not one(server, "mandates", account=ALICE)["is_live"]

    await ChainMirror(database).clear()
    again = (("MandateClosed", who), given)
    await applied(database, transaction(4, given), transaction(5, *again))
    assert one(server, "mandates", account=ALICE)["is_live"]


async def test_a_sale_of_collateral_moves_both_balances_and_is_explained(
    server: Server, database: Database
) -> None:
    vault = {"vault": SOL_VAULT, "mint": SOL_MINT, "vault_index": 1}
    name, dollars = moved("Deposited", 500, 500)
    held = (name, {**dollars, "vault_index": 1, "mint": SOL_MINT})
    funds = (name, {**dollars, "user_account": KEEPER, "owner": KEEPER_OWNER})
    sold = {
        "user_account": ALICE,
        "buyer_account": KEEPER,
        "vault_index": 1,
        "amount": 300,
        "usdc_e6": 44,
        "oracle_price_e6": 1,
        "oracle_conf_e6": 1,
        "publish_time": START,
        "forced": True,
        "balance_after": 200,
        "usdc_after_e6": 10**9 + 44,
        "buyer_balance_after": 300,
        "buyer_usdc_after_e6": 456,
        "buyer_sequence": 9,
        "buyer": KEEPER_OWNER,
    }
    sale = transaction(5, ("CollateralConverted", sold))
    opened = transaction(4, ("VaultInitialized", vault), held, funds)
    await applied(database, opened, sale)

    balances = {
        (row["account"], row["vault_index"]): (row["balance_native"], row["mint"] == SOL_MINT)
        for row in rows(server, "user_balances")
    }
    assert balances == {
        (ALICE, 0): (10**9 + 44, False),
        (ALICE, 1): (200, True),
        (KEEPER, 0): (456, False),
        (KEEPER, 1): (300, True),
    }
    assert one(server, "accounts", address=KEEPER)["sequence"] == 9
    assert accounts_touched([sale]) == {ALICE, KEEPER}
    for owner in (OWNER, KEEPER_OWNER):
        user = await PostgresUsers(database).find_or_create(owner)
        flows = await PostgresAccountMirror(database).flows(user.id)
        assert flows.usdc_e6 == flows.explained_usdc_e6
