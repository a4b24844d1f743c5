"""The bank's own laws: what is lost, what is quiet, what a slot sees."""

import asyncio
from pathlib import Path

import pytest
from solders.keypair import Keypair
from solders.system_program import ID as SYSTEM_PROGRAM

from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.config import ChainConfig, QuietInstruction
from quantdesk.world.chain.faults import Faults
from quantdesk.world.chain.ledger import AccountQuery, LedgerFailed
from quantdesk.world.chain.server import running
from tests.world.chain.chains import SOL, free_port_pair, transfer_of


def _bank(home: Path, **changes: object) -> Bank:
    return Bank(ChainConfig(home=home, rpc_port=1, slot_ms=10**9, **changes))  # type: ignore[arg-type]


async def test_a_lost_transaction_is_acknowledged_unknown_and_still_valid(tmp_path: Path) -> None:
    faults = Faults(lose_transactions=1)
    port = free_port_pair()
    config = ChainConfig(home=tmp_path, rpc_port=port, faults=faults)
    async with running(config) as bank:
        rpc, payer = RpcClient.of([f"http://127.0.0.1:{port}"]), Keypair()
        bank.airdrop(payer.pubkey(), 10 * SOL)
        transaction = transfer_of(payer, Keypair().pubkey(), SOL, bank.clock.blockhash(bank.slot))

        signature = await rpc.send(bytes(transaction))
        assert await rpc.statuses([signature]) == [None]
        assert await rpc.send(bytes(transaction)) == signature
        (state,) = await rpc.statuses([signature])

        assert state is not None
        assert state.err is None
        await rpc.close()


def test_only_transactions_made_of_quiet_instructions_are_forgotten_early(tmp_path: Path) -> None:
    transfer_tag = (2).to_bytes(4, "little")
    quiet = QuietInstruction(program=str(SYSTEM_PROGRAM), prefix=transfer_tag)
    for prefixes, forgotten in (((quiet,), 1), ((), 0)):
        bank = _bank(tmp_path / str(forgotten), quiet=prefixes)
        bank.airdrop(Keypair().pubkey(), SOL)

        assert bank.ledger.prune(quiet_before=bank.slot + 1, keep=10) == forgotten
        bank.close()


def test_program_accounts_at_an_older_commitment_are_those_of_that_slot(tmp_path: Path) -> None:
    bank, holder, query = _bank(tmp_path), Keypair(), AccountQuery(owner=SYSTEM_PROGRAM)
    bank.airdrop(holder.pubkey(), SOL)
    first = bank.slot
    bank.enter(first + 1)
    bank.airdrop(holder.pubkey(), SOL)

    def lamports(level: str) -> int | None:
        found = bank.program_accounts(query, level).get(holder.pubkey())
        one = bank.account(holder.pubkey(), level)
        assert (found is None) == (one is None)
        return None if found is None else found.lamports

    assert [lamports(level) for level in ("processed", "confirmed", "finalized")] == [
        2 * SOL,
        SOL,
        None,
    ]
    bank.close()


def test_an_emptied_account_is_gone_after_a_restart_too(tmp_path: Path) -> None:
    bank, payer = _bank(tmp_path), Keypair()
    bank.airdrop(payer.pubkey(), SOL)
    everything = transfer_of(
        payer, Keypair().pubkey(), SOL - 5_000, bank.clock.blockhash(bank.slot)
    )
    assert bank.land(everything, bytes(everything)) is None
    assert bank.account(payer.pubkey()) is None
    bank.close()

    again = _bank(tmp_path)
    assert again.account(payer.pubkey()) is None
    again.close()


async def test_a_landed_transaction_whose_reply_was_lost_is_found_by_its_signature(
    tmp_path: Path,
) -> None:
    faults, port = Faults(), free_port_pair()
    async with running(ChainConfig(home=tmp_path, rpc_port=port, faults=faults)) as bank:
        rpc, payer, other = RpcClient.of([f"http://127.0.0.1:{port}"]), Keypair(), Keypair()
        bank.airdrop(payer.pubkey(), 10 * SOL)
        hash_now = bank.clock.blockhash(bank.slot)
        wire = bytes(transfer_of(payer, other.pubkey(), SOL, hash_now))

        faults.drop_replies = 1
        signature = await rpc.send(wire)
        faults.refuse_requests, faults.refuse_status = 2, 503
        (state,) = await rpc.statuses([signature])

        assert state is not None
        moved = bank.account(other.pubkey())
        assert moved is not None
        assert moved.lamports == SOL
        await rpc.close()


def test_a_fork_takes_back_what_was_not_final_and_its_blockhashes(tmp_path: Path) -> None:
    bank, payer, other = _bank(tmp_path), Keypair(), Keypair().pubkey()
    bank.airdrop(payer.pubkey(), 10 * SOL)
    bank.enter(bank.slot + 5)
    kept_hash, lost_slot = bank.clock.blockhash(bank.slot - 5), bank.slot
    lost_hash = bank.clock.blockhash(lost_slot)
    doomed = transfer_of(payer, other, SOL, kept_hash)
    assert bank.land(doomed, bytes(doomed)) is None

    bank.fork(3)

    assert bank.account(other) is None
    assert bank.ledger.status(bytes(doomed.signatures[0])) is None
    assert bank.clock.blockhash(lost_slot) != lost_hash
    stranger = transfer_of(payer, other, 2 * SOL, lost_hash)
    assert bank.land(stranger, bytes(stranger)) == "BlockhashNotFound"
    new_hash = bank.clock.blockhash(lost_slot)
    bank.close()

    again = _bank(tmp_path)
    again.enter(lost_slot)
    assert again.account(other) is None
    assert again.clock.blockhash(lost_slot) == new_hash
    assert again.land(doomed, bytes(doomed)) is None, "the same bytes may land on the new branch"
    again.close()


def test_final_slots_cannot_be_taken_back(tmp_path: Path) -> None:
    bank = _bank(tmp_path)

    with pytest.raises(ValueError, match="is final"):
        bank.fork(33)
    bank.close()


def test_skipped_slots_expire_what_was_signed(tmp_path: Path) -> None:
    bank, payer = _bank(tmp_path), Keypair()
    bank.airdrop(payer.pubkey(), 10 * SOL)
    signed = transfer_of(payer, Keypair().pubkey(), SOL, bank.clock.blockhash(bank.slot))

    bank.skip(151)

    assert bank.land(signed, bytes(signed)) == "BlockhashNotFound"
    assert bank.slot == 1_151
    bank.close()


async def test_a_ledger_that_cannot_be_written_stops_the_chain_instead_of_lying(
    tmp_path: Path,
) -> None:
    payer, answers = Keypair(), list[str]()

    with pytest.raises(ExceptionGroup) as stopped:
        await _send_with_a_broken_ledger(tmp_path, payer, answers)

    assert stopped.group_contains(LedgerFailed)
    assert answers == []
    again = _bank(tmp_path)
    left = again.account(payer.pubkey())
    assert left is not None
    assert left.lamports == 10 * SOL
    again.close()


async def _send_with_a_broken_ledger(home: Path, payer: Keypair, answers: list[str]) -> None:
    port = free_port_pair()
    async with running(ChainConfig(home=home, rpc_port=port, slot_ms=50)) as bank:
        rpc = RpcClient.of([f"http://127.0.0.1:{port}"])
        bank.airdrop(payer.pubkey(), 10 * SOL)
        hash_now = bank.clock.blockhash(bank.slot)
        transaction = transfer_of(payer, Keypair().pubkey(), SOL, hash_now)
        bank.ledger._db.execute("PRAGMA query_only = ON")
        try:
            answers.append(await rpc.send(bytes(transaction)))
            await asyncio.sleep(30)
        finally:
            await rpc.close()
