"""In-memory twins of the door's ports, with the same promises."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from quantdesk.services.actions import Intent, IntentKind, IntentState
from quantdesk.services.ports import Limit, LimitsUnavailable, Nonce, Session, User

FINAL = {IntentState.REJECTED, IntentState.EXPIRED}


@dataclass
class FakeClock:
    """A clock that moves when told."""

    at_ms: int = 1_790_000_000_000

    def now_ms(self) -> int:
        return self.at_ms

    def advance(self, milliseconds: int) -> None:
        self.at_ms += milliseconds


@dataclass
class FakeRandomness:
    """Distinct bytes, the same in every run."""

    drawn: int = 0

    def secret(self, length: int) -> bytes:
        self.drawn += 1
        seed = hashlib.sha512(self.drawn.to_bytes(8, "big")).digest()
        return (seed * (length // len(seed) + 1))[:length]


@dataclass
class MemoryNonces:
    """Nonces in a dict; taking one out is a single step."""

    stored: dict[str, Nonce] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    async def remember(self, nonce: Nonce) -> None:
        assert nonce.nonce not in self.stored
        self.stored[nonce.nonce] = nonce

    async def consume(self, nonce: str, *, now_ms: int) -> Nonce | None:
        found = self.stored.get(nonce)
        if found is None or nonce in self.used or found.expires_at_ms <= now_ms:
            return None
        self.used.add(nonce)
        return found


@dataclass
class MemorySessions:
    """Sessions by token hash."""

    stored: dict[bytes, Session] = field(default_factory=dict)
    revoked: set[bytes] = field(default_factory=set)

    async def open(self, session: Session, *, now_ms: int, user_agent: str) -> None:
        assert session.token_hash not in self.stored
        self.stored[session.token_hash] = session

    async def find(self, token_hash: bytes, *, now_ms: int) -> Session | None:
        found = self.stored.get(token_hash)
        if found is None or token_hash in self.revoked or found.expires_at_ms <= now_ms:
            return None
        return found

    async def revoke(self, token_hash: bytes, *, now_ms: int) -> None:
        self.revoked.add(token_hash)


@dataclass
class MemoryUsers:
    """Users by wallet."""

    stored: dict[str, User] = field(default_factory=dict)

    async def find_or_create(self, wallet_address: str) -> User:
        if wallet_address not in self.stored:
            user = User(id=uuid.uuid4(), wallet_address=wallet_address, role="trader")
            self.stored[wallet_address] = user
        return self.stored[wallet_address]


@dataclass
class MemoryIntents:
    """Intents by id, with the same conditional moves as the tables."""

    stored: dict[UUID, Intent] = field(default_factory=dict)

    async def record(self, intent: Intent) -> bool:
        if intent.kind is IntentKind.PLACE_ORDER and self._is_taken(intent):
            return False
        self.stored[intent.id] = intent
        return True

    async def find(self, user_id: UUID, intent_id: UUID) -> Intent | None:
        found = self.stored.get(intent_id)
        return found if found is not None and found.user_id == user_id else None

    async def mark_signed(
        self, intent: Intent, *, signature: str, signed_transaction: bytes
    ) -> bool:
        found = self.stored[intent.id]
        if found.state is not IntentState.PREPARED:
            return False
        self.stored[intent.id] = replace(
            found,
            state=IntentState.SIGNED,
            signature=signature,
            signed_transaction=signed_transaction,
        )
        return True

    async def mark(
        self,
        intent_id: UUID,
        state: IntentState,
        *,
        expected: Sequence[IntentState],
        error: Mapping[str, object] | None = None,
    ) -> bool:
        found = self.stored.get(intent_id)
        if found is None or found.state not in expected:
            return False
        self.stored[intent_id] = replace(found, state=state, error=error or found.error)
        return True

    def _is_taken(self, intent: Intent) -> bool:
        return any(
            other.kind is IntentKind.PLACE_ORDER
            and other.account == intent.account
            and other.client_order_id == intent.client_order_id
            and other.state not in FINAL
            for other in self.stored.values()
        )


@dataclass
class MemoryRateLimits:
    """The same arithmetic as the script, on a clock of its own; can be switched off."""

    clock: FakeClock
    due: dict[str, float] = field(default_factory=dict)
    is_down: bool = False

    async def take(self, limit: Limit, key: str) -> int:
        if self.is_down:
            raise LimitsUnavailable("the limiter does not answer")
        interval = limit.period_ms / limit.burst
        now = float(self.clock.now_ms())
        due = max(self.due.get(f"{limit.name}:{key}", now), now) + interval
        if due - now > interval * limit.burst:
            return max(1, int(due - now - interval * limit.burst))
        self.due[f"{limit.name}:{key}"] = due
        return 0
