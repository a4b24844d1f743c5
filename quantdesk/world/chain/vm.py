"""The virtual machine: LiteSVM with its own checks of blockhash, signature and replay switched off.

The bank does those three as a cluster does, over a window of blocks; the machine only executes.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from solders.account import Account
from solders.clock import Clock
from solders.hash import Hash
from solders.litesvm import LiteSVM
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import (
    FailedTransactionMetadata,
    SimulatedTransactionInfo,
    TransactionMetadata,
)
from solders.transaction_status import TransactionErrorType

from quantdesk.world.chain.config import SLOTS_IN_EPOCH
from quantdesk.world.chain.fees import fee_of
from quantdesk.world.chain.ledger import LARGE_BYTES, RENT_EPOCH
from quantdesk.world.chain.loading import (
    UPGRADEABLE_LOADER,
    loaded_bytes,
    loading_error,
    may_pay,
)
from quantdesk.world.chain.nonces import advanced, holds, nonce_account

LOOKUP_TABLE_PROGRAM = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
NOTHING_RAN = TransactionMetadata.from_json(
    '{"signature":"' + "1" * 64 + '","logs":[],"inner_instructions":[],"compute_units_consumed":0,'
    '"return_data":{"program_id":[' + ",".join("0" * 32) + '],"data":[]},"fee":0}'
)
_LOOKUP_TABLE_HEADER = 56
_PROGRAM_DATA_HEADER = 45


class BadLookup(Exception):
    """A transaction names a lookup table or an entry that does not exist; `error` says which."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Every address of a transaction in index order, and which of them it may write."""

    addresses: tuple[Pubkey, ...]
    writable: tuple[bool, ...]
    static: int
    loaded_writable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What running a transaction did; `changed` is what the ledger has to remember."""

    keys: Keys
    error: TransactionErrorType | None
    meta: TransactionMetadata
    before: tuple[Account | None, ...]
    after: tuple[Account | None, ...]
    changed: tuple[tuple[Pubkey, Account | None, Account | None], ...]
    fee: int
    has_run: bool
    """False when the accounts could not be loaded: only the fee was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What a transaction would do."""

    keys: Keys
    error: TransactionErrorType | None
    meta: TransactionMetadata
    before: tuple[Account | None, ...]
    after: dict[Pubkey, Account]
    """What it would leave of the accounts it may write; empty when it fails."""
    fee: int | None
    """Lamports; None when the payer cannot pay, so that nothing is loaded."""
    has_run: bool


class Machine:
    """Holds the current accounts and runs transactions on them, one at a time."""

    def __init__(self) -> None:
        self._svm = (
            LiteSVM().with_blockhash_check(False).with_sigverify(False).with_transaction_history(0)
        )
        self._large: dict[Pubkey, Account] = {}

    def account(self, address: Pubkey) -> Account | None:
        """The account now; a closed one is None."""
        found = self._svm.get_account(address)
        if found is None or found.lamports == 0:
            return None
        known = self._large.get(address)
        if known == found:
            return known  # every look makes a copy; history keeps one of each state
        if known is not None or len(found.data) >= LARGE_BYTES:
            self._large[address] = found
        return found

    def set_account(self, address: Pubkey, account: Account) -> None:
        """Put an account in place without a transaction: genesis, reload, program deployment."""
        self._svm.set_account(address, account)

    def rent_minimum(self, space: int) -> int:
        """Lamports that keep an account of `space` bytes alive."""
        return self._svm.minimum_balance_for_rent_exemption(space)

    def set_time(self, slot: int, unix_s: int, recent: list[tuple[int, Hash]]) -> None:
        """Move the Clock and SlotHashes sysvars."""
        epoch = slot // SLOTS_IN_EPOCH
        self._svm.expire_blockhash()  # a durable nonce may advance once in each slot
        self._svm.warp_to_slot(slot)
        self._svm.set_clock(
            Clock(
                slot=slot,
                epoch_start_timestamp=unix_s,
                epoch=epoch,
                leader_schedule_epoch=epoch + 1,
                unix_timestamp=unix_s,
            )
        )
        self._svm.set_slot_hashes(recent)

    def program_accounts(
        self, program: Pubkey, binary: bytes, authority: Pubkey
    ) -> list[tuple[Pubkey, Account]]:
        """The two accounts of a program deployed under the upgradeable loader, data first."""
        where, _ = Pubkey.find_program_address([bytes(program)], UPGRADEABLE_LOADER)
        data = struct.pack("<IQB", 3, 0, 1) + bytes(authority) + binary
        head = struct.pack("<I", 2) + bytes(where)
        return [
            (where, self._owned_by_loader(data, executable=False)),
            (program, self._owned_by_loader(head, executable=True)),
        ]

    def keys_of(self, message: Message | MessageV0) -> Keys:
        """Static and looked-up addresses; raises BadLookup."""
        static = message.account_keys
        header, count = message.header, len(static)
        signers = header.num_required_signatures
        writable = [
            index < signers - header.num_readonly_signed_accounts
            or signers <= index < count - header.num_readonly_unsigned_accounts
            for index in range(count)
        ]
        read_write: list[Pubkey] = []
        read_only: list[Pubkey] = []
        lookups = message.address_table_lookups if isinstance(message, MessageV0) else []
        for lookup in lookups:
            table = self._table(lookup.account_key)
            read_write += [_entry(table, index) for index in lookup.writable_indexes]
            read_only += [_entry(table, index) for index in lookup.readonly_indexes]
        return Keys(
            addresses=(*static, *read_write, *read_only),
            writable=(*writable, *[True] * len(read_write), *[False] * len(read_only)),
            static=count,
            loaded_writable=len(read_write),
        )

    def execute(self, transaction: VersionedTransaction, keys: Keys) -> Execution:
        """Run a transaction for good; a failed one still pays its fee."""
        before, message = tuple(map(self.account, keys.addresses)), transaction.message
        error, fee = self._loading_error(message, before), fee_of(message)
        has_run = error is None
        meta = NOTHING_RAN
        if error is not None:
            self._charge(keys.addresses[0], before[0], fee)
        else:
            result = self._svm.send_transaction(transaction)
            if isinstance(result, FailedTransactionMetadata):
                error, meta = result.err(), result.meta()
            else:
                meta = result
            fee = meta.fee()
        after = tuple(
            self.account(address) if writable else old
            for address, writable, old in zip(keys.addresses, keys.writable, before, strict=True)
        )
        if error is not None and before != after:
            after = self._with_nonce_advanced(message, keys, after)
        return Execution(
            keys=keys,
            error=error,
            meta=meta,
            before=before,
            after=after,
            changed=tuple(
                (address, old, new)
                for address, old, new in zip(keys.addresses, before, after, strict=True)
                if old != new
            ),
            fee=fee,
            has_run=has_run,
        )

    def _loading_error(
        self, message: Message | MessageV0, accounts: Sequence[Account | None]
    ) -> TransactionErrorType | None:
        """What a cluster finds while loading; a payer that cannot pay is found first, elsewhere."""
        found = loading_error(message, accounts, self.account)
        return found if may_pay(accounts[0], fee_of(message), self.rent_minimum(0)) else None

    def _charge(self, where: Pubkey, payer: Account | None, fee: int) -> None:
        assert payer is not None
        left = payer.lamports - fee
        self.set_account(
            where, Account(left, payer.data, payer.owner, payer.executable, payer.rent_epoch)
        )

    def _with_nonce_advanced(
        self, message: Message | MessageV0, keys: Keys, after: tuple[Account | None, ...]
    ) -> tuple[Account | None, ...]:
        """A failed transaction that paid its fee has used up its nonce, too."""
        where = nonce_account(message)
        if where is None:
            return after
        at = keys.addresses.index(where)
        held = after[at]
        if held is None or not holds(held, message.recent_blockhash):
            return after
        following = advanced(held, self._svm.latest_blockhash())
        self._svm.set_account(where, following)
        return (*after[:at], following, *after[at + 1 :])

    def simulate(self, transaction: VersionedTransaction) -> Simulation:
        """Run a transaction and forget it; raises BadLookup."""
        message = transaction.message
        keys = self.keys_of(message)
        accounts, fee = tuple(map(self.account, keys.addresses)), fee_of(message)
        error = self._loading_error(message, accounts)
        meta, after, has_run = NOTHING_RAN, dict[Pubkey, Account](), False
        if error is None:
            result = self._svm.simulate_transaction(transaction)
            meta, has_run = result.meta(), True
            if isinstance(result, SimulatedTransactionInfo):
                after = dict(result.post_accounts())
            else:
                error = result.err()
        return Simulation(
            keys=keys,
            error=error,
            meta=meta,
            before=accounts,
            after=after,
            fee=fee if may_pay(accounts[0], fee, self.rent_minimum(0)) else None,
            has_run=has_run,
        )

    def loaded_bytes(self, accounts: Sequence[Account | None]) -> int:
        """What a limit on loaded data counts, programs' binaries included."""
        return sum(loaded_bytes(each, self.account) for each in accounts)

    def _owned_by_loader(self, data: bytes, *, executable: bool) -> Account:
        lamports = self.rent_minimum(len(data))
        return Account(lamports, data, UPGRADEABLE_LOADER, executable, RENT_EPOCH)

    def _table(self, address: Pubkey) -> bytes:
        account = self.account(address)
        if account is None:
            raise BadLookup("AddressLookupTableNotFound")
        if account.owner != LOOKUP_TABLE_PROGRAM:
            raise BadLookup("InvalidAddressLookupTableOwner")
        return account.data[_LOOKUP_TABLE_HEADER:]


def program_binary(program_data: Account | None) -> bytes | None:
    """The ELF inside a ProgramData account."""
    return None if program_data is None else program_data.data[_PROGRAM_DATA_HEADER:]


def _entry(table: bytes, index: int) -> Pubkey:
    found = table[index * 32 : index * 32 + 32]
    if len(found) != 32:
        raise BadLookup("InvalidAddressLookupTableIndex")
    return Pubkey.from_bytes(found)
