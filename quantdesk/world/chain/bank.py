"""The bank: slots, commitment, replay protection and the order in which transactions land.

What is acknowledged is durable: the ledger commits a transaction with the accounts it changed
before `land` returns. Reads at an older commitment see the accounts as they were at that slot.
"""

import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from solders.account import Account
from solders.compute_budget import set_compute_unit_limit
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from quantdesk.world.chain.config import BLOCKHASH_WINDOW, FIRST_SLOT, ChainConfig, ProgramFile
from quantdesk.world.chain.errors import error_json
from quantdesk.world.chain.json_types import Json
from quantdesk.world.chain.ledger import RENT_EPOCH, AccountQuery, Landed, Ledger, LedgerFailed
from quantdesk.world.chain.nonces import holds, nonce_account
from quantdesk.world.chain.slots import SlotClock
from quantdesk.world.chain.token_json import NATIVE_MINT, native_mint
from quantdesk.world.chain.transaction_json import pack_meta
from quantdesk.world.chain.undo import Undo
from quantdesk.world.chain.vm import BadLookup, Execution, Machine, program_binary

FAUCET_LAMPORTS = 500_000_000 * 10**9
_PRUNE_EVERY_SLOTS = 100
SKIP_MAX = 1_000_000
"""Slots: 4.6 days. The sum of many skips stays far inside every integer it is stored in."""
_AIRDROP_LIMITS = 1_000_000
_COMPUTE_BUDGET = Pubkey.from_string("ComputeBudget111111111111111111111111111111")
_MEMO_PROGRAMS = {
    Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"),
    Pubkey.from_string("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one landed transaction did, kept until its slot is final; for subscriptions."""

    slot: int
    signature: Signature
    err: Json
    logs: list[str]
    mentions: frozenset[Pubkey]
    changed: tuple[tuple[Pubkey, Account | None, Account | None], ...]


class Bank:
    """One chain, owned by one event loop."""

    def __init__(self, config: ChainConfig) -> None:
        self.config = config
        self.ledger = Ledger(config.database)
        self.machine = Machine()
        self.clock = SlotClock(
            genesis_ms=int(self._fact("genesis_ms", lambda: str(_now_ms()).encode())),
            slot_ms=config.slot_ms,
            seed=self._fact("seed", lambda: secrets.token_bytes(32)),
        )
        forks = self.ledger.fact("forks")
        if forks is not None:
            self.clock.fork(int.from_bytes(forks[:8], "little"), forks[8:])
        self._faucet = Keypair.from_bytes(self._fact("faucet", lambda: bytes(Keypair())))
        self._airdrops = secrets.randbelow(_AIRDROP_LIMITS)
        quiet = [
            (_COMPUTE_BUDGET, b""),
            *((Pubkey.from_string(q.program), q.prefix) for q in config.quiet),
        ]
        self._quiet = tuple(quiet)
        self.slot = FIRST_SLOT
        self.is_ready = False
        self.recent: deque[Effect] = deque()
        self.failure: LedgerFailed | None = None
        self._undo = Undo()
        self.on_landed: list[Callable[[Effect], None]] = []
        self.on_slot: list[Callable[[int], None]] = []
        self.on_fork: list[Callable[[list[Effect]], None]] = []
        self._reload()
        self.advance()

    def close(self) -> None:
        """Release the ledger."""
        self.ledger.close()

    @property
    def genesis_hash(self) -> Hash:
        """Names this chain; differs for every new home."""
        return self.clock.blockhash(0)

    def advance(self) -> None:
        """Move to the slot of the wall clock, never backwards; refuses once the ledger failed."""
        if self.failure is not None:
            raise self.failure
        slot = max(self.slot, self.clock.slot_at(_now_ms()))
        if slot == self.slot:
            return
        prune = slot // _PRUNE_EVERY_SLOTS > self.slot // _PRUNE_EVERY_SLOTS
        self.enter(slot)
        for listener in self.on_slot:
            listener(slot)
        self._finalize(self.slot_of("finalized"))
        if prune:
            self.ledger.prune(
                quiet_before=slot - self.config.quiet_history_slots,
                keep=self.config.history_limit,
            )

    def enter(self, slot: int) -> None:
        """Make `slot` the current one; it must not be earlier than the last."""
        self.slot = slot
        self.clock.remember_window(slot)
        self.machine.set_time(slot, _now_ms() // 1000, self.clock.recent(slot))

    def slot_of(self, commitment: str) -> int:
        """The newest slot that has reached the commitment."""
        if commitment == "processed":
            return self.slot
        is_confirmed, config = commitment == "confirmed", self.config
        return self.slot - (config.confirmed_slots if is_confirmed else config.finalized_slots)

    def last_valid_height(self, blockhash_slot: int) -> int:
        """The last block in which a transaction with that slot's hash may land."""
        return blockhash_slot + BLOCKHASH_WINDOW

    def account(self, address: Pubkey, commitment: str = "processed") -> Account | None:
        """The account as it was at the end of the newest slot of that commitment."""
        newest = self.slot_of(commitment)
        if self._undo.changed_after(newest, address):
            return self._undo.at(newest, address)
        return self.machine.account(address)

    def program_accounts(self, query: AccountQuery, commitment: str) -> dict[Pubkey, Account]:
        """Accounts of a program at a commitment."""
        found = self.ledger.find_accounts(query)
        for address, then in self._undo.all_at(self.slot_of(commitment)):
            found.pop(address, None)
            if then is not None and query.accepts(then):
                found[address] = then
        return found

    def refusal(
        self, transaction: VersionedTransaction, commitment: str = "processed"
    ) -> str | None:
        """Why the chain would not even run this: accounts, replay, blockhash; None when it would.

        A blockhash younger than the commitment's slot is not known yet. Raises BadLookup.
        """
        addresses = self.machine.keys_of(transaction.message).addresses
        if len(set(addresses)) < len(addresses):
            return "AccountLoadedTwice"
        if self.ledger.status(bytes(transaction.signatures[0])) is not None:
            return "AlreadyProcessed"
        known = self.knows_blockhash(transaction.message, commitment)
        return None if known else "BlockhashNotFound"

    def knows_blockhash(self, message: Message | MessageV0, commitment: str = "processed") -> bool:
        """Whether a message's hash is one of the window or the one that its nonce stores.

        The window ends with the newest slot of the commitment.
        """
        slot = self.clock.slot_of(message.recent_blockhash)
        if slot is not None and self.slot - BLOCKHASH_WINDOW <= slot <= self.slot_of(commitment):
            return True
        nonce = nonce_account(message)
        return nonce is not None and holds(self.machine.account(nonce), message.recent_blockhash)

    def land(self, transaction: VersionedTransaction, raw: bytes) -> Json:
        """Execute and record; the error in JSON form, None for success.

        A transaction that cannot pay its fee or be loaded leaves no trace, as on a cluster.
        """
        self.advance()
        try:
            refusal = self.refusal(transaction)
            keys = self.machine.keys_of(transaction.message)
        except BadLookup as problem:
            return problem.error
        if refusal is not None:
            return refusal
        execution = self.machine.execute(transaction, keys)
        err = error_json(execution.error)
        if err is not None and not execution.changed:
            return err
        try:
            self._record(transaction, raw, execution, err)
        except LedgerFailed as problem:
            self.failure = problem
            raise
        return err

    def fork(self, slots: int) -> None:
        """Abandon the newest `slots` slots: their transactions and blockhashes never were.

        Raises ValueError when one of them is final.
        """
        kept = self.slot - slots
        if slots < 0:
            raise ValueError(f"a fork takes slots back; expected 0 or more, found {slots}")
        if kept < self.slot_of("finalized"):
            raise ValueError(f"slot {kept} is final; at most {self.config.finalized_slots} go back")
        accounts, undone = list(self._undo.all_at(kept)), self.effects_after(kept)
        salt = secrets.token_bytes(8)
        self.clock.fork(kept, salt)
        self.ledger.take_back(kept, accounts, kept.to_bytes(8, "little") + salt)
        for address, account in accounts:
            gone = Account(0, b"", SYSTEM_PROGRAM, False, RENT_EPOCH)
            self.machine.set_account(address, account or gone)
        self._undo.cut(kept)
        self.recent = deque(each for each in self.recent if each.slot <= kept)
        self.enter(self.slot)
        for listener in self.on_fork:
            listener(undone)

    def effects_after(self, slot: int) -> list[Effect]:
        """What landed after a slot, oldest first; nothing that is final already."""
        return [each for each in self.recent if each.slot > slot]

    def skip(self, slots: int) -> None:
        """Let slots pass at once, so that what is signed expires; raises ValueError."""
        if not 0 <= slots <= SKIP_MAX:
            raise ValueError(f"{slots} slots cannot pass at once; at most {SKIP_MAX}")
        genesis_ms = self.clock.skip(slots)
        self.ledger.set_fact("genesis_ms", str(genesis_ms).encode())
        self.advance()

    def airdrop(self, address: Pubkey, lamports: int) -> Signature:
        """Send test lamports by an ordinary transaction."""
        self.advance()
        self._airdrops += 1
        unique = 400 + self._airdrops % _AIRDROP_LIMITS  # two equal transfers would be one
        move = TransferParams(
            from_pubkey=self._faucet.pubkey(), to_pubkey=address, lamports=lamports
        )
        message = Message.new_with_blockhash(
            [set_compute_unit_limit(unique), transfer(move)],
            self._faucet.pubkey(),
            self.clock.blockhash(self.slot),
        )
        transaction = VersionedTransaction(message, [self._faucet])
        self.land(transaction, bytes(transaction))
        return transaction.signatures[0]

    def deploy(self, program: ProgramFile) -> bool:
        """Put a program's binary in place when it is not the one deployed; True if it changed."""
        address, binary = Pubkey.from_string(program.address), program.binary.read_bytes()
        authority = Pubkey.from_string(program.upgrade_authority)
        parts = self.machine.program_accounts(address, binary, authority)
        if program_binary(self.machine.account(parts[0][0])) == binary:
            return False
        for where, account in parts:
            self.machine.set_account(where, account)
        self.ledger.commit(None, (), parts)
        return True

    def _fact(self, key: str, make: Callable[[], bytes]) -> bytes:
        known = self.ledger.fact(key)
        if known is None:
            known = make()
            self.ledger.set_fact(key, known)
        return known

    def _reload(self) -> None:
        programs = []
        for address, account in self.ledger.accounts():
            if account.executable:
                programs.append((address, account))
            else:
                self.machine.set_account(address, account)
        for address, account in programs:  # after their ProgramData, which they are read through
            self.machine.set_account(address, account)
        first = {
            self._faucet.pubkey(): Account(FAUCET_LAMPORTS, b"", SYSTEM_PROGRAM, False, RENT_EPOCH),
            NATIVE_MINT: native_mint(),
        }
        for address, account in first.items():
            if self.machine.account(address) is None:
                self.machine.set_account(address, account)
                self.ledger.commit(None, (), [(address, account)])
        self.enter(max(FIRST_SLOT, self.ledger.newest_slot()))

    def _record(
        self, transaction: VersionedTransaction, raw: bytes, execution: Execution, err: Json
    ) -> None:
        signature = transaction.signatures[0]
        landed = Landed(
            slot=self.slot,
            signature=bytes(signature),
            block_time=self.clock.start_of(self.slot) // 1000,
            quiet=self._is_quiet(transaction),
            err=None if err is None else orjson.dumps(err).decode(),
            memo=_memo(transaction),
            message=raw,
            meta=pack_meta(execution, self.machine.account),
        )
        changed = [(address, after) for address, _, after in execution.changed]
        self.ledger.commit(landed, execution.keys.addresses, changed)
        effect = Effect(
            slot=self.slot,
            signature=signature,
            err=err,
            logs=execution.meta.logs(),
            mentions=frozenset(execution.keys.addresses),
            changed=execution.changed,
        )
        self.recent.append(effect)
        self._undo.remember(self.slot, execution.changed)
        for listener in self.on_landed:
            listener(effect)

    def _finalize(self, final: int) -> None:
        while self.recent and self.recent[0].slot <= final:
            self._undo.finalize(final, self.recent.popleft().changed)

    def _is_quiet(self, transaction: VersionedTransaction) -> bool:
        keys = transaction.message.account_keys
        return all(
            any(
                keys[each.program_id_index] == program and bytes(each.data).startswith(prefix)
                for program, prefix in self._quiet
            )
            for each in transaction.message.instructions
        )


def _memo(transaction: VersionedTransaction) -> str | None:
    keys, found = transaction.message.account_keys, []
    for each in transaction.message.instructions:
        if each.program_id_index < len(keys) and keys[each.program_id_index] in _MEMO_PROGRAMS:
            text = bytes(each.data).decode("utf-8", "replace")
            found.append(f"[{len(bytes(each.data))}] {text}")
    return "; ".join(found) or None


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
