"""Subscriptions that are wrong, slow or over: none of them disturbs the chain."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import TOKEN_PROGRAM, associated_token_account
from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.services.actions import Commitment
from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.subscriptions import OUTBOX_MAX, Client
from tests.world.chain.chains import SOL, RunningChain, chain

PROCESSED = {"commitment": "processed"}
NOBODY = str(Keypair().pubkey())


class Line:
    """A raw WebSocket with JSON in and out."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def ask(self, method: str, params: list[Any]) -> dict[str, Any]:
        await self._socket.send_json(
            {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        )
        return await self.hear()

    async def say(self, message: Any) -> None:
        await self._socket.send_json(message)

    async def hear(self) -> dict[str, Any]:
        found: dict[str, Any] = await self._socket.receive_json(timeout=5)
        return found


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningChain]:
    async with chain(tmp_path) as found:
        yield found


@pytest.fixture
async def line(running: RunningChain) -> AsyncIterator[Line]:
    async with aiohttp.ClientSession() as session, session.ws_connect(running.ws_url) as socket:
        yield Line(socket)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("accountSubscribe", ["nonsense"]),
        ("accountSubscribe", []),
        ("accountSubscribe", [str(Pubkey.default()), {"commitment": "soon"}]),
        ("logsSubscribe", [{"mentions": []}]),
        ("programSubscribe", [str(Pubkey.default()), {"filters": [{"size": 1}]}]),
        ("accountUnsubscribe", [99]),
        ("accountUnsubscribe", []),
        ("voteSubscribe", []),
        ("getSlot", []),
    ],
)
async def test_a_wrong_request_is_refused_and_the_line_stays_open(
    line: Line, method: str, params: list[Any]
) -> None:
    assert (await line.ask(method, params))["error"]["code"] in (-32602, -32601)
    assert isinstance((await line.ask("slotSubscribe", []))["result"], int)


async def test_an_unsubscribed_account_is_not_heard_of_again(
    running: RunningChain, line: Line
) -> None:
    one, two = Keypair().pubkey(), Keypair().pubkey()
    first = await line.ask("accountSubscribe", [str(one), PROCESSED])
    await line.ask("accountSubscribe", [str(two), PROCESSED])
    assert (await line.ask("accountUnsubscribe", [first["result"]]))["result"] is True

    running.bank.airdrop(one, SOL)
    running.bank.airdrop(two, 2 * SOL)

    assert (await line.hear())["params"]["result"]["value"]["lamports"] == 2 * SOL


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("accountSubscribe", [NOBODY, {"encoding": "utf8"}], "unknown variant `utf8`"),
        ("programSubscribe", [NOBODY, {"encoding": "utf8"}], "unknown variant `utf8`"),
        ("accountSubscribe", [NOBODY, {"dataSlice": {"offset": 1}}], "missing field `length`"),
        ("programSubscribe", [NOBODY, {"filters": [{"dataSize": -1}]}], "integer `-1`"),
        ("accountSubscribe", [NOBODY, {"minContextSlot": "a"}], "expected u64"),
        ("accountSubscribe", [], "`params` should have at least 1 argument(s)"),
        ("accountSubscribe", ["x"], "Invalid Request: Invalid pubkey provided"),
        ("signatureSubscribe", ["x"], "Invalid Request: Invalid signature provided"),
        ("logsSubscribe", [{"mentions": ["x"]}], "Invalid Request: Invalid mentions provided"),
        ("logsSubscribe", [{"mentions": []}], "Invalid Request: Only 1 address supported"),
        ("logsSubscribe", ["x"], "expected one of `all`, `allWithVotes`, `mentions`"),
        ("slotSubscribe", [1], "No parameters were expected"),
        ("accountUnsubscribe", [], "invalid length 0, expected a tuple of size 1"),
        ("accountUnsubscribe", ["x"], "expected u64"),
    ],
)
async def test_nonsense_is_refused_at_once_in_a_nodes_words(
    line: Line, method: str, params: list[Any], words: str
) -> None:
    error = (await line.ask(method, params))["error"]

    assert error["code"] == -32602
    assert words in error["message"]


async def test_an_empty_batch_gets_no_answer_and_one_of_junk_is_not_parsed(line: Line) -> None:
    await line.say([])
    await line.say({"jsonrpc": "2.0", "method": "ping"})
    await line.say([1])

    assert (await line.hear())["error"] == {"code": -32700, "message": "Parse error"}


@pytest.mark.parametrize(("level", "slots_later"), [("processed", 0), ("confirmed", 1)])
async def test_a_fork_tells_subscribers_what_an_account_is_again(
    tmp_path: Path, level: str, slots_later: int
) -> None:
    address, other = Keypair().pubkey(), Keypair().pubkey()
    async with (
        chain(tmp_path, slot_ms=10**9) as found,
        aiohttp.ClientSession() as session,
        session.ws_connect(found.ws_url) as socket,
    ):
        line, bank = Line(socket), found.bank
        bank.airdrop(address, 2 * SOL)
        _let_pass(bank, 40)
        for each in (address, other):
            await line.ask("accountSubscribe", [str(each), {"commitment": level}])
        bank.airdrop(address, SOL)
        _let_pass(bank, slots_later)
        assert await _lamports(line) == 3 * SOL

        bank.fork(slots_later + 1)
        assert await _lamports(line) == 2 * SOL

        bank.airdrop(other, 7 * SOL)
        _let_pass(bank, 2)
        assert await _lamports(line) == 7 * SOL


async def test_a_fork_that_undoes_what_nobody_heard_of_is_silent(tmp_path: Path) -> None:
    address = Keypair().pubkey()
    async with (
        chain(tmp_path, slot_ms=10**9) as found,
        aiohttp.ClientSession() as session,
        session.ws_connect(found.ws_url) as socket,
    ):
        line, bank = Line(socket), found.bank
        await line.ask("accountSubscribe", [str(address), {"commitment": "confirmed"}])
        bank.airdrop(address, SOL)
        bank.fork(1)
        bank.airdrop(address, 5 * SOL)
        _let_pass(bank, 1)

        assert await _lamports(line) == 5 * SOL


def _let_pass(bank: Bank, slots: int) -> None:
    """The clock of a chain that stands still, with those who listen to it."""
    bank.enter(bank.slot + slots)
    for listener in bank.on_slot:
        listener(bank.slot)


async def _lamports(line: Line) -> int:
    return int((await line.hear())["params"]["result"]["value"]["lamports"])


async def test_bytes_too_long_for_base58_are_noted_as_nodes_do(
    running: RunningChain, line: Line
) -> None:
    rpc, payer, mint = RpcClient.of([running.url]), Keypair(), Keypair()
    running.bank.airdrop(payer.pubkey(), 10 * SOL)
    who, what = payer.pubkey(), mint.pubkey()
    account = associated_token_account(who, what)
    await line.ask("accountSubscribe", [str(account), PROCESSED])
    rent = await rpc.rent_minimum(tokens.MINT_SPACE)
    instructions = [
        *tokens.create_mint(who, what, who, decimals=0, rent_lamports=rent),
        tokens.create_token_account(who, who, what),
    ]
    recent = await rpc.latest_blockhash(Commitment.PROCESSED)

    await rpc.send(sign(build_message(who, instructions, recent.hash), [payer, mint]))

    value = (await line.hear())["params"]["result"]["value"]
    assert value["data"] == "error: data too large for bs58 encoding"
    assert value["owner"] == str(TOKEN_PROGRAM)
    await rpc.close()


async def test_slots_are_heard_in_order_with_their_root(line: Line) -> None:
    await line.ask("slotSubscribe", [])

    heard = [(await line.hear())["params"]["result"] for _ in range(3)]

    assert [each["slot"] for each in heard] == sorted(each["slot"] for each in heard)
    assert all(each["slot"] - each["root"] == 32 for each in heard)


async def test_a_client_that_never_reads_is_cut_off_with_bounded_memory() -> None:
    client = Client()

    for number in range(OUTBOX_MAX + 10):
        client.send({"n": number})

    assert client.outbox.qsize() == OUTBOX_MAX
    last = [client.outbox.get_nowait() for _ in range(OUTBOX_MAX)][-1]
    assert last is None
    assert isinstance(client.outbox, asyncio.Queue)
