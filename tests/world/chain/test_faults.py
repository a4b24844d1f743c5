"""Every fault, switched on through the door that tests in other processes use."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from solders.hash import Hash
from solders.keypair import Keypair

from quantdesk.adapters.rpc.errors import RpcUnavailable, TransactionRejected
from quantdesk.adapters.rpc.pool import NodePool
from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.config import ChainConfig
from quantdesk.world.chain.server import running
from tests.world.chain.chains import SOL, free_port_pair, slots_pass, transfer_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakable:
    """A chain whose faults are switched over HTTP."""

    bank: Bank
    pool: NodePool
    url: str
    payer: Keypair

    async def fault(self, **asked: int) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession(headers={"x-quantdesk": "1"}) as session,
            session.post(f"{self.url}/fault", json=asked) as reply,
        ):
            assert reply.status == 200, await reply.text()
            return dict(await reply.json())

    def transfer(self) -> bytes:
        recent: Hash = self.bank.clock.blockhash(self.bank.slot)
        return bytes(transfer_of(self.payer, Keypair().pubkey(), SOL, recent))

    async def send(self, wire: bytes) -> str:

        options = {"encoding": "base64", "preflightCommitment": "processed"}
        params = [base64.b64encode(wire).decode(), options]
        return str(await self.pool.call("sendTransaction", params, hedge=False))

    async def status(self, signature: str) -> dict[str, Any] | None:
        reply = await self.pool.call("getSignatureStatuses", [[signature]])
        found: dict[str, Any] | None = reply["value"][0]
        return found


@pytest.fixture
async def broken(tmp_path: Path) -> AsyncIterator[Breakable]:
    port = free_port_pair()
    config = ChainConfig(home=tmp_path, rpc_port=port, slot_ms=100, is_breakable=True)
    async with running(config) as bank:
        bank.is_ready = True
        url, payer = f"http://127.0.0.1:{port}", Keypair()
        pool = NodePool([url], budget_s=4)
        bank.airdrop(payer.pubkey(), 100 * SOL)
        yield Breakable(bank=bank, pool=pool, url=url, payer=payer)
        await pool.close()


async def test_a_dropped_transaction_is_acknowledged_and_never_seen(broken: Breakable) -> None:
    await broken.fault(lose_transactions=1)

    lost = await broken.send(broken.transfer())
    kept = await broken.send(broken.transfer())

    assert await broken.status(lost) is None
    assert await broken.status(kept) is not None


async def test_a_dropped_reply_belongs_to_something_done(broken: Breakable) -> None:
    wire = broken.transfer()
    await broken.fault(drop_replies=1)

    # The pool asks again, and the chain knows the bytes already.
    with pytest.raises(TransactionRejected) as refusal:
        await broken.send(wire)
    assert refusal.value.is_already_processed


async def test_a_delay_makes_every_answer_late(broken: Breakable) -> None:
    await broken.fault(reply_delay_ms=400)
    began = time.monotonic()

    await broken.pool.call("getSlot", [])

    assert time.monotonic() - began >= 0.4
    assert (await broken.fault(reply_delay_ms=0))["reply_delay_ms"] == 0


async def test_429_is_answered_so_often_and_no_oftener(broken: Breakable) -> None:
    await broken.fault(refuse_requests=1_000, refuse_status=429)
    with pytest.raises(RpcUnavailable, match="rate limited"):
        await broken.pool.call("getSlot", [])

    await broken.fault(refuse_requests=1)
    fresh = NodePool([broken.url])
    assert await fresh.call("getSlot", []) > 0
    await fresh.close()


async def test_a_fork_takes_a_confirmed_transaction_back(broken: Breakable) -> None:
    signature = await broken.send(broken.transfer())
    await slots_pass(broken.bank, 2)
    assert (await broken.status(signature) or {})["confirmationStatus"] == "confirmed"

    await broken.fault(fork=broken.bank.slot - broken.bank.slot_of("finalized") - 1)

    assert await broken.status(signature) is None


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"skip": 10**12}, "skip is a number from 0 to 1000000, found 1000000000000"),
        ({"skip": -1}, "skip is a number from 0 to 1000000, found -1"),
        ({"skip": 10**30}, "skip is a number from 0 to 1000000"),
        ({"refuse_status": 99, "refuse_requests": 1}, "refuse_status is a number from 400 to 599"),
        ({"refuse_status": 1000}, "refuse_status is a number from 400 to 599, found 1000"),
        ({"reply_delay_ms": 10**9}, "reply_delay_ms is a number from 0 to 60000"),
        ({"lose_transactions": "1"}, "lose_transactions is a number from 0 to 1000000, found '1'"),
        ({"drop_replies": True}, "drop_replies is a number from 0 to 1000000, found True"),
        ({"fork": 999, "drop_replies": 5}, "is final; at most 32 go back"),
        ({"nonsense": 1}, "no fault is called 'nonsense'"),
    ],
)
async def test_a_fault_out_of_bounds_is_refused_with_a_sentence_and_nothing_is_done(
    broken: Breakable, asked: dict[str, Any], words: str
) -> None:
    before = await broken.fault()

    async with (
        aiohttp.ClientSession(headers={"x-quantdesk": "1"}) as session,
        session.post(f"{broken.url}/fault", data=json.dumps(asked)) as reply,
    ):
        refused = dict(await reply.json())

    assert reply.status == 422
    assert words in refused["error"]
    after = await broken.fault()
    assert {**after, "slot": 0} == {**before, "slot": 0}
    assert after["slot"] - before["slot"] < 100


async def test_skipped_slots_expire_what_was_signed(broken: Breakable) -> None:
    wire = broken.transfer()

    await broken.fault(skip=151)

    with pytest.raises(TransactionRejected, match="Blockhash not found"):
        await broken.send(wire)
