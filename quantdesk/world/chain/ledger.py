"""The chain's memory: accounts, transactions and genesis facts in one SQLite file.

A transaction and every account it changed are one commit, made before anybody is answered.
WAL without a sync per commit survives the death of the process, which is what a local chain needs.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from solders.account import Account
from solders.pubkey import Pubkey
from solders.signature import Signature

from quantdesk.world.chain.token_json import is_token_account

RENT_EPOCH = 2**64 - 1
LARGE_BYTES = 64 << 10
"""From this size on an account is patched where it changed instead of written anew."""
PAGE_BYTES = 16 << 10
DATA_BYTES_MAX = 10 << 20
"""No account is larger."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (
    address BLOB PRIMARY KEY, lamports INTEGER NOT NULL, owner BLOB NOT NULL,
    executable INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS accounts_by_owner ON accounts (owner);
CREATE TABLE IF NOT EXISTS transactions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, slot INTEGER NOT NULL, signature BLOB NOT NULL UNIQUE,
    block_time INTEGER NOT NULL, quiet INTEGER NOT NULL, err TEXT, memo TEXT,
    message BLOB NOT NULL, meta BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS transactions_by_slot ON transactions (slot);
CREATE INDEX IF NOT EXISTS quiet_by_slot ON transactions (slot) WHERE quiet;
CREATE TABLE IF NOT EXISTS mentions (
    address BLOB NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (address, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mentions_by_transaction ON mentions (id);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """A transaction in a block; `err` and `meta` are JSON text, `meta` compressed."""

    slot: int
    signature: bytes
    block_time: int
    quiet: bool
    err: str | None
    memo: str | None
    message: bytes
    meta: bytes
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountQuery:
    """Which accounts of a program: data length, byte runs at offsets, only token accounts."""

    owner: Pubkey
    data_sizes: frozenset[int] = frozenset()
    """Every one of them is asked for; of two that differ nothing is left."""
    matches: tuple[tuple[int, bytes], ...] = ()
    holds_tokens: bool = False

    @property
    def is_possible(self) -> bool:
        """Whether an account can be so large."""
        numbers = [*self.data_sizes, *(offset for offset, _ in self.matches)]
        return len(self.data_sizes) < 2 and max(numbers, default=0) <= DATA_BYTES_MAX

    def accepts(self, account: Account | None) -> bool:
        """Whether this account belongs to the answer."""
        if account is None or account.owner != self.owner:
            return False
        data = account.data
        return (
            all(len(data) == size for size in self.data_sizes)
            and all(data[offset : offset + len(run)] == run for offset, run in self.matches)
            and (not self.holds_tokens or is_token_account(data))
        )


class LedgerFailed(Exception):
    """Something executed could not be made durable; the chain must stop, not answer."""


class Ledger:
    """Opens or creates the file; every method is synchronous and short."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db = sqlite3.connect(path, isolation_level=None)
        path.chmod(0o600)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA cache_size = -4000")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Fold the log into the file and let go of it."""
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.close()

    def fact(self, key: str) -> bytes | None:
        """A genesis fact, None before it was written."""
        row = self._db.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def set_fact(self, key: str, value: bytes) -> None:
        """Write a genesis fact."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, value))

    def commit(
        self,
        landed: Landed | None,
        mentions: Iterable[Pubkey],
        changed: Iterable[tuple[Pubkey, Account | None]],
    ) -> None:
        """Make a transaction and its account changes durable together."""
        with self._together():
            for address, account in changed:
                self._write_account(address, account)
            if landed is not None:
                self._write_transaction(landed, mentions)

    def take_back(
        self, slot: int, accounts: Iterable[tuple[Pubkey, Account | None]], forks: bytes
    ) -> None:
        """Forget every transaction after `slot`, restore accounts, and note the fork."""
        later = "SELECT id FROM transactions WHERE slot > ?"
        with self._together():
            self._db.execute(f"DELETE FROM mentions WHERE id IN ({later})", (slot,))  # noqa: S608
            self._db.execute("DELETE FROM transactions WHERE slot > ?", (slot,))
            for address, account in accounts:
                self._write_account(address, account)
            self.set_fact("forks", forks)

    def accounts(self) -> Iterator[tuple[Pubkey, Account]]:
        """Every stored account."""
        rows = self._db.execute("SELECT address, lamports, owner, executable, data FROM accounts")
        return (_account(row) for row in rows)

    def find_accounts(self, query: AccountQuery) -> dict[Pubkey, Account]:
        """The newest accounts that fit the query."""
        if not query.is_possible:
            return {}
        text = "SELECT address, lamports, owner, executable, data FROM accounts WHERE owner = ?"
        arguments: list[bytes | int] = [bytes(query.owner)]
        for size in query.data_sizes:
            text += " AND length(data) = ?"
            arguments.append(size)
        for offset, run in query.matches:
            text += " AND substr(data, ?, ?) = ?"
            arguments += [offset + 1, len(run), run]
        rows = map(_account, self._db.execute(text, arguments))
        if query.holds_tokens:
            return {where: each for where, each in rows if is_token_account(each.data)}
        return dict(rows)

    def transaction(self, signature: Signature) -> Landed | None:
        """One transaction with all it said."""
        rows = self._landed("signature = ?", (bytes(signature),))
        return rows[0] if rows else None

    def block(self, slot: int) -> list[Landed]:
        """The transactions of a slot in order."""
        return self._landed("slot = ? ORDER BY id", (slot,))

    def status(self, signature: bytes) -> tuple[int, str | None] | None:
        """Slot and error text of a landed transaction."""
        row: tuple[int, str | None] | None = self._db.execute(
            "SELECT slot, err FROM transactions WHERE signature = ?", (signature,)
        ).fetchone()
        return row

    def transaction_id(self, signature: Signature) -> int | None:
        """The transaction's place in the history."""
        row = self._db.execute(
            "SELECT id FROM transactions WHERE signature = ?", (bytes(signature),)
        ).fetchone()
        return None if row is None else int(row[0])

    def mentions(
        self, address: Pubkey, *, ids: tuple[int, int], slot_max: int, limit: int
    ) -> list[tuple[bytes, int, str | None, str | None, int]]:
        """(signature, slot, err, memo, block time), newest first, ids strictly inside the pair."""
        return self._db.execute(
            "SELECT t.signature, t.slot, t.err, t.memo, t.block_time FROM mentions m"
            " JOIN transactions t ON t.id = m.id WHERE m.address = ? AND m.id > ? AND m.id < ?"
            " AND t.slot <= ? ORDER BY m.id DESC LIMIT ?",
            (bytes(address), *ids, slot_max, limit),
        ).fetchall()

    def count(self) -> int:
        """Transactions ever landed."""
        row = self._db.execute("SELECT COALESCE(MAX(id), 0) FROM transactions").fetchone()
        return int(row[0])

    def newest_slot(self) -> int:
        """The last slot in which a transaction landed, 0 before the first."""
        row = self._db.execute("SELECT COALESCE(MAX(slot), 0) FROM transactions").fetchone()
        return int(row[0])

    def prune(self, *, quiet_before: int, keep: int, batch: int = 2_000) -> int:
        """Forget quiet transactions of slots before one, and all but the newest `keep` ids."""
        rows: list[tuple[int]] = self._db.execute(
            "SELECT id FROM transactions WHERE quiet AND slot < ? ORDER BY slot LIMIT ?",
            (quiet_before, batch),
        ).fetchall()
        rows += self._db.execute(
            "SELECT id FROM transactions WHERE id <= ? AND slot < ? LIMIT ?",
            (self.count() - keep, quiet_before, batch),
        ).fetchall()
        with self._together():
            self._db.executemany("DELETE FROM mentions WHERE id = ?", rows)
            self._db.executemany("DELETE FROM transactions WHERE id = ?", rows)
        return len(rows)

    @contextlib.contextmanager
    def _together(self) -> Iterator[None]:
        """One commit for everything inside; raises LedgerFailed when it is not durable."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error as problem:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise LedgerFailed(f"the ledger cannot be written: {problem}") from problem

    def _write_account(self, address: Pubkey, account: Account | None) -> None:
        if account is None:
            self._db.execute("DELETE FROM accounts WHERE address = ?", (bytes(address),))
            return
        data = account.data
        if len(data) >= LARGE_BYTES and self._has_patched(address, account, data):
            return
        self._db.execute(
            "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?)",
            (
                bytes(address),
                account.lamports,
                bytes(account.owner),
                account.executable,
                data,
            ),
        )

    def _has_patched(self, address: Pubkey, account: Account, data: bytes) -> bool:
        """Write only the changed pages of a large account, such as a program on its way."""
        row = self._db.execute(
            "SELECT rowid, lamports, owner, executable, length(data) FROM accounts"
            " WHERE address = ?",
            (bytes(address),),
        ).fetchone()
        same = (account.lamports, bytes(account.owner), int(account.executable), len(data))
        if row is None or tuple(row[1:]) != same:
            return False
        with self._db.blobopen("accounts", "data", row[0]) as blob:
            stored = blob.read()
            for start in range(0, len(data), PAGE_BYTES):
                page = data[start : start + PAGE_BYTES]
                if stored[start : start + PAGE_BYTES] != page:
                    blob.seek(start)
                    blob.write(page)
        return True

    def _write_transaction(self, landed: Landed, mentions: Iterable[Pubkey]) -> None:
        cursor = self._db.execute(
            "INSERT INTO transactions"
            " (slot, signature, block_time, quiet, err, memo, message, meta)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                landed.slot,
                landed.signature,
                landed.block_time,
                landed.quiet,
                landed.err,
                landed.memo,
                landed.message,
                landed.meta,
            ),
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO mentions VALUES (?, ?)",
            [(bytes(address), cursor.lastrowid) for address in mentions],
        )

    def _landed(self, where: str, arguments: tuple[bytes | int, ...]) -> list[Landed]:
        rows = self._db.execute(
            "SELECT slot, signature, block_time, quiet, err, memo, message, meta, id"  # noqa: S608
            f" FROM transactions WHERE {where}",
            arguments,
        )
        names = Landed.__slots__
        return [Landed(**dict(zip(names, row, strict=True))) for row in rows]


def _account(row: tuple[bytes, int, bytes, int, bytes]) -> tuple[Pubkey, Account]:
    address, lamports, owner, executable, data = row
    account = Account(lamports, data, Pubkey.from_bytes(owner), bool(executable), RENT_EPOCH)
    return Pubkey.from_bytes(address), account
