"""What the chain acknowledged survives the death of its process."""

import asyncio
import os
import signal
from pathlib import Path

import aiohttp
from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.adapters.rpc.errors import RpcUnavailable
from quantdesk.adapters.rpc.pool import NodePool
from quantdesk.services.actions import Commitment
from tests.world.chain.chains import SOL, chain, chain_process, free_port_pair, transfer_of

PROCESSED = Commitment.PROCESSED
ROUNDS = 3
TRANSACTIONS = 200
SENDERS = 4


def _client(port: int, *, budget_s: float) -> RpcClient:
    return RpcClient(NodePool([f"http://127.0.0.1:{port}"], timeout_s=2.0, budget_s=budget_s))


async def test_kill_9_among_200_transactions_loses_nothing_acknowledged(tmp_path: Path) -> None:
    port, payer = free_port_pair(), Keypair()
    acknowledged: dict[str, Pubkey] = {}
    for round_number in range(ROUNDS):
        with chain_process(tmp_path, port) as pid:
            rpc = _client(port, budget_s=0.5)
            if round_number == 0:
                await rpc.request_airdrop(payer.pubkey(), 1_000 * SOL)
            deadly = len(acknowledged) + TRANSACTIONS // (ROUNDS + 1)
            senders = [_send_until_death(rpc, payer, acknowledged) for _ in range(SENDERS)]
            await asyncio.gather(*senders, _kill_at(pid, acknowledged, deadly))
            await rpc.close()

    with chain_process(tmp_path, port):
        rpc = _client(port, budget_s=8.0)
        states = await rpc.statuses(list(acknowledged))
        accounts = await rpc.accounts(list(acknowledged.values()), PROCESSED)
        paid = await rpc.balance(payer.pubkey(), PROCESSED)
        history = await _whole_history(rpc, payer.pubkey())
        await rpc.close()

    assert len(acknowledged) >= ROUNDS * (TRANSACTIONS // (ROUNDS + 1))
    assert all(state is not None and state.err is None for state in states)
    assert all(each is not None and each.lamports == SOL // 100 for each in accounts)
    # The payer's balance agrees with history: nothing was applied without being recorded.
    landed = len(history) - 1
    assert paid == 1_000 * SOL - landed * (SOL // 100 + 5_000)
    assert landed - len(acknowledged) <= ROUNDS * SENDERS, "only answers in flight are unknown"


async def _kill_at(pid: int, acknowledged: dict[str, Pubkey], count: int) -> None:
    while len(acknowledged) < count:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    os.kill(pid, signal.SIGKILL)


async def _send_until_death(
    rpc: RpcClient, payer: Keypair, acknowledged: dict[str, Pubkey]
) -> None:
    try:
        for _ in range(TRANSACTIONS):
            recent = await rpc.latest_blockhash(PROCESSED)
            to = Keypair().pubkey()
            transaction = transfer_of(payer, to, SOL // 100, Hash.from_string(recent.hash))
            acknowledged[await rpc.send(bytes(transaction))] = to
    except RpcUnavailable:
        return


async def _whole_history(rpc: RpcClient, address: Pubkey) -> list[str]:
    await asyncio.sleep(1.0)  # history begins at `confirmed`
    return [row.signature for row in await rpc.signatures_for(address)]


async def test_a_restarted_chain_keeps_identity_slots_programs_and_valid_blockhashes(
    tmp_path: Path,
) -> None:
    payer, other = Keypair(), Keypair().pubkey()
    async with chain(tmp_path) as before:
        before.bank.airdrop(payer.pubkey(), 10 * SOL)
        slot, genesis = before.bank.slot, before.bank.genesis_hash
        late = transfer_of(payer, other, SOL, before.bank.clock.blockhash(slot))
        early = transfer_of(payer, other, 2 * SOL, before.bank.clock.blockhash(slot))
        assert before.bank.land(early, bytes(early)) is None

    async with chain(tmp_path) as after:
        assert after.bank.genesis_hash == genesis
        assert after.bank.slot >= slot
        assert after.bank.land(early, bytes(early)) == "AlreadyProcessed"
        assert after.bank.land(late, bytes(late)) is None
        account = after.bank.account(other)
        assert account is not None
        assert account.lamports == 3 * SOL


async def test_quiet_history_is_pruned_and_the_rest_kept(tmp_path: Path) -> None:
    async with chain(tmp_path) as running:
        bank = running.bank
        signature = bank.airdrop(Keypair().pubkey(), SOL)

        assert bank.ledger.prune(quiet_before=bank.slot + 1, keep=10) == 0
        assert bank.ledger.transaction(signature) is not None
        assert bank.ledger.prune(quiet_before=bank.slot + 1, keep=0) == 1
        assert bank.ledger.transaction(signature) is None


async def test_two_chains_side_by_side_do_not_know_each_other(tmp_path: Path) -> None:
    async with chain(tmp_path / "one") as one, chain(tmp_path / "two") as two:
        address = Keypair().pubkey()
        one.bank.airdrop(address, SOL)

        assert two.bank.account(address) is None
        assert one.bank.genesis_hash != two.bank.genesis_hash


async def test_the_chain_refuses_nonsense_with_json_rpc_errors(tmp_path: Path) -> None:
    cases = {
        b"{": -32700,
        b"7": -32700,
        b'{"jsonrpc":"2.0","id":1}': -32600,
        b'{"jsonrpc":"2.0","id":1,"method":"nope"}': -32601,
        b'{"jsonrpc":"2.0","id":1,"method":"getBalance","params":["x"]}': -32602,
        b'{"jsonrpc":"2.0","id":1,"method":"getBalance","params":{}}': -32602,
        b'{"jsonrpc":"2.0","id":1,"method":"sendTransaction","params":["AAAA"]}': -32602,
        b'{"jsonrpc":"2.0","id":1,"method":"getBlock","params":[1]}': -32004,
        b'{"jsonrpc":"2.0","id":1,"method":"getSlot","params":[{"minContextSlot":99999999999}]}': (
            -32016
        ),
    }
    async with chain(tmp_path) as running, aiohttp.ClientSession() as session:
        for body, code in cases.items():
            async with session.post(running.url, data=body) as response:
                reply = await response.json()
                assert reply["error"]["code"] == code, body

        batch = (
            b'[{"jsonrpc":"2.0","id":1,"method":"getSlot"},{"jsonrpc":"2.0","id":2,"method":"x"}]'
        )
        async with session.post(running.url, data=batch) as response:
            first, second = await response.json()
    assert first["id"] == 1
    assert second["error"]["code"] == -32601
