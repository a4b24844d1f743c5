"""The local chain's answers have the shape of answers recorded from real nodes."""

import base64
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from solders.keypair import Keypair
from solders.message import MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import TOKEN_PROGRAM, associated_token_account
from tests.world.chain.chains import SOL, RunningChain, chain, transfer_of

RECORDED = json.loads((Path(__file__).parent / "recorded_answers.json").read_text())
NOT_OURS = {"delegate", "delegatedAmount", "rentExemptReserve", "accountType", "extensions"}
"""Recorded from accounts with a delegate or extensions, which the scene's account has not."""


class Scene:
    """A chain with a token, its holder and a transfer to ask about."""

    def __init__(self, running: RunningChain) -> None:
        self.running, self.payer, self.mint = running, Keypair(), Keypair()
        bank = running.bank
        bank.airdrop(self.payer.pubkey(), 100 * SOL)
        who, what = self.payer.pubkey(), self.mint.pubkey()
        self.account = associated_token_account(who, what)
        rent = bank.machine.rent_minimum(tokens.MINT_SPACE)
        instructions = [
            *tokens.create_mint(who, what, who, decimals=2, rent_lamports=rent),
            tokens.create_token_account(who, who, what),
            tokens.mint_to(what, self.account, who, 9_864),
        ]
        blockhash = bank.clock.blockhash(bank.slot)
        message = MessageV0.try_compile(who, instructions, [], blockhash)
        made = VersionedTransaction(message, [self.payer, self.mint])
        assert bank.land(made, bytes(made)) is None
        self.signature = str(made.signatures[0])
        bank.enter(bank.slot + 40)
        final = bank.clock.blockhash(bank.slot_of("finalized"))
        self.bad = transfer_of(self.payer, what, 10**6 * SOL, final)

    def calls(self) -> dict[str, tuple[str, list[Any]]]:
        who, what, account = (
            str(each) for each in (self.payer.pubkey(), self.mint.pubkey(), self.account)
        )
        parsed, plain = {"encoding": "jsonParsed"}, {"encoding": "base64"}
        message = base64.b64encode(to_bytes_versioned(self.bad.message)).decode()
        blockhash = str(self.bad.message.recent_blockhash)
        slot = self.running.bank.slot - 35
        by_owner: list[Any] = [{"memcmp": {"offset": 32, "bytes": who}}, {"dataSize": 165}]
        token_program = str(TOKEN_PROGRAM)
        return {
            "get_account_info_json_parsed": ("getAccountInfo", [account, parsed]),
            "get_account_info_null": ("getAccountInfo", [str(Pubkey.new_unique())]),
            "get_balance": ("getBalance", [who]),
            "get_block_height": ("getBlockHeight", []),
            "get_block_time": ("getBlockTime", [slot]),
            "get_blocks": ("getBlocks", [slot, slot + 3]),
            "get_epoch_info": ("getEpochInfo", []),
            "get_epoch_schedule": ("getEpochSchedule", []),
            "get_fee_for_message": ("getFeeForMessage", [message]),
            "get_genesis_hash": ("getGenesisHash", []),
            "get_health_healthy": ("getHealth", []),
            "get_identity": ("getIdentity", []),
            "get_latest_blockhash": ("getLatestBlockhash", []),
            "get_multiple_accounts_base64": ("getMultipleAccounts", [[who, what], plain]),
            "get_program_accounts_with_context_json_parsed": (
                "getProgramAccounts",
                [token_program, {"filters": by_owner, "withContext": True, **parsed}],
            ),
            "get_program_accounts_without_context": (
                "getProgramAccounts",
                [token_program, {"filters": by_owner, "dataSlice": {"offset": 0, "length": 8}}],
            ),
            "get_recent_prioritization_fees": ("getRecentPrioritizationFees", []),
            "get_signature_statuses": ("getSignatureStatuses", [[self.signature]]),
            "get_signatures_for_address": ("getSignaturesForAddress", [who]),
            "get_slot": ("getSlot", []),
            "get_supply": ("getSupply", []),
            "get_token_account_balance": ("getTokenAccountBalance", [account]),
            "get_token_accounts_by_owner_json_parsed": (
                "getTokenAccountsByOwner",
                [who, {"programId": token_program}, parsed],
            ),
            "get_token_largest_accounts": ("getTokenLargestAccounts", [what]),
            "get_token_supply": ("getTokenSupply", [what]),
            "get_transaction_count": ("getTransactionCount", []),
            "get_transaction_json": (
                "getTransaction",
                [self.signature, {"encoding": "json", "maxSupportedTransactionVersion": 0}],
            ),
            "get_version": ("getVersion", []),
            "is_blockhash_valid": ("isBlockhashValid", [blockhash]),
            "simulate_transaction": (
                "simulateTransaction",
                [
                    base64.b64encode(bytes(self.bad)).decode(),
                    {"encoding": "base64", "replaceRecentBlockhash": True},
                ],
            ),
        }


async def _ask(url: str, method: str, params: list[Any]) -> dict[str, Any]:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        found: dict[str, Any] = await response.json()
        return found


@pytest.mark.parametrize("name", sorted(RECORDED["answers"]))
async def test_an_answer_has_the_recorded_shape(name: str, tmp_path: Path) -> None:
    async with chain(tmp_path, slot_ms=10**9) as running:
        running.bank.is_ready = True
        method, params = Scene(running).calls()[name]

        reply = await _ask(running.url, method, params)

    assert "result" in reply, reply
    assert _differences(RECORDED["answers"][name], reply["result"], "result") == []


async def test_a_preflight_refusal_has_the_recorded_shape(tmp_path: Path) -> None:
    async with chain(tmp_path, slot_ms=10**9) as running:
        wire = base64.b64encode(bytes(Scene(running).bad)).decode()
        reply = await _ask(running.url, "sendTransaction", [wire, {"encoding": "base64"}])

    expected = RECORDED["errors"]["preflight"]
    assert _differences(expected, reply["error"], "error") == []
    assert reply["error"]["message"] == expected["message"]
    assert reply["error"]["data"]["err"] == expected["data"]["err"]


def _differences(recorded: Any, ours: Any, path: str) -> list[str]:
    """Keys we lack and types that differ, each with its path; null fits everything."""
    if recorded is None or ours is None:
        return []
    if isinstance(recorded, dict):
        if not isinstance(ours, dict):
            return [f"{path}: expected an object, found {ours!r}"]
        found = []
        for key, value in recorded.items():
            if key in NOT_OURS:
                continue
            if key not in ours:
                found.append(f"{path}.{key} is missing")
            else:
                found += _differences(value, ours[key], f"{path}.{key}")
        return found
    if isinstance(recorded, list):
        if not isinstance(ours, list):
            return [f"{path}: expected a list, found {ours!r}"]
        pairs = zip(recorded[:1], ours[:1], strict=False)
        return [each for one, other in pairs for each in _differences(one, other, f"{path}[]")]
    numbers = (int, float)
    if isinstance(recorded, numbers) and isinstance(ours, numbers):
        return []
    return [] if type(recorded) is type(ours) else [f"{path}: {recorded!r} against {ours!r}"]
