"""The bare virtual machine: the same transactions without a node, a ledger or a network around."""

from __future__ import annotations

import time
from collections.abc import Sequence

from solders.account import Account
from solders.clock import Clock
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata

from quantdesk.adapters.chain.addresses import UPGRADEABLE_LOADER
from quantdesk.adapters.chain.loader import program_data
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.adapters.rpc.types import AccountData
from quantdesk.services.actions import Commitment

_IS_PROGRAM = (2).to_bytes(4, "little")
_RENT_EPOCH = 2**64 - 1


class BareMachine:
    """Holds what the transactions touch, as the chain has it now; checks signatures."""

    def __init__(self, svm: LiteSVM, transactions: Sequence[VersionedTransaction]) -> None:
        self._svm = svm
        self._transactions = transactions

    @classmethod
    async def before(cls, node: RpcClient, wires: Sequence[bytes]) -> BareMachine:
        """A machine in the state in which the chain is before these transactions."""
        transactions = [VersionedTransaction.from_bytes(wire) for wire in wires]
        keys = {key for each in transactions for key in each.message.account_keys}
        keys |= set(map(program_data, keys))
        found = await node.accounts(sorted(keys, key=bytes), Commitment.PROCESSED)
        svm = LiteSVM().with_blockhash_check(False).with_transaction_history(0)
        there = [each for each in found if each is not None]
        for account in sorted(there, key=_is_program):  # a program is read through its data
            known = svm.get_account(account.address)
            if known is None or not known.executable:
                svm.set_account(account.address, _made(account))
        slot, now_s = await node.slot(Commitment.PROCESSED), int(time.time())
        svm.warp_to_slot(slot)
        svm.set_clock(
            Clock(
                slot=slot,
                epoch_start_timestamp=now_s,
                epoch=0,
                leader_schedule_epoch=1,
                unix_timestamp=now_s,
            )
        )
        return cls(svm, transactions)

    def run(self) -> float:
        """Seconds for all of them; raises when one fails."""
        started_s = time.perf_counter()
        results = list(map(self._svm.send_transaction, self._transactions))
        took_s = time.perf_counter() - started_s
        for each in results:
            if isinstance(each, FailedTransactionMetadata):
                raise ArithmeticError(
                    f"the bare machine refused: {each.err()} {each.meta().logs()}"
                )
        return took_s


def _is_program(account: AccountData) -> bool:
    return account.owner == UPGRADEABLE_LOADER and account.data[:4] == _IS_PROGRAM


def _made(account: AccountData) -> Account:
    owner: Pubkey = account.owner
    return Account(account.lamports, account.data, owner, _is_program(account), _RENT_EPOCH)
