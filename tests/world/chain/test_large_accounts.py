"""Accounts as large as programs: patched in the ledger where they changed, never written anew."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.transaction import VersionedTransaction

from quantdesk.adapters.chain import loader
from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.config import ChainConfig
from tests.world.chain.chains import SOL

SIZE = 300_001


def _bank(home: Path) -> Bank:
    return Bank(ChainConfig(home=home, rpc_port=1))


def _send(bank: Bank, steps: Sequence[Instruction], *keys: Keypair) -> None:
    recent = bank.clock.blockhash(bank.slot)
    wire = sign(build_message(keys[0].pubkey(), steps, recent), keys)
    assert bank.land(VersionedTransaction.from_bytes(wire), wire) is None


def test_a_buffer_written_here_and_there_is_the_same_after_a_restart(tmp_path: Path) -> None:
    bank, payer, buffer = _bank(tmp_path), Keypair(), Keypair()
    bank.airdrop(payer.pubkey(), 100 * SOL)
    rent = bank.machine.rent_minimum(loader.BUFFER_HEADER + SIZE)
    owner = payer.pubkey()
    made = loader.create_buffer(owner, buffer.pubkey(), owner, size=SIZE, rent_lamports=rent)
    _send(bank, made, payer, buffer)
    source, expected = random.Random(3), bytearray(SIZE)  # noqa: S311 - a draw

    for offset in (
        0,
        SIZE - 700,
        16_384 - 30,
        65_536,
        *(source.randrange(SIZE - 700) for _ in range(9)),
    ):
        run = source.randbytes(700)
        expected[offset : offset + 700] = run
        _send(bank, [loader.write(buffer.pubkey(), owner, offset, run)], payer)
    bank.close()

    again = _bank(tmp_path)
    found = again.account(buffer.pubkey())
    assert found is not None
    assert loader.read_buffer(found.data) == (owner, bytes(expected))
    assert found.lamports == rent
    again.close()


def test_a_fork_takes_a_large_account_back_to_what_it_was(tmp_path: Path) -> None:
    bank, payer, buffer = _bank(tmp_path), Keypair(), Keypair()
    bank.airdrop(payer.pubkey(), 100 * SOL)
    rent = bank.machine.rent_minimum(loader.BUFFER_HEADER + SIZE)
    owner = payer.pubkey()
    made = loader.create_buffer(owner, buffer.pubkey(), owner, size=SIZE, rent_lamports=rent)
    _send(bank, made, payer, buffer)
    bank.enter(bank.slot + 1)
    _send(bank, [loader.write(buffer.pubkey(), owner, 100_000, b"later")], payer)

    bank.fork(1)

    found = bank.account(buffer.pubkey())
    assert found is not None
    assert not any(loader.read_buffer(found.data)[1])
    bank.close()

    again = _bank(tmp_path)
    kept = again.account(buffer.pubkey())
    assert kept is not None
    assert not any(loader.read_buffer(kept.data)[1])
    again.close()
