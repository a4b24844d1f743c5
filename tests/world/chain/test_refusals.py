"""What a node refuses, what it lets land and charges for, and its words: as the judge found them.

Every expectation here was first seen on a real validator (Agave 4.1.1).
"""

from __future__ import annotations

import base64
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.adapters.rpc.errors import RpcRefused
from quantdesk.adapters.rpc.pool import NodePool
from quantdesk.world.chain.token_json import NATIVE_MINT
from quantdesk.world.chain.words import error_sentence
from tests.world.chain.chains import SOL, RunningChain, chain, slots_pass

COMPUTE_BUDGET = Pubkey.from_string("ComputeBudget111111111111111111111111111111")
NOBODY = Keypair().pubkey()
BASE64 = {"encoding": "base64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A funded wallet on a bare chain."""

    found: RunningChain
    pool: NodePool
    payer: Keypair

    def wire(self, *steps: Instruction) -> bytes:
        return sign(build_message(self.payer.pubkey(), steps, self.recent), [self.payer])

    @property
    def recent(self) -> Hash:
        return self.found.bank.clock.blockhash(self.found.bank.slot)

    async def send(self, wire: bytes, *, preflight: bool = True) -> str:
        options = {**BASE64, "skipPreflight": not preflight, "preflightCommitment": "processed"}
        return str(await self.pool.call("sendTransaction", [_text(wire), options]))

    async def landed(self, wire: bytes) -> dict[str, Any] | None:
        """What became of bytes sent without preflight."""
        signature = await self.send(wire, preflight=False)
        await slots_pass(self.found.bank, 2)
        options = {"commitment": "confirmed", "maxSupportedTransactionVersion": 0}
        reply = await self.pool.call("getTransaction", [signature, options])
        return None if reply is None else dict(reply["meta"])

    async def quoted(self, message: bytes) -> int | None:
        options = {"commitment": "processed"}
        reply = await self.pool.call("getFeeForMessage", [_text(message), options])
        return None if reply["value"] is None else int(reply["value"])


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with chain(tmp_path) as found:
        payer, pool = Keypair(), NodePool([found.url])
        found.bank.airdrop(payer.pubkey(), 10 * SOL)
        yield Desk(found=found, pool=pool, payer=payer)
        await pool.close()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _pay(desk: Desk, lamports: int = SOL) -> Instruction:
    move = TransferParams(from_pubkey=desk.payer.pubkey(), to_pubkey=NOBODY, lamports=lamports)
    return transfer(move)


def _budget(data: bytes) -> Instruction:
    return Instruction(COMPUTE_BUDGET, data, [])


@pytest.mark.parametrize(
    ("steps", "error"),
    [
        (lambda _: [Instruction(NOBODY, b"x", [])], "ProgramAccountNotFound"),
        (lambda _: [Instruction(NATIVE_MINT, b"x", [])], "InvalidProgramForExecution"),
        (
            lambda desk: [_budget(struct.pack("<BI", 4, 1)), _pay(desk)],
            "MaxLoadedAccountsDataSizeExceeded",
        ),
    ],
)
async def test_what_cannot_be_loaded_runs_nothing_yet_lands_and_pays(
    desk: Desk, steps: Any, error: str
) -> None:
    wire = desk.wire(*steps(desk))

    with pytest.raises(RpcRefused) as refusal:
        await desk.send(wire)
    meta = await desk.landed(wire)

    assert refusal.value.code == -32002
    assert refusal.value.data["err"] == error
    assert meta is not None
    assert (meta["err"], meta["fee"], meta["logMessages"]) == (error, 5_000, None)
    assert meta["postBalances"][0] == 10 * SOL - 5_000


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (
            [struct.pack("<BI", 2, 9), struct.pack("<BI", 2, 8)],
            "Transaction contains a duplicate instruction (1) that is not allowed",
        ),
        ([b"\x09"], "Error processing Instruction 0: invalid instruction data"),
        ([b"\x02\x01"], "Error processing Instruction 0: invalid instruction data"),
    ],
)
async def test_a_budget_that_cannot_be_read_is_no_transaction(
    desk: Desk, budget: list[bytes], words: str
) -> None:
    wire = desk.wire(*map(_budget, budget), _pay(desk))

    for preflight in (True, False):
        with pytest.raises(RpcRefused, match="invalid transaction") as refusal:
            await desk.send(wire, preflight=preflight)
        assert refusal.value.code == -32602
        assert refusal.value.message == f"invalid transaction: {words}"


async def test_a_heap_out_of_bounds_fails_only_when_it_is_to_run(desk: Desk) -> None:
    wire = desk.wire(_budget(struct.pack("<BI", 1, 1_000)), _pay(desk))

    with pytest.raises(RpcRefused) as refusal:
        await desk.send(wire)
    assert refusal.value.data["err"] == {"InstructionError": [0, "InvalidInstructionData"]}
    assert await desk.landed(wire) is None


async def test_an_account_twice_in_a_message_never_lands(desk: Desk) -> None:
    message = build_message(desk.payer.pubkey(), [_pay(desk)], desk.recent)
    doubled = message[:37] + message[5:37] + message[69:]
    wire = sign(doubled, [desk.payer])

    with pytest.raises(RpcRefused, match="Account loaded twice"):
        await desk.send(wire)
    assert await desk.landed(wire) is None


async def test_a_lookup_table_that_is_none_is_refused_before_preflight(desk: Desk) -> None:
    table = AddressLookupTableAccount(Keypair().pubkey(), [NOBODY])
    message = MessageV0.try_compile(desk.payer.pubkey(), [_pay(desk)], [table], desk.recent)
    wire = sign(to_bytes_versioned(message), [desk.payer])

    for preflight in (True, False):
        with pytest.raises(RpcRefused, match="address table account that doesn't exist") as refusal:
            await desk.send(wire, preflight=preflight)
        assert refusal.value.code == -32602


async def test_bytes_longer_than_a_packet_are_measured_as_text_first(desk: Desk) -> None:
    wire = desk.wire(_pay(desk)) + bytes(1_100)

    with pytest.raises(RpcRefused, match=r"base64 encoded \S+ too large: \d+ bytes") as refusal:
        await desk.send(wire)
    assert refusal.value.message.endswith("(max: encoded/raw 1644/1232)")


async def test_the_fee_quoted_is_the_fee_taken(desk: Desk) -> None:
    """Builtins and precompiles are given 3,000 units each, other programs 200,000."""
    price = _budget(struct.pack("<BQ", 3, 1_000_000))
    message = build_message(desk.payer.pubkey(), [price, _pay(desk)], desk.recent)

    quoted = await desk.quoted(message)
    meta = await desk.landed(sign(message, [desk.payer]))

    assert quoted == 5_000 + 6_000
    assert meta is not None
    assert meta["fee"] == quoted


async def test_wrapped_sol_has_its_mint(desk: Desk) -> None:
    options = {"encoding": "jsonParsed", "commitment": "processed"}
    reply = await desk.pool.call("getAccountInfo", [str(NATIVE_MINT), options])

    parsed = reply["value"]["data"]["parsed"]
    assert parsed["type"] == "mint"
    assert (parsed["info"]["decimals"], parsed["info"]["mintAuthority"]) == (9, None)


async def test_a_missing_signer_is_refused_by_the_simulation(desk: Desk) -> None:
    forged = bytearray(desk.wire(_pay(desk)))
    forged[9] ^= 1

    with pytest.raises(RpcRefused) as refusal:
        await desk.send(bytes(forged))
    assert (refusal.value.code, refusal.value.data["err"]) == (-32002, "SignatureFailure")
    assert await desk.landed(bytes(forged)) is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("InvalidAccountForFee", "This account may not be used to pay transaction fees"),
        ({"InstructionError": [3, {"Custom": 6001}]}, "custom program error: 0x1771"),
        ({"InstructionError": [0, "InvalidSeeds"]}, "Provided seeds do not result in a valid"),
        ({"InsufficientFundsForRent": {"account_index": 2}}, "account (2) with insufficient"),
        ("SomethingNew", "Something new"),
    ],
)
def test_an_error_is_said_in_a_nodes_words(error: Any, words: str) -> None:
    assert words in error_sentence(error)
