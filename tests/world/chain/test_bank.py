"""The bank's own laws: what is lost, what is quiet, what a slot sees."""

from pathlib import Path

from solders.keypair import Keypair
from solders.system_program import ID as SYSTEM_PROGRAM

from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.config import ChainConfig, QuietInstruction
from quantdesk.world.chain.faults import Faults
from quantdesk.world.chain.ledger import AccountQuery
from quantdesk.world.chain.server import running
from tests.world.chain.chains import SOL, free_port_pair, transfer_of


def _bank(home: Path, **changes: object) -> Bank:
    return Bank(ChainConfig(home=home, rpc_port=1, slot_ms=10**9, **changes))  # type: ignore[arg-type]


async def test_a_lost_transaction_is_acknowledged_unknown_and_still_valid(tmp_path: Path) -> None:
    fates = iter([True, False])
    faults = Faults(lose_transaction=lambda _raw: next(fates))
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
