"""The client's own questions, asked of the real local chain."""

import asyncio
from pathlib import Path

from solders.hash import Hash
from solders.keypair import Keypair

from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.adapters.rpc.types import Memcmp
from quantdesk.adapters.rpc.websocket import Connected, Notification, RpcSocket
from quantdesk.services.actions import Commitment
from quantdesk.world.chain.config import ChainConfig
from quantdesk.world.chain.server import running
from tests.world.chain.chains import SOL, chain, free_port_pair, slots_pass, transfer_of

PROCESSED = Commitment.PROCESSED


async def test_send_status_history_and_transaction_agree(tmp_path: Path) -> None:
    async with chain(tmp_path) as found:
        rpc, payer, other = RpcClient.of([found.url]), Keypair(), Keypair().pubkey()
        await rpc.request_airdrop(payer.pubkey(), 10 * SOL)
        recent = await rpc.latest_blockhash(PROCESSED)
        wire = bytes(transfer_of(payer, other, SOL, Hash.from_string(recent.hash)))

        signature = await rpc.send(wire)
        assert await rpc.send(wire) == signature
        await slots_pass(found.bank, 2)
        (state, unknown) = await rpc.statuses([signature, str(Keypair().sign_message(b"x"))])
        landed = await rpc.transaction(signature)
        rows = await rpc.signatures_for(other)

        assert state is not None
        assert state.commitment is Commitment.CONFIRMED
        assert unknown is None
        assert landed is not None
        assert (landed.slot, landed.fee_lamports, landed.wire) == (state.slot, 5_000, wire)
        assert [(row.signature, row.err) for row in rows] == [(signature, None)]
        assert await rpc.balance(other) == SOL
        assert await rpc.block_height(PROCESSED) >= recent.slot
        await rpc.close()


async def test_more_than_a_hundred_accounts_come_in_order(tmp_path: Path) -> None:
    async with chain(tmp_path) as found:
        rpc, there = RpcClient.of([found.url]), Keypair().pubkey()
        found.bank.airdrop(there, SOL)
        asked = [Keypair().pubkey() for _ in range(130)]
        asked[120] = there

        accounts = await rpc.accounts(asked, PROCESSED)

        assert [index for index, each in enumerate(accounts) if each] == [120]
        await rpc.close()


async def test_program_accounts_are_filtered_by_the_node(tmp_path: Path) -> None:
    async with chain(tmp_path) as found:
        rpc, owner = RpcClient.of([found.url]), Keypair().pubkey()
        found.bank.airdrop(owner, SOL)
        system = Keypair().pubkey().default()

        whole = await rpc.program_accounts(system, data_size=0, commitment=PROCESSED)
        none = await rpc.program_accounts(
            system, matches=[Memcmp(offset=0, run=b"\x01")], commitment=PROCESSED
        )

        assert owner in [each.address for each in whole]
        assert none == []
        await rpc.close()


async def test_a_subscription_survives_the_restart_of_the_chain(tmp_path: Path) -> None:
    port, address = free_port_pair(), Keypair().pubkey()
    config = ChainConfig(home=tmp_path, rpc_port=port, slot_ms=50)
    heard: asyncio.Queue[Connected | Notification] = asyncio.Queue()

    async def listen() -> None:
        async for message in RpcSocket(f"ws://127.0.0.1:{port + 1}").logs(address, PROCESSED):
            heard.put_nowait(message)

    listening = asyncio.create_task(listen())
    try:
        async with asyncio.timeout(20):
            for _ in range(2):
                async with running(config) as bank:
                    assert isinstance(await heard.get(), Connected)
                    bank.airdrop(address, SOL)
                    note = await heard.get()
                    assert isinstance(note, Notification)
                    assert note.value["err"] is None
    finally:
        listening.cancel()
