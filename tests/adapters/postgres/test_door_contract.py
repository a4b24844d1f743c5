"""One promise per test, kept by the tables and by the in-memory twins alike."""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from dataclasses import dataclass, replace
from typing import Any

import pytest

from quantdesk.adapters.postgres.database import Database
from quantdesk.adapters.postgres.door import PostgresNonces, PostgresSessions, PostgresUsers
from quantdesk.adapters.postgres.intents import PostgresIntents
from quantdesk.services.actions import Intent, IntentKind, IntentState
from quantdesk.services.ports import Intents, Nonce, Nonces, Session, Sessions, User, Users
from tests.fakes.door import MemoryIntents, MemoryNonces, MemorySessions, MemoryUsers
from tests.fakes.wallet import Wallet

NOW_MS = int(time.time()) * 1000
LIFE_MS = 300_000


@dataclass
class Door:
    """The four ports of one side."""

    nonces: Nonces
    sessions: Sessions
    users: Users
    intents: Intents


@pytest.fixture(params=["memory", "postgres"])
def door(request: pytest.FixtureRequest, database: Database) -> Door:
    if request.param == "memory":
        return Door(MemoryNonces(), MemorySessions(), MemoryUsers(), MemoryIntents())
    return Door(
        PostgresNonces(database),
        PostgresSessions(database),
        PostgresUsers(database),
        PostgresIntents(database),
    )


def fresh_wallet() -> str:
    return Wallet.named(str(uuid.uuid4())).address


def a_nonce() -> Nonce:
    return Nonce(
        nonce=uuid.uuid4().hex,
        wallet_address=fresh_wallet(),
        browser_hash=hashlib.sha256(b"browser").digest(),
        message="please sign — ünïcode stays",
        issued_at_ms=NOW_MS,
        expires_at_ms=NOW_MS + LIFE_MS,
    )


def an_intent(user: User, **changes: Any) -> Intent:
    plain = Intent(
        id=uuid.uuid4(),
        user_id=user.id,
        account=user.wallet_address,
        kind=IntentKind.DEPOSIT,
        request={"amount_e6": 2**60},
        message_bytes=b"\x80message",
        last_valid_block_height=100,
    )
    return replace(plain, **changes)


async def test_a_nonce_comes_back_exactly_as_it_was_stored(door: Door) -> None:
    nonce = a_nonce()
    await door.nonces.remember(nonce)

    assert await door.nonces.consume(nonce.nonce, now_ms=NOW_MS) == nonce


async def test_a_nonce_can_be_taken_once(door: Door) -> None:
    nonce = a_nonce()
    await door.nonces.remember(nonce)
    await door.nonces.consume(nonce.nonce, now_ms=NOW_MS)

    assert await door.nonces.consume(nonce.nonce, now_ms=NOW_MS) is None


async def test_of_a_hundred_takers_at_once_one_gets_the_nonce(door: Door) -> None:
    nonce = a_nonce()
    await door.nonces.remember(nonce)

    takers = [door.nonces.consume(nonce.nonce, now_ms=NOW_MS) for _ in range(100)]
    found = await asyncio.gather(*takers)

    assert sum(each is not None for each in found) == 1


@pytest.mark.parametrize(("late_ms", "is_there"), [(LIFE_MS - 1, True), (LIFE_MS, False)])
async def test_a_nonce_lives_until_it_expires(door: Door, late_ms: int, is_there: bool) -> None:
    nonce = a_nonce()
    await door.nonces.remember(nonce)

    found = await door.nonces.consume(nonce.nonce, now_ms=NOW_MS + late_ms)

    assert (found is not None) is is_there


async def test_an_unknown_nonce_is_nothing(door: Door) -> None:
    assert await door.nonces.consume(uuid.uuid4().hex, now_ms=NOW_MS) is None


async def test_a_wallet_is_one_user_however_often_it_comes(door: Door) -> None:
    wallet = fresh_wallet()

    found = await asyncio.gather(*(door.users.find_or_create(wallet) for _ in range(20)))

    assert len({user.id for user in found}) == 1
    assert found[0].wallet_address == wallet
    assert found[0].role == "trader"


async def test_a_session_is_found_by_its_hash_until_it_expires(door: Door) -> None:
    user = await door.users.find_or_create(fresh_wallet())
    token_hash = hashlib.sha256(uuid.uuid4().bytes).digest()
    session = Session(token_hash=token_hash, user=user, expires_at_ms=NOW_MS + 1_000)
    await door.sessions.open(session, now_ms=NOW_MS, user_agent="a" * 1_000)

    assert await door.sessions.find(token_hash, now_ms=NOW_MS + 999) == session
    assert await door.sessions.find(token_hash, now_ms=NOW_MS + 1_000) is None


async def test_a_revoked_session_is_gone_and_can_be_revoked_again(door: Door) -> None:
    user = await door.users.find_or_create(fresh_wallet())
    token_hash = hashlib.sha256(uuid.uuid4().bytes).digest()
    session = Session(token_hash=token_hash, user=user, expires_at_ms=NOW_MS + 1_000)
    await door.sessions.open(session, now_ms=NOW_MS, user_agent="")

    await door.sessions.revoke(token_hash, now_ms=NOW_MS)
    await door.sessions.revoke(token_hash, now_ms=NOW_MS)

    assert await door.sessions.find(token_hash, now_ms=NOW_MS) is None


async def test_an_intent_is_found_by_its_user_and_nobody_else(door: Door) -> None:
    alice = await door.users.find_or_create(fresh_wallet())
    mallory = await door.users.find_or_create(fresh_wallet())
    intent = an_intent(alice)

    assert await door.intents.record(intent)

    found = await door.intents.find(alice.id, intent.id)
    assert found is not None
    assert replace(found, created_at_ms=0) == intent
    assert await door.intents.find(mallory.id, intent.id) is None


async def test_an_intent_is_signed_once(door: Door) -> None:
    user = await door.users.find_or_create(fresh_wallet())
    intent = an_intent(user)
    await door.intents.record(intent)
    signatures = [f"signature-{uuid.uuid4()}" for _ in range(20)]

    moves = [
        door.intents.mark_signed(intent, signature=signature, signed_transaction=b"\x01")
        for signature in signatures
    ]
    won = await asyncio.gather(*moves)

    assert sum(won) == 1
    found = await door.intents.find(user.id, intent.id)
    assert found is not None
    assert found.state is IntentState.SIGNED
    assert found.signature == signatures[won.index(True)]
    assert found.signed_transaction == b"\x01"


async def test_a_state_moves_only_from_one_that_was_expected(door: Door) -> None:
    user = await door.users.find_or_create(fresh_wallet())
    intent = an_intent(user)
    await door.intents.record(intent)
    expired = IntentState.EXPIRED

    assert not await door.intents.mark(intent.id, expired, expected=[IntentState.SENT])
    error = {"code": "X", "message": "why"}
    assert await door.intents.mark(intent.id, expired, expected=[IntentState.PREPARED], error=error)
    assert not await door.intents.mark(intent.id, expired, expected=[IntentState.PREPARED])
    found = await door.intents.find(user.id, intent.id)
    assert found is not None
    assert (found.state, found.error) == (expired, error)


async def test_a_client_order_id_is_free_again_only_when_its_order_cannot_land(door: Door) -> None:
    user = await door.users.find_or_create(fresh_wallet())
    changes = {"kind": IntentKind.PLACE_ORDER, "client_order_id": 2**64 - 1}
    first = an_intent(user, **changes)

    assert await door.intents.record(first)
    assert not await door.intents.record(an_intent(user, **changes))
    await door.intents.mark(first.id, IntentState.EXPIRED, expected=[IntentState.PREPARED])
    assert await door.intents.record(an_intent(user, **changes))
