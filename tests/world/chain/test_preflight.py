"""What preflight and simulation see and say, as a real validator (Agave 4.1.1) was seen to."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import to_bytes_versioned
from solders.transaction import VersionedTransaction

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import associated_token_account
from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.adapters.rpc.errors import RpcRefused
from quantdesk.adapters.rpc.pool import NodePool
from quantdesk.world.chain.bank import Bank
from tests.world.chain.chains import SOL, chain, transfer_of

LEVELS = ("processed", "confirmed", "finalized")
OTHER = Keypair().pubkey()
SYSTEM_BYTES = 64 + 64 + len("system_program")
"""A payer and the program; an account that is not there counts nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A funded wallet on a chain whose slots stand still."""

    bank: Bank
    pool: NodePool
    url: str
    payer: Keypair

    def recent(self, level: str) -> Hash:
        return self.bank.clock.blockhash(self.bank.slot_of(level))

    def transfer(self, level: str = "finalized", lamports: int = SOL) -> VersionedTransaction:
        return transfer_of(self.payer, OTHER, lamports, self.recent(level))

    async def send(self, transaction: VersionedTransaction, **options: Any) -> str:
        params = [_text(bytes(transaction)), {"encoding": "base64", **options}]
        return str(await self.pool.call("sendTransaction", params, hedge=False))

    async def simulate(self, wire: bytes, **options: Any) -> dict[str, Any]:
        params = [_text(wire), {"encoding": "base64", **options}]
        reply = await self.pool.call("simulateTransaction", params)
        return dict(reply["value"])

    async def error(self, method: str, params: list[Any]) -> dict[str, Any]:
        """The refusal as it is written: a pool takes this one for a node that lags."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, json=body) as reply,
        ):
            return dict((await reply.json())["error"])


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with chain(tmp_path, slot_ms=10**9) as found:
        payer, pool = Keypair(), NodePool([found.url])
        found.bank.airdrop(payer.pubkey(), 10 * SOL)
        found.bank.enter(found.bank.slot + 40)
        yield Desk(bank=found.bank, pool=pool, url=found.url, payer=payer)
        await pool.close()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize("asked", [*LEVELS, None])
@pytest.mark.parametrize("level", LEVELS)
async def test_a_blockhash_must_have_reached_the_commitment_asked_for(
    desk: Desk, asked: str | None, level: str
) -> None:
    transaction = desk.transfer(level)
    is_known = LEVELS.index(level) >= LEVELS.index(asked or "finalized")

    simulated = await desk.simulate(bytes(transaction), **({"commitment": asked} if asked else {}))
    options = {"preflightCommitment": asked} if asked else {}
    if is_known:
        assert await desk.send(transaction, **options) == str(transaction.signatures[0])
    else:
        with pytest.raises(RpcRefused, match="simulation failed: Blockhash not found") as refusal:
            await desk.send(transaction, **options)
        assert refusal.value.code == -32002

    assert simulated["err"] == (None if is_known else "BlockhashNotFound")


@pytest.mark.parametrize("level", LEVELS)
async def test_a_fee_is_quoted_for_a_blockhash_known_at_the_commitment(
    desk: Desk, level: str
) -> None:
    message = _text(to_bytes_versioned(desk.transfer("processed").message))

    reply = await desk.pool.call("getFeeForMessage", [message, {"commitment": level}])

    assert reply["value"] == (5_000 if level == "processed" else None)


async def test_a_blockhash_of_any_level_lands_without_preflight(desk: Desk) -> None:
    await desk.send(desk.transfer("processed"), skipPreflight=True)

    assert desk.bank.account(OTHER) is not None


@pytest.mark.parametrize("skips", [True, False])
async def test_a_slot_not_reached_yet_refuses_sending_and_simulating(
    desk: Desk, skips: bool
) -> None:
    newest = desk.bank.slot_of("processed" if skips else "finalized")
    await desk.send(desk.transfer(), skipPreflight=skips, minContextSlot=newest)

    for method in ("sendTransaction", "simulateTransaction"):
        options = {"encoding": "base64", "skipPreflight": skips, "minContextSlot": 10**9}
        error = await desk.error(method, [_text(bytes(desk.transfer(lamports=7))), options])
        assert error["code"] == -32016
        seen = newest if method == "sendTransaction" else desk.bank.slot_of("finalized")
        assert error["data"] == {"contextSlot": seen}


async def test_a_simulation_says_fee_loaded_bytes_and_balances(desk: Desk) -> None:
    paid = await desk.simulate(bytes(desk.transfer()), innerInstructions=True)
    failed = await desk.simulate(bytes(desk.transfer(lamports=99 * SOL)), innerInstructions=True)

    for each in (paid, failed):
        assert (each["fee"], each["loadedAccountsDataSize"]) == (5_000, SYSTEM_BYTES)
        assert each["loadedAddresses"] == {"writable": [], "readonly": []}
        assert each["preBalances"] == [10 * SOL, 0, 1]
        assert each["innerInstructions"] == []
        assert each["replacementBlockhash"] is None
    assert paid["postBalances"] == [9 * SOL - 5_000, SOL, 1]
    assert failed["postBalances"] == [10 * SOL - 5_000, 0, 1]


async def test_a_simulation_shows_tokens_before_and_after(desk: Desk) -> None:
    who, mint = desk.payer.pubkey(), Keypair()
    account = associated_token_account(who, mint.pubkey())
    rent = desk.bank.machine.rent_minimum(tokens.MINT_SPACE)
    steps = [
        *tokens.create_mint(who, mint.pubkey(), who, decimals=2, rent_lamports=rent),
        tokens.create_token_account(who, who, mint.pubkey()),
    ]
    wire = sign(build_message(who, steps, desk.recent("processed")), [desk.payer, mint])
    assert desk.bank.land(VersionedTransaction.from_bytes(wire), wire) is None
    more = tokens.mint_to(mint.pubkey(), account, who, 150)

    wire = sign(build_message(who, [more], desk.recent("finalized")), [desk.payer])
    value = await desk.simulate(wire)

    amounts = [
        [row["uiTokenAmount"]["uiAmountString"] for row in value[name]]
        for name in ("preTokenBalances", "postTokenBalances")
    ]
    assert amounts == [["0"], ["1.5"]]
    assert value["loadedAccountsDataSize"] > 64 + 82 + 64 + 165 + 64 * 2


async def test_what_is_refused_before_running_shows_no_accounts_and_no_fee(desk: Desk) -> None:
    old = transfer_of(desk.payer, OTHER, 5, Hash.default())
    shown = {"addresses": [str(OTHER), str(desk.payer.pubkey())]}

    value = await desk.simulate(bytes(old), accounts=shown)

    assert (value["err"], value["fee"], value["logs"]) == ("BlockhashNotFound", None, [])
    assert value["accounts"] == [None, None]
    assert value["loadedAccountsDataSize"] == 0
    assert value["preBalances"] == value["postBalances"] == [10 * SOL, 0, 1]


async def test_a_replaced_blockhash_is_told_even_when_nobody_can_pay(desk: Desk) -> None:
    poor = transfer_of(Keypair(), OTHER, 5, Hash.default())

    value = await desk.simulate(bytes(poor), replaceRecentBlockhash=True, innerInstructions=True)

    assert (value["err"], value["fee"]) == ("AccountNotFound", None)
    assert value["innerInstructions"] is None
    assert value["replacementBlockhash"]["blockhash"] == str(desk.recent("finalized"))


async def test_a_missing_program_is_charged_for_and_runs_nothing(desk: Desk) -> None:
    step = Instruction(Keypair().pubkey(), b"x", [])
    wire = sign(build_message(desk.payer.pubkey(), [step], desk.recent("finalized")), [desk.payer])

    value = await desk.simulate(wire, innerInstructions=True)

    assert (value["err"], value["fee"]) == ("ProgramAccountNotFound", 5_000)
    assert (value["logs"], value["innerInstructions"]) == ([], None)
    assert value["postBalances"] == [10 * SOL - 5_000, 0]


async def test_a_forged_signature_says_nothing_of_balances(desk: Desk) -> None:
    forged = bytearray(bytes(desk.transfer()))
    forged[9] ^= 1

    value = await desk.simulate(bytes(forged), sigVerify=True, accounts={"addresses": []})

    assert (value["err"], value["preBalances"]) == ("SignatureFailure", None)
    assert value["accounts"] == []


@pytest.mark.parametrize(
    ("accounts", "words"),
    [
        ({"encoding": "base58", "addresses": []}, "base58 encoding not supported"),
        ({"encoding": "binary", "addresses": []}, "base58 encoding not supported"),
        ({"addresses": [str(OTHER)] * 4}, "Too many accounts provided; max 3"),
    ],
)
async def test_accounts_to_show_are_refused_as_a_node_refuses_them(
    desk: Desk, accounts: dict[str, Any], words: str
) -> None:
    with pytest.raises(RpcRefused) as refusal:
        await desk.simulate(bytes(desk.transfer()), accounts=accounts)

    assert (refusal.value.code, refusal.value.message) == (-32602, words)


async def test_a_refusal_of_preflight_has_every_field(desk: Desk) -> None:
    with pytest.raises(RpcRefused) as refusal:
        await desk.send(desk.transfer("processed"))

    data = refusal.value.data
    simulated = await desk.simulate(bytes(desk.transfer()))
    assert set(data) == set(simulated)
    assert data["loadedAddresses"] is data["preBalances"] is data["fee"] is None
