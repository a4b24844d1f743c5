"""Dependencies: the bundle of ports that a process hands to every use case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from quantdesk.services.ports import (
    AccountMirror,
    Clock,
    Exchange,
    Faucet,
    Intents,
    MarketHistory,
    Marks,
    Nonces,
    Randomness,
    RateLimits,
    Readiness,
    Sessions,
    Transactions,
    Users,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where this product runs and which chain it talks to; all of it may be shown to anyone."""

    origin: str
    environment: str
    chain_id: str
    feed_url: str
    program_id: str
    usdc_mint: str
    scene: str
    trusted_proxies: int = 0

    @property
    def is_production(self) -> bool:
        """Whether real money may be behind this process."""
        return self.environment == "production"

    @property
    def domain(self) -> str:
        """Host and port that people see in their browser, as a sign-in message names it."""
        return urlsplit(self.origin).netloc


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """One instance of every port; built by wiring, or from fakes by a test."""

    place: Place
    clock: Clock
    randomness: Randomness
    nonces: Nonces
    sessions: Sessions
    users: Users
    intents: Intents
    mirror: AccountMirror
    history: MarketHistory
    marks: Marks
    exchange: Exchange
    transactions: Transactions
    faucet: Faucet | None
    limits: RateLimits
    readiness: Readiness
    close: Callable[[], Awaitable[None]]


def session_cookie_name(place: Place) -> str:
    """The session cookie; in production a name that browsers accept over TLS only."""
    return "__Host-qd_session" if place.is_production else "qd_session"


def browser_cookie_name(place: Place) -> str:
    """The cookie that ties a sign-in message to the browser that asked for it."""
    return "__Host-qd_browser" if place.is_production else "qd_browser"
