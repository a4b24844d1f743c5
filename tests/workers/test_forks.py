"""Forks of a real chain under the workers: the confirmed may vanish, and nothing stays wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from solders.keypair import Keypair

from quantdesk.adapters.chain.history import ProgramHistory
from quantdesk.adapters.chain.instructions import Instructions
from quantdesk.adapters.chain.program import load_program
from quantdesk.adapters.chain.transaction import build_message, sign, signature_of
from quantdesk.adapters.chain.transactions import ChainTransactions
from quantdesk.adapters.postgres.chain_mirror import ChainMirror, HistoryRewritten
from quantdesk.adapters.postgres.database import Database
from quantdesk.adapters.postgres.migrate import migrate
from quantdesk.adapters.postgres.sender_queue import SenderQueue
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.adapters.rpc.websocket import RpcSocket
from quantdesk.services.actions import Commitment
from quantdesk.services.resolve_intent import UNRESOLVED
from quantdesk.workers.indexer import Indexer
from quantdesk.workers.order_sender import OrderSender
from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.config import ChainConfig
from quantdesk.world.chain.keys import ensure_keys
from quantdesk.world.chain.server import deployed_programs, running
from tests.adapters.postgres.server import PASSWORD, SUPABASE_DIR, Server, running_server
from tests.world.chain.chains import SOL, free_port_pair

PROGRAM = load_program()
SLOT_MS = 50


@dataclass(slots=True, kw_only=True)
class Stage:
    """A chain with the program, a database, and a wallet with SOL."""

    bank: Bank
    node: RpcClient
    history: ProgramHistory
    database: Database
    wallet: Keypair
    server: Server

    async def signed_account_creation(self) -> tuple[bytes, int]:
        """Signed bytes that open the wallet's account, and their last valid block height."""
        owner = self.wallet.pubkey()
        recent = await self.node.latest_blockhash()
        message = build_message(
            owner, [Instructions(PROGRAM).create_user_account(owner)], recent.hash
        )
        # A fork also takes its blockhashes: let this one grow older than the fork will be deep.
        await self.pass_slots(6)
        return sign(message, [self.wallet]), recent.last_valid_block_height

    async def pass_slots(self, count: int) -> None:
        await asyncio.sleep(count * SLOT_MS / 1000)

    async def confirmed(self, wire: bytes) -> int:
        """Wait until the bytes are confirmed; returns their slot."""
        name = str(signature_of(wire))
        async with asyncio.timeout(10):
            while True:
                [found] = await self.node.statuses([name])
                if found is not None and found.commitment is not Commitment.PROCESSED:
                    return found.slot
                await self.pass_slots(1)

    def rows(self, query: LiteralString, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.server.admin_url()) as connection:
            return connection.execute(query, values).fetchall()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as server:
        migrate(server.admin_url(), supabase_dir=SUPABASE_DIR, authenticator_password=PASSWORD)
        yield server


@pytest.fixture
async def stage(server: Server, tmp_path: Path) -> AsyncIterator[Stage]:
    port = free_port_pair()
    keys = ensure_keys(tmp_path / "keys")
    config = ChainConfig(
        home=tmp_path / "chain",
        rpc_port=port,
        slot_ms=SLOT_MS,
        programs=deployed_programs(str(PROGRAM.id), str(keys.admin.pubkey())),
    )
    async with running(config) as bank:
        bank.is_ready = True
        node = RpcClient.of([f"http://127.0.0.1:{port}"])
        database = await Database.connect(server.app_url())
        wallet = Keypair()
        bank.airdrop(wallet.pubkey(), 10 * SOL)
        history = ProgramHistory(node, RpcSocket(f"ws://127.0.0.1:{port + 1}"), PROGRAM)
        yield Stage(
            bank=bank,
            node=node,
            history=history,
            database=database,
            wallet=wallet,
            server=server,
        )
        await database.close()
        await node.close()


async def test_an_account_whose_fork_was_dropped_leaves_the_mirror(stage: Stage) -> None:
    mirror = ChainMirror(stage.database)
    await mirror.clear()
    indexer = Indexer(stage.history, mirror, usdc_mint="")
    wire, _ = await stage.signed_account_creation()
    await stage.node.send(wire)
    slot = await stage.confirmed(wire)
    async for _ in indexer.catch_up():
        pass
    assert stage.rows("select owner from accounts") == [(str(stage.wallet.pubkey()),)]

    stage.bank.fork(stage.bank.slot - slot + 1)
    await stage.pass_slots(40)
    with pytest.raises(HistoryRewritten):
        await indexer.sweep()
    await indexer.rebuild()

    assert stage.rows("select owner from accounts") == []
    assert stage.rows("select event from receipts") == []


async def test_a_sent_intent_whose_fork_was_dropped_lands_again_with_the_same_bytes(
    stage: Stage,
) -> None:
    wire, last_valid = await stage.signed_account_creation()
    intent_id = _record(stage, wire, last_valid)
    sender = OrderSender(
        SenderQueue(stage.database),
        ChainTransactions(stage.node, PROGRAM),
        clock=lambda: int(asyncio.get_running_loop().time() * 1000),
    )
    await stage.node.send(wire)
    slot = await stage.confirmed(wire)
    await sender.advance(UNRESOLVED)
    assert _state(stage, intent_id) == "confirmed"

    stage.bank.fork(stage.bank.slot - slot + 1)
    await sender.advance(UNRESOLVED)
    assert _state(stage, intent_id) == "unknown"

    async with asyncio.timeout(20):
        while _state(stage, intent_id) != "finalized":
            await sender.advance(UNRESOLVED)
            await stage.pass_slots(2)
    assert await stage.history.signatures(after=None) == [str(signature_of(wire))]


def _record(stage: Stage, wire: bytes, last_valid: int) -> UUID:
    intent_id = uuid4()
    with psycopg.connect(stage.server.admin_url(), autocommit=True) as connection:
        user = connection.execute(
            "insert into users (wallet_address) values (%s) returning id",
            [str(stage.wallet.pubkey())],
        ).fetchone()
        assert user is not None
        connection.execute(
            "insert into intents (id, user_id, account, kind, request, message_bytes,"
            " signed_transaction, state, signature, last_valid_block_height)"
            " values (%s, %s, 'account', 'create_account', %s, %s, %s, 'sent', %s, %s)",
            [
                *(intent_id, user[0], json.dumps({}), wire[65:]),
                *(wire, str(signature_of(wire)), last_valid),
            ],
        )
    return intent_id


def _state(stage: Stage, intent_id: UUID) -> object:
    [(state,)] = stage.rows("select state::text from intents where id = %s", intent_id)
    return state
