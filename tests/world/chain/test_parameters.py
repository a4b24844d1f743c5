"""Parameters that do not fit, and accounts that are not there, in a node's words.

Every answer here was first seen on a real validator (Agave 4.1.1).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from solders.account import Account
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.config import ChainConfig
from quantdesk.world.chain.dispatch import answer
from quantdesk.world.chain.ledger import RENT_EPOCH
from quantdesk.world.chain.methods import METHODS
from quantdesk.world.chain.parameters import TAKES
from quantdesk.world.chain.token_json import NATIVE_MINT, TOKEN_PROGRAM
from tests.world.chain.chains import SOL, transfer_of

WHO = str(Pubkey.from_bytes(bytes([7]) * 32))
NOBODY = str(Pubkey.from_bytes(bytes([8]) * 32))
HOLDING = Pubkey.from_bytes(bytes([9]) * 32)
EMPTY = Pubkey.from_bytes(bytes([10]) * 32)
TOKENS, MINT = str(TOKEN_PROGRAM), str(NATIVE_MINT)
TOO_FEW = "`params` should have at least {} argument(s)"
INVALID_PARAMS, INVALID_REQUEST = -32602, -32600


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    home = tmp_path_factory.mktemp("chain")
    found = Bank(ChainConfig(home=home, rpc_port=1, slot_ms=10**9))
    _put(found, Pubkey.from_string(WHO), Account(SOL, b"", Pubkey.default(), False, RENT_EPOCH))
    for where, state in ((HOLDING, 1), (EMPTY, 0)):
        data = bytes(NATIVE_MINT) + bytes(32) + struct.pack("<Q", 5) + bytes(36)
        data += bytes([state]) + bytes(56)
        _put(found, where, Account(SOL, data, TOKEN_PROGRAM, False, RENT_EPOCH))
    found.enter(found.slot + 40)
    yield found
    found.close()


def _put(bank: Bank, where: Pubkey, account: Account) -> None:
    bank.machine.set_account(where, account)
    bank.ledger.commit(None, (), [(where, account)])


def _ask(bank: Bank, method: str, *params: Any) -> dict[str, Any]:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    found: dict[str, Any] = orjson.loads(answer(bank, json.dumps(body).encode()))
    return found


def _error(bank: Bank, method: str, *params: Any) -> tuple[int, str]:
    error = _ask(bank, method, *params)["error"]
    return error["code"], error["message"]


def test_every_method_says_what_it_takes() -> None:
    assert set(TAKES) == set(METHODS)


def _reader(words: str) -> str:
    return f"Invalid params: {words}."


ENCODINGS = "expected one of `binary`, `base58`, `base64`, `jsonParsed`, `base64+zstd`"
FILTERS = "expected one of `dataSize`, `memcmp`, `tokenAccountState`"
SINGLE_KEY = _reader("invalid value: map, expected map with a single key")
NO_VARIANT = _reader("data did not match any variant of untagged enum RpcEncodingConfigWrapper")


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("getAccountInfo", [], TOO_FEW.format(1)),
        ("getTokenAccountsByOwner", [WHO], TOO_FEW.format(2)),
        ("requestAirdrop", [WHO], TOO_FEW.format(2)),
        ("getAccountInfo", [WHO, {}, {}], "Invalid parameters: Expected from 1 to 2 parameters."),
        ("getHealth", [1], "Invalid parameters: No parameters were expected"),
        ("getBlockTime", [], _reader("invalid length 0, expected a tuple of size 1")),
        ("getBalance", [None], _reader("invalid type: null, expected a string")),
        ("getBalance", [5], _reader("invalid type: integer `5`, expected a string")),
        ("getBalance", ["x"], "Invalid param: WrongSize"),
        ("getBalance", ["0" * 32], "Invalid param: Invalid"),
        (
            "getBalance",
            [WHO, "x"],
            _reader('invalid type: string "x", expected struct RpcContextConfig'),
        ),
        ("getMultipleAccounts", ["x"], _reader('invalid type: string "x", expected a sequence')),
        (
            "getAccountInfo",
            [WHO, {"encoding": "utf8"}],
            _reader(f"unknown variant `utf8`, {ENCODINGS}"),
        ),
        (
            "getAccountInfo",
            [WHO, {"encoding": 5}],
            _reader("invalid type: integer `5`, expected string or map"),
        ),
        ("getAccountInfo", [WHO, {"dataSlice": {"offset": 1}}], _reader("missing field `length`")),
        ("getAccountInfo", [WHO, {"dataSlice": {}}], _reader("missing field `offset`")),
        (
            "getAccountInfo",
            [WHO, {"dataSlice": {"offset": -1, "length": 4}}],
            _reader("invalid value: integer `-1`, expected usize"),
        ),
        (
            "getSlot",
            [{"minContextSlot": "a"}],
            _reader('invalid type: string "a", expected u64'),
        ),
        (
            "getSlot",
            [{"minContextSlot": 2**64}],
            _reader("invalid type: floating point `1.8446744073709552e+19`, expected u64"),
        ),
        (
            "sendTransaction",
            ["x", {"minContextSlot": True}],
            _reader("invalid type: boolean `true`, expected u64"),
        ),
        (
            "sendTransaction",
            ["x", {"skipPreflight": "x"}],
            _reader('invalid type: string "x", expected a boolean'),
        ),
        (
            "getProgramAccounts",
            [TOKENS, {"filters": [{"dataSize": -1}]}],
            _reader("invalid value: integer `-1`, expected u64"),
        ),
        (
            "getProgramAccounts",
            [TOKENS, {"filters": [{"memcmp": {"offset": 0}}]}],
            _reader("missing field `bytes`"),
        ),
        (
            "getProgramAccounts",
            [TOKENS, {"filters": [{"memcmp": {"offset": 0, "bytes": [300]}}]}],
            _reader("data did not match any variant of untagged enum DataType"),
        ),
        (
            "getProgramAccounts",
            [TOKENS, {"filters": [{"memcmp": {"offset": 0, "bytes": "1" * 200}}]}],
            "Invalid param: DataTooLarge",
        ),
        (
            "getProgramAccounts",
            [TOKENS, {"filters": [{"memcmp": {"offset": 0, "bytes": "0"}}]}],
            "Invalid param: Base58DecodeError(InvalidCharacter { character: '0', index: 0 })",
        ),
        (
            "getProgramAccounts",
            [TOKENS, {"filters": [{"size": 1}]}],
            _reader(f"unknown variant `size`, {FILTERS}"),
        ),
        ("getProgramAccounts", [TOKENS, {"filters": [{}]}], SINGLE_KEY),
        (
            "getProgramAccounts",
            [TOKENS, {"filters": [{"tokenAccountState": 1}]}],
            _reader("invalid type: integer `1`, expected unit"),
        ),
        (
            "getProgramAccounts",
            [TOKENS, {"filters": "x"}],
            _reader('invalid type: string "x", expected a sequence'),
        ),
        ("getTransaction", ["1" * 64, {"maxSupportedTransactionVersion": "legacy"}], NO_VARIANT),
        ("getBlock", [1_000, {"transactionDetails": "bogus"}], NO_VARIANT),
        ("getSignaturesForAddress", [WHO, {"limit": 0}], "Invalid limit; max 1000"),
        ("getSignaturesForAddress", [WHO, {"limit": 1001}], "Invalid limit; max 1000"),
        (
            "getSignaturesForAddress",
            [WHO, {"limit": -1}],
            _reader("invalid value: integer `-1`, expected usize"),
        ),
        ("getSignatureStatuses", [["x"]], "Invalid param: WrongSize"),
        ("getBlocksWithLimit", [0, 500_001], "Limit too large; max 500000"),
        ("getRecentPerformanceSamples", [721], "Invalid limit; max 720"),
        ("getTokenSupply", [NOBODY], "Invalid param: could not find account"),
        ("getTokenSupply", [WHO], "Invalid param: not a Token mint"),
        ("getTokenSupply", [str(HOLDING)], "Invalid param: mint could not be unpacked"),
        ("getTokenAccountBalance", [NOBODY], "Invalid param: could not find account"),
        ("getTokenAccountBalance", [MINT], "Invalid param: not a Token account"),
        ("getTokenLargestAccounts", [NOBODY], "Invalid param: could not find mint"),
        ("getTokenLargestAccounts", [WHO], "Invalid param: Token mint could not be unpacked"),
        ("getTokenAccountsByOwner", [WHO, {"mint": NOBODY}], "Invalid param: could not find mint"),
        (
            "getTokenAccountsByDelegate",
            [WHO, {"mint": WHO}],
            "Invalid param: Token mint could not be unpacked",
        ),
        ("getTokenAccountsByOwner", [WHO, {}], SINGLE_KEY),
        (
            "getTokenAccountsByOwner",
            [WHO, {"x": 1}],
            _reader("unknown variant `x`, expected `mint` or `programId`"),
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_a_nodes_words(
    bank: Bank, method: str, params: list[Any], words: str
) -> None:
    assert _error(bank, method, *params) == (INVALID_PARAMS, words)


def test_parameters_are_an_array_or_nothing(bank: Bank) -> None:
    def refused(params: Any) -> tuple[int, str]:
        body = {"jsonrpc": "2.0", "id": 1, "method": "getBalance", "params": params}
        error = orjson.loads(answer(bank, orjson.dumps(body)))["error"]
        return error["code"], error["message"]

    assert refused(None) == (INVALID_PARAMS, TOO_FEW.format(1))
    assert refused({"a": 1}) == (INVALID_PARAMS, "`params` should be an array")
    assert refused("x") == (INVALID_REQUEST, "Invalid request")


@pytest.mark.parametrize("body", [b"[1]", b"[1,{}]", b"5", b"", b"{"])
def test_what_is_no_call_cannot_be_parsed(bank: Bank, body: bytes) -> None:
    assert orjson.loads(answer(bank, body))["error"]["code"] == -32700


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"jsonrpc":"2.0","method":"getHealth"}',
        b'[{"jsonrpc":"2.0","method":"getHealth"}]',
    ],
)
def test_what_has_no_id_gets_no_answer(bank: Bank, body: bytes) -> None:
    assert answer(bank, body) == b""


@pytest.mark.parametrize(
    "method",
    [
        *("getSlot", "getBlockHeight", "getEpochInfo", "getLatestBlockhash"),
        *("getSlotLeader", "getTransactionCount", "getSupply"),
    ],
)
def test_a_slot_not_reached_yet_refuses_every_answer_about_now(bank: Bank, method: str) -> None:
    newest = bank.slot_of("finalized")

    assert "result" in _ask(bank, method, {"minContextSlot": newest})
    assert _error(bank, method, {"minContextSlot": newest + 1})[0] == -32016


@pytest.mark.parametrize("huge", [2**63, 2**64 - 1])
def test_huge_numbers_find_nothing_and_break_nothing(bank: Bank, huge: int) -> None:
    memcmp = {"offset": huge, "bytes": "1"}
    sliced = {"encoding": "base64", "dataSlice": {"offset": 160, "length": huge}}

    assert (
        _ask(bank, "getProgramAccounts", TOKENS, {"filters": [{"dataSize": huge}]})["result"] == []
    )
    assert (
        _ask(bank, "getProgramAccounts", TOKENS, {"filters": [{"memcmp": memcmp}]})["result"] == []
    )
    assert _error(bank, "getMinimumBalanceForRentExemption", huge) == (
        INVALID_REQUEST,
        "Invalid request",
    )
    shown = _ask(bank, "getAccountInfo", str(HOLDING), sliced)["result"]["value"]
    assert shown["data"] == ["AAAAAAA=", "base64"]


def test_the_largest_account_has_a_rent(bank: Bank) -> None:
    most = 10 << 20

    assert _ask(bank, "getMinimumBalanceForRentExemption", most)["result"] > 0
    assert _error(bank, "getMinimumBalanceForRentExemption", most + 1)[0] == INVALID_REQUEST


@pytest.mark.parametrize("state", ["tokenAccountState", {"tokenAccountState": None}])
def test_the_state_filter_leaves_initialised_token_accounts(bank: Bank, state: Any) -> None:
    options = {"encoding": "base64", "filters": [state]}
    rows = _ask(bank, "getProgramAccounts", TOKENS, options)["result"]

    assert [row["pubkey"] for row in rows] == [str(HOLDING)]


def test_several_accounts_are_base64_and_one_is_base58(bank: Bank) -> None:
    addresses = [WHO, str(HOLDING)]

    for options in (None, dict[str, Any]()):
        rows = _ask(bank, "getMultipleAccounts", addresses, options)["result"]["value"]
        assert [row["data"][1] for row in rows] == ["base64", "base64"]
    assert _ask(bank, "getAccountInfo", WHO)["result"]["value"]["data"] == ""
    for method, subject in (("getAccountInfo", str(HOLDING)), ("getMultipleAccounts", addresses)):
        code, words = _error(bank, method, subject, {"encoding": "base58"})
        assert code == INVALID_REQUEST
        assert words.startswith("Encoded binary (base 58) data should be less than 128 bytes")


def test_a_block_may_show_accounts_and_balances_alone(tmp_path: Path) -> None:
    found = Bank(ChainConfig(home=tmp_path, rpc_port=1, slot_ms=10**9))
    payer, to = Keypair(), Keypair().pubkey()
    found.airdrop(payer.pubkey(), 10 * SOL)
    found.enter(found.slot + 1)
    slot, recent = found.slot, found.clock.blockhash(found.slot)
    move = transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=to, lamports=SOL))
    legacy = VersionedTransaction(
        Message.new_with_blockhash([move], payer.pubkey(), recent), [payer]
    )
    for each in (legacy, transfer_of(payer, to, 7, recent)):
        assert found.land(each, bytes(each)) is None
    found.enter(slot + 40)
    options = {"transactionDetails": "accounts", "encoding": "base64"}

    rows = _ask(found, "getBlock", slot, {**options, "maxSupportedTransactionVersion": 0})["result"]
    refused = _ask(found, "getBlock", slot, options)["error"]

    assert [row["version"] for row in rows["transactions"]] == ["legacy", 0]
    first = rows["transactions"][0]
    assert set(first["meta"]) == {
        *("err", "status", "fee", "preBalances", "postBalances"),
        *("preTokenBalances", "postTokenBalances"),
    }
    assert first["transaction"]["signatures"] == [str(legacy.signatures[0])]
    assert first["transaction"]["accountKeys"][0] == {
        "pubkey": str(payer.pubkey()),
        "signer": True,
        "writable": True,
        "source": "transaction",
    }
    assert refused["code"] == -32015
    found.close()
