"""solana-py, unmodified, against the local chain."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed, Finalized, Processed
from solana.rpc.core import RPCException
from solana.rpc.models import DataSliceOpts, MemcmpOpts, TokenAccountOpts, TxOpts
from solana.rpc.websocket_api import connect
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.rpc.responses import RpcSignatureResponse, SignatureNotification
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import TOKEN_PROGRAM, associated_token_account
from tests.world.chain.chains import SOL, RunningChain, chain, slots_pass, transfer_of


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningChain]:
    async with chain(tmp_path) as found:
        yield found


@pytest.fixture
async def client(running: RunningChain) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(running.url, commitment=Processed) as found:
        yield found


@pytest.fixture
async def payer(client: AsyncClient) -> Keypair:
    key = Keypair()
    await client.request_airdrop(key.pubkey(), 100 * SOL)
    return key


async def _blockhash(client: AsyncClient) -> Hash:
    return (await client.get_latest_blockhash()).value.blockhash


async def test_a_transfer_moves_lamports_and_pays_the_fee(
    client: AsyncClient, payer: Keypair
) -> None:
    other = Keypair().pubkey()
    transaction = transfer_of(payer, other, SOL, await _blockhash(client))

    signature = (await client.send_transaction(transaction)).value

    assert signature == transaction.signatures[0]
    assert (await client.get_balance(other)).value == SOL
    assert (await client.get_balance(payer.pubkey())).value == 99 * SOL - 5_000


async def test_sending_the_same_bytes_again_is_refused_as_already_processed(
    client: AsyncClient, payer: Keypair
) -> None:
    transaction = transfer_of(payer, Keypair().pubkey(), SOL, await _blockhash(client))
    await client.send_transaction(transaction)

    with pytest.raises(RPCException, match="already been processed"):
        await client.send_transaction(transaction)
    await client.send_transaction(transaction, TxOpts(skip_preflight=True))

    assert (await client.get_balance(payer.pubkey())).value == 99 * SOL - 5_000


async def test_a_blockhash_is_valid_for_150_slots_and_not_for_one_more(tmp_path: Path) -> None:
    async with chain(tmp_path, slot_ms=10**9) as running, AsyncClient(running.url) as client:
        bank, payer = running.bank, Keypair()
        bank.airdrop(payer.pubkey(), 10 * SOL)
        reply = (await client.get_latest_blockhash(Processed)).value
        on_time, late = (
            transfer_of(payer, Keypair().pubkey(), SOL, reply.blockhash) for _ in range(2)
        )

        bank.enter(reply.last_valid_block_height)
        await client.send_transaction(on_time)
        bank.enter(reply.last_valid_block_height + 1)
        with pytest.raises(RPCException, match="Blockhash not found"):
            await client.send_transaction(late)

        assert reply.last_valid_block_height == 1_150


async def test_a_failing_transaction_is_refused_with_logs_and_charged_only_when_forced(
    client: AsyncClient, payer: Keypair
) -> None:
    transaction = transfer_of(payer, Keypair().pubkey(), 10**6 * SOL, await _blockhash(client))

    with pytest.raises(RPCException) as refusal:
        await client.send_transaction(transaction)
    found = refusal.value.args[0]
    assert found.message.endswith("Error processing Instruction 0: custom program error: 0x1")
    assert any("insufficient lamports" in line for line in found.data.logs)
    assert (await client.get_balance(payer.pubkey())).value == 100 * SOL

    await client.send_transaction(transaction, TxOpts(skip_preflight=True))
    assert (await client.get_balance(payer.pubkey())).value == 100 * SOL - 5_000
    status = (await client.get_signature_statuses([transaction.signatures[0]])).value[0]
    assert status is not None
    assert "InstructionError" in status.to_json()


async def test_a_forged_signature_is_refused(client: AsyncClient, payer: Keypair) -> None:
    honest = transfer_of(payer, Keypair().pubkey(), SOL, await _blockhash(client))
    thief = Keypair()
    forged = VersionedTransaction.populate(
        honest.message, [thief.sign_message(bytes(honest.message))]
    )

    with pytest.raises(RPCException, match="Transaction did not pass signature verification"):
        await client.send_transaction(forged)
    await client.send_transaction(forged, TxOpts(skip_preflight=True))

    assert (await client.get_balance(payer.pubkey())).value == 100 * SOL


async def test_a_priority_fee_is_charged_as_announced(client: AsyncClient, payer: Keypair) -> None:
    other = Keypair().pubkey()
    move = transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=other, lamports=SOL))
    instructions = [set_compute_unit_limit(100_000), set_compute_unit_price(1_000_000), move]
    blockhash = await _blockhash(client)
    message = MessageV0.try_compile(payer.pubkey(), instructions, [], blockhash)
    announced = (await client.get_fee_for_message(message)).value

    await client.send_transaction(VersionedTransaction(message, [payer]))

    assert announced == 105_000
    assert (await client.get_balance(payer.pubkey())).value == 99 * SOL - announced


async def test_each_commitment_sees_the_transfer_when_its_slot_gets_there(tmp_path: Path) -> None:
    async with chain(tmp_path, slot_ms=10**9) as running, AsyncClient(running.url) as client:
        bank, payer, other = running.bank, Keypair(), Keypair().pubkey()
        bank.airdrop(payer.pubkey(), 10 * SOL)
        transaction = transfer_of(payer, other, SOL, bank.clock.blockhash(bank.slot))
        await client.send_transaction(transaction, TxOpts(preflight_commitment=Processed))
        seen = {}
        for slots_later in (0, 1, 31, 32):
            bank.enter(1_000 + slots_later)
            levels = (Processed, Confirmed, Finalized)
            balances = [(await client.get_balance(other, level)).value for level in levels]
            status = (await client.get_signature_statuses([transaction.signatures[0]])).value[0]
            assert status is not None
            seen[slots_later] = (*balances, status.confirmations)

    assert seen == {
        0: (SOL, 0, 0, 0),
        1: (SOL, SOL, 0, 1),
        31: (SOL, SOL, 0, 31),
        32: (SOL, SOL, SOL, None),
    }


async def test_history_pages_newest_first_between_before_and_until(
    running: RunningChain, client: AsyncClient, payer: Keypair
) -> None:
    other, sent = Keypair().pubkey(), []
    for lamports in range(1, 6):
        transaction = transfer_of(payer, other, SOL + lamports, await _blockhash(client))
        sent.append((await client.send_transaction(transaction)).value)
    await slots_pass(running.bank, 2)

    whole = (await client.get_signatures_for_address(other, commitment=Confirmed)).value
    page = (
        await client.get_signatures_for_address(
            other, before=sent[4], until=sent[1], limit=10, commitment=Confirmed
        )
    ).value
    one = (await client.get_signatures_for_address(other, limit=1, commitment=Confirmed)).value

    assert [row.signature for row in whole] == sent[::-1]
    assert [row.signature for row in page] == [sent[3], sent[2]]
    assert [row.signature for row in one] == [sent[4]]


async def test_tokens_are_found_by_owner_mint_filter_and_slice(
    client: AsyncClient, payer: Keypair
) -> None:
    mint, holder = Keypair(), Keypair().pubkey()
    await _make_token(client, payer, mint, holder, units=1_234_567)
    account = associated_token_account(holder, mint.pubkey())

    balance = (await client.get_token_account_balance(account)).value
    owned = (
        await client.get_token_accounts_by_owner_json_parsed(
            holder, TokenAccountOpts(mint=mint.pubkey())
        )
    ).value
    filters: list[int | MemcmpOpts] = [165, MemcmpOpts(offset=32, bytes=str(holder))]
    sliced = (
        await client.get_program_accounts(
            TOKEN_PROGRAM,
            encoding="base64",
            data_slice=DataSliceOpts(offset=64, length=8),
            filters=filters,
        )
    ).value

    assert balance.ui_amount_string == "1.234567"
    assert [row.pubkey for row in owned] == [account]
    parsed = json.loads(owned[0].to_json())["account"]["data"]["parsed"]
    assert parsed["info"]["tokenAmount"]["amount"] == "1234567"
    assert [(row.pubkey, row.account.data) for row in sliced] == [
        (account, (1_234_567).to_bytes(8, "little"))
    ]


@pytest.mark.parametrize("encoding", ["base58", "base64", "base64+zstd"])
async def test_account_bytes_are_the_same_in_every_encoding(
    client: AsyncClient, payer: Keypair, encoding: str
) -> None:
    mint = Keypair()
    await _make_token(client, payer, mint, payer.pubkey(), units=7)

    account = (await client.get_account_info(mint.pubkey(), encoding=encoding)).value

    assert account is not None
    assert len(account.data) == 82
    assert account.data[36:45] == (7).to_bytes(8, "little") + b"\x06"


async def test_subscriptions_hear_logs_programs_signatures_and_slots(
    running: RunningChain, client: AsyncClient, payer: Keypair
) -> None:
    other = Keypair().pubkey()
    transaction = transfer_of(payer, other, SOL, await _blockhash(client))
    async with connect(running.ws_url) as socket:
        await socket.account_subscribe(other, commitment=Processed)
        await socket.signature_subscribe(transaction.signatures[0], commitment=Confirmed)
        await socket.program_subscribe(Pubkey.default(), commitment=Processed)
        for _ in range(3):
            await socket.recv()

        await client.send_transaction(transaction)
        heard: set[str] = set()
        async with asyncio.timeout(10):
            while len(heard) < 3:
                heard.update(type(each).__name__ for each in await socket.recv())

    assert heard == {"AccountNotification", "SignatureNotification", "ProgramNotification"}


async def test_a_signature_that_has_landed_is_notified_at_once(
    running: RunningChain, client: AsyncClient, payer: Keypair
) -> None:
    transaction = transfer_of(payer, Keypair().pubkey(), SOL, await _blockhash(client))
    await client.send_transaction(transaction)

    async with connect(running.ws_url) as socket, asyncio.timeout(5):
        await socket.signature_subscribe(transaction.signatures[0], commitment=Processed)
        first, second = await socket.recv(), await socket.recv()

    assert type(first[0]).__name__ == "SubscriptionResult"
    assert isinstance(second[0], SignatureNotification)
    assert second[0].result.value == RpcSignatureResponse(None)


async def _make_token(
    client: AsyncClient, payer: Keypair, mint: Keypair, holder: Pubkey, *, units: int
) -> None:
    rent = (await client.get_minimum_balance_for_rent_exemption(82)).value
    who, what = payer.pubkey(), mint.pubkey()
    instructions = [
        *tokens.create_mint(who, what, who, decimals=6, rent_lamports=rent),
        tokens.create_token_account(who, holder, what),
        tokens.mint_to(what, associated_token_account(holder, what), who, units),
    ]
    message = MessageV0.try_compile(who, instructions, [], await _blockhash(client))
    await client.send_transaction(VersionedTransaction(message, [payer, mint]))
