"""Ports: what the use cases need from the outside world, in the product's own words.

Adapters translate vendor types and errors at their edge; nothing here names a vendor. Money is an
integer with its unit in the name, times are milliseconds since 1970 UTC, addresses are base58.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from quantdesk.domain.position import Position
from quantdesk.services.actions import (
    Action,
    Intent,
    IntentState,
    TransactionStatus,
    UnsignedTransaction,
)
from quantdesk.services.exchange_state import AccountSnapshot, ExchangeState, WalletState


class PortError(Exception):
    """The world failed, not the request; the message is safe to show."""


class ExchangeUnavailable(PortError):
    """No chain node answered in time; nothing is known about what it did."""


class MarksUnavailable(PortError):
    """The price store did not answer."""


class DatabaseUnavailable(PortError):
    """The database did not answer or refused the connection."""


class LimitsUnavailable(PortError):
    """The rate limiter did not answer; callers that can move money must refuse."""


class TransactionRefused(PortError):
    """A node examined the transaction and will not run it; `reason` is in words."""

    def __init__(self, reason: str, *, code: str = "REFUSED") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A wallet that has signed in at least once."""

    id: UUID
    wallet_address: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Nonce:
    """A sign-in message handed out, and the browser that asked for it."""

    nonce: str
    wallet_address: str
    browser_hash: bytes
    message: str
    issued_at_ms: int
    expires_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A live session; only the hash of its token is ever stored."""

    token_hash: bytes
    user: User
    expires_at_ms: int


class Clock(Protocol):
    """Wall time."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        ...


class Randomness(Protocol):
    """Unguessable bytes."""

    def secret(self, length: int) -> bytes:
        """`length` bytes that nobody can predict."""
        ...


class Nonces(Protocol):
    """Sign-in messages waiting for their signature, each usable once."""

    async def remember(self, nonce: Nonce) -> None:
        """Store a message before it is handed out."""
        ...

    async def consume(self, nonce: str, *, now_ms: int) -> Nonce | None:
        """Take the nonce out of use and return it; None when unknown, used or expired."""
        ...


class Sessions(Protocol):
    """Who is signed in."""

    async def open(self, session: Session, *, now_ms: int, user_agent: str) -> None:
        """Start a session."""
        ...

    async def find(self, token_hash: bytes, *, now_ms: int) -> Session | None:
        """The live session with this token hash; None when unknown, expired or revoked."""
        ...

    async def revoke(self, token_hash: bytes, *, now_ms: int) -> None:
        """End a session; ending it twice is harmless."""
        ...


class Users(Protocol):
    """Wallets known to the product."""

    async def find_or_create(self, wallet_address: str) -> User:
        """The user of a wallet that has just proven its key."""
        ...


class Intents(Protocol):
    """The log of what was asked; every write is committed before the call returns."""

    async def record(self, intent: Intent) -> bool:
        """Insert a prepared intent as its user; False when its client order id is already live."""
        ...

    async def find(self, user_id: UUID, intent_id: UUID) -> Intent | None:
        """An intent of this user, nobody else's."""
        ...

    async def mark_signed(
        self, intent: Intent, *, signature: str, signed_transaction: bytes
    ) -> bool:
        """Move prepared -> signed; False when the intent had already left `prepared`."""
        ...

    async def mark(
        self,
        intent_id: UUID,
        state: IntentState,
        *,
        expected: Sequence[IntentState],
        error: Mapping[str, object] | None = None,
    ) -> bool:
        """Move to `state` if the intent is in one of `expected`; False when it was not."""
        ...


class Exchange(Protocol):
    """The program on chain: its state as of `confirmed`, and the bytes that would change it."""

    async def state(self) -> ExchangeState:
        """Every market and the pool; may be a second old."""
        ...

    async def account(self, owner: str, sub_account_id: int = 0) -> AccountSnapshot | None:
        """A user account with its positions and open orders; None when it does not exist."""
        ...

    async def wallet(self, owner: str) -> WalletState:
        """What the wallet itself holds."""
        ...

    async def build(
        self, owner: str, action: Action, *, sub_account_id: int = 0
    ) -> UnsignedTransaction:
        """The transaction for an action, with a fresh blockhash and the owner as fee payer."""
        ...


class Transactions(Protocol):
    """Sending bytes and learning what became of them."""

    async def send(self, signed_transaction: bytes) -> None:
        """Hand the bytes to a node. Raises TransactionRefused or ExchangeUnavailable."""
        ...

    async def statuses(
        self, signatures: Sequence[str], *, search_history: bool = True
    ) -> list[TransactionStatus | None]:
        """The status of each signature, None where the chain has not seen it.

        Without `search_history` only the last few minutes are looked at, which costs a node less.
        """
        ...

    async def block_height(self) -> int:
        """The chain's confirmed block height."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FaucetGrant:
    """Test funds that were sent."""

    lamports: int
    usdc_e6: int
    signatures: tuple[str, ...]


class Faucet(Protocol):
    """Test funds on development chains only."""

    async def grant(self, owner: str) -> FaucetGrant:
        """Send SOL for fees and test USDC to a wallet; returns when both are confirmed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The newest oracle price of a market."""

    market: str
    price_e6: int
    conf_e6: int
    publish_ms: int
    received_ms: int


class Marks(Protocol):
    """The newest prices, from the hot store."""

    async def latest(self, market: str) -> Mark | None:
        """The newest mark; None when none was ever received. Raises MarksUnavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """One bar to show; prices in millionths of a US dollar, volume in base units."""

    open_ms: int
    open_e6: int
    high_e6: int
    low_e6: int
    close_e6: int
    volume: float = 0.0


class MarketHistory(Protocol):
    """Candles, for everybody."""

    async def candles(
        self, market_index: int, *, resolution_s: int, limit: int, before_ms: int
    ) -> list[Candle]:
        """At most `limit` candles that open before `before_ms`, oldest first."""
        ...


Row = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Sums over an account's recorded history beside the balance recorded with it.

    Millionths of a US dollar, all read at one moment; costs are positive when they were paid.
    """

    usdc_e6: int = 0
    claims_e6: int = 0
    deposits_e6: int = 0
    withdrawals_e6: int = 0
    realized_pnl_e6: int = 0
    funding_e6: int = 0
    fees_e6: int = 0
    penalties_e6: int = 0
    insurance_cover_e6: int = 0
    rewards_e6: int = 0
    conversions_e6: int = 0
    trade_count: int = 0
    volume_e6: int = 0
    positions: tuple[Position, ...] = ()

    @property
    def explained_usdc_e6(self) -> int:
        """The balance that the recorded history leads to."""
        gains = self.deposits_e6 + self.realized_pnl_e6 + self.insurance_cover_e6
        gains += self.rewards_e6 + self.conversions_e6
        costs = self.withdrawals_e6 + self.funding_e6 + self.fees_e6 + self.penalties_e6
        return gains - costs - self.claims_e6


class AccountMirror(Protocol):
    """What the indexer recorded of one user's accounts; read as that user, under row security."""

    async def orders(self, user_id: UUID, *, status: str | None, limit: int) -> list[Row]:
        """Orders, newest first."""
        ...

    async def trades(self, user_id: UUID, *, limit: int) -> list[Row]:
        """Fills, newest first."""
        ...

    async def transfers(self, user_id: UUID, *, limit: int) -> list[Row]:
        """Deposits and withdrawals, newest first."""
        ...

    async def positions(self, user_id: UUID) -> list[Row]:
        """Open positions as last indexed."""
        ...

    async def flows(self, user_id: UUID) -> Flows:
        """The sums that explain the account's equity."""
        ...

    async def intents(self, user_id: UUID, *, limit: int) -> list[Row]:
        """What was asked lately, newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `burst` at once, refilled evenly over `period_ms`."""

    name: str
    burst: int
    period_ms: int


class RateLimits(Protocol):
    """Counts that every process shares."""

    async def take(self, limit: Limit, key: str) -> int:
        """Take one; 0 when allowed, else milliseconds to wait. Raises LimitsUnavailable."""
        ...


class Readiness(Protocol):
    """Whether the parts that a request needs are answering."""

    async def check(self) -> Mapping[str, str]:
        """Part -> "ok" or what is wrong, for every part."""
        ...
