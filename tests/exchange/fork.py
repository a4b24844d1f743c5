"""Fork: the program's chain with a memory: what was sent, what may have changed, and a way back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from solders.account import Account
from solders.compute_budget import set_compute_unit_limit
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import TransactionMetadata

from quantdesk.adapters.chain.addresses import price_update
from quantdesk.domain.oracle import PriceReading
from tests.domain.onchain import UNIT_LIMIT, Failed, Landed
from tests.domain.vaultstep import NativeChain

HISTORY = 64
"""Transactions whose signatures the chain remembers."""

BUDGET = set_compute_unit_limit(UNIT_LIMIT)
GONE = Account(0, b"", Pubkey.default())


@dataclass(frozen=True, slots=True)
class Saved:
    """Every account that anything had written, and the clock."""

    accounts: Mapping[Pubkey, Account]
    now: int
    slot: int


class Fork(NativeChain):
    """A chain that can go back, and send what it sent again.

    While `signing`, signatures are checked and remembered, as on a cluster; else they cost nothing.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        """Deploys, then remembers from there on."""
        self.first: dict[Pubkey, Account] = {}
        self.signers: tuple[Keypair, ...] = ()
        self.last: VersionedTransaction | None = None
        self.writable: frozenset[Pubkey] = frozenset()
        super().__init__(*args, **named)
        self.payer = self.admin
        self.first.clear()

    def run(self, *instructions: Instruction, payer: Pubkey) -> Landed | Failed:
        """Executes one transaction."""
        message = MessageV0.try_compile(payer, [BUDGET, *instructions], [], self._blockhash)
        if self.signers:
            self.last = VersionedTransaction(message, self.signers)
        else:
            count = message.header.num_required_signatures
            self.last = VersionedTransaction.populate(message, [Signature.default()] * count)
        self.payer = payer
        keys = message.account_keys
        self.writable = frozenset(
            key for number, key in enumerate(keys) if message.is_maybe_writable(number)
        )
        for at in self.writable - self.first.keys():
            self._remember(at)
        return self._send(self.last)

    @contextmanager
    def signing(self, *signers: Keypair) -> Iterator[None]:
        """Meanwhile every transaction is signed, verified, and refused the second time."""
        self.signers = signers
        self.svm = self.svm.with_sigverify(True).with_transaction_history(HISTORY)
        yield
        self.signers = ()
        self.svm = self.svm.with_sigverify(False).with_transaction_history(0)

    def send_again(self) -> Landed | Failed:
        """The transaction sent last, to the byte."""
        assert self.last is not None
        return self._send(self.last)

    def bytes_of(self, at: Pubkey) -> bytes | None:
        """An account's data, or None when it is not there."""
        account = self.svm.get_account(at)
        return None if account is None or account.lamports == 0 else account.data

    def save(self) -> Saved:
        """All that anything wrote so far."""
        clock = self.svm.get_clock()
        accounts = {at: self.svm.get_account(at) or GONE for at in self.first}
        return Saved(accounts, clock.unix_timestamp, clock.slot)

    def load(self, saved: Saved) -> None:
        """Goes back; what was written since is as it was when it was first touched."""
        for at, first in self.first.items():
            self.svm.set_account(at, saved.accounts.get(at, first))
        self.set_time(saved.now, slot=saved.slot)

    def _publish(self, feed: bytes, reading: PriceReading, *, slot: int) -> None:
        at = price_update(feed)
        if at not in self.first:
            self._remember(at)
        super()._publish(feed, reading, slot=slot)

    def _remember(self, at: Pubkey) -> None:
        self.first[at] = self.svm.get_account(at) or GONE

    def _send(self, transaction: VersionedTransaction) -> Landed | Failed:
        result = self.svm.send_transaction(transaction)
        if isinstance(result, TransactionMetadata):
            return Landed(self.program.events(result.logs()))
        return Failed(self._error_name(result))


class WatchedFork(Fork):
    """The same, where an oracle watches USDC."""

    watches_usdc = True
