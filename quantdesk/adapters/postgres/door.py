"""Nonces, sessions and users: the tables that decide who comes in."""

from __future__ import annotations

from quantdesk.adapters.postgres.database import SERVICE, Database
from quantdesk.adapters.postgres.times import milliseconds, timestamp
from quantdesk.services.ports import Nonce, Session, User

FORGET = """
delete from sign_in_nonces where nonce in (
  select nonce from sign_in_nonces where expires_at < %s - interval '1 day' limit 20
)
"""
FORGET_SESSIONS = """
delete from sessions where token_hash in (
  select token_hash from sessions where expires_at < %s - interval '30 days' limit 20
)
"""
CONSUME = """
update sign_in_nonces set used_at = %(now)s
where nonce = %(nonce)s and used_at is null and expires_at > %(now)s
returning nonce, wallet_address, browser_hash, message, issued_at, expires_at
"""
FIND_SESSION = """
select s.expires_at, u.id, u.wallet_address, u.role::text as role
from sessions s join users u on u.id = s.user_id
where s.token_hash = %(hash)s and s.revoked_at is null and s.expires_at > %(now)s
"""
CREATE_USER = """
insert into users (wallet_address) values (%(address)s)
on conflict (wallet_address) do update set wallet_address = excluded.wallet_address
returning id, wallet_address, role::text as role
"""


class PostgresNonces:
    """Sign-in messages; a nonce leaves use in the one statement that finds it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remember(self, nonce: Nonce) -> None:
        """Store a message before it is handed out; old ones leave as new ones come."""
        async with self._database.transaction(SERVICE) as connection:
            await connection.execute(FORGET, [timestamp(nonce.issued_at_ms)])
            await connection.execute(
                "insert into sign_in_nonces (nonce, wallet_address, browser_hash, message,"
                " issued_at, expires_at) values (%s, %s, %s, %s, %s, %s)",
                [
                    nonce.nonce,
                    nonce.wallet_address,
                    nonce.browser_hash,
                    nonce.message,
                    timestamp(nonce.issued_at_ms),
                    timestamp(nonce.expires_at_ms),
                ],
            )

    async def consume(self, nonce: str, *, now_ms: int) -> Nonce | None:
        """Take the nonce out of use and return it; None when unknown, used or expired."""
        async with self._database.transaction(SERVICE) as connection:
            found = await connection.execute(CONSUME, {"nonce": nonce, "now": timestamp(now_ms)})
            row = await found.fetchone()
        if row is None:
            return None
        return Nonce(
            nonce=row["nonce"],
            wallet_address=row["wallet_address"],
            browser_hash=bytes(row["browser_hash"]),
            message=row["message"],
            issued_at_ms=milliseconds(row["issued_at"]),
            expires_at_ms=milliseconds(row["expires_at"]),
        )


class PostgresSessions:
    """Live sessions by the hash of their token."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, session: Session, *, now_ms: int, user_agent: str) -> None:
        """Start a session; those long over leave as new ones come."""
        async with self._database.transaction(SERVICE) as connection:
            await connection.execute(FORGET_SESSIONS, [timestamp(now_ms)])
            await connection.execute(
                "insert into sessions (token_hash, user_id, created_at, expires_at, user_agent)"
                " values (%s, %s, %s, %s, %s)",
                [
                    session.token_hash,
                    session.user.id,
                    timestamp(now_ms),
                    timestamp(session.expires_at_ms),
                    user_agent.replace("\0", "")[:400],
                ],
            )

    async def find(self, token_hash: bytes, *, now_ms: int) -> Session | None:
        """The live session with this token hash; None when unknown, expired or revoked."""
        async with self._database.transaction(SERVICE) as connection:
            found = await connection.execute(
                FIND_SESSION, {"hash": token_hash, "now": timestamp(now_ms)}
            )
            row = await found.fetchone()
        if row is None:
            return None
        return Session(
            token_hash=token_hash,
            user=User(id=row["id"], wallet_address=row["wallet_address"], role=row["role"]),
            expires_at_ms=milliseconds(row["expires_at"]),
        )

    async def revoke(self, token_hash: bytes, *, now_ms: int) -> None:
        """End a session; ending it twice is harmless."""
        async with self._database.transaction(SERVICE) as connection:
            await connection.execute(
                "update sessions set revoked_at = %s where token_hash = %s and revoked_at is null",
                [timestamp(now_ms), token_hash],
            )


class PostgresUsers:
    """Wallets that have proven their key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_or_create(self, wallet_address: str) -> User:
        """The user of a wallet; also claims the accounts that were indexed before it came."""
        async with self._database.transaction(SERVICE) as connection:
            found = await connection.execute(CREATE_USER, {"address": wallet_address})
            row = await found.fetchone()
            assert row is not None, "an upsert returns its row"
            await connection.execute(
                "update accounts set user_id = %s where owner = %s and user_id is null",
                [row["id"], wallet_address],
            )
        return User(id=row["id"], wallet_address=row["wallet_address"], role=row["role"])
