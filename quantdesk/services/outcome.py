"""Outcomes: every reason a use case may say no, each with one stable code.

A refusal is an answer, not a fault: it is returned, and its message says what was expected, what
was found and what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a request was not carried out; the value is the code that clients see."""

    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    RATE_LIMITED = "RATE_LIMITED"

    SIGN_IN_ADDRESS = "SIGN_IN_ADDRESS"
    SIGN_IN_MESSAGE = "SIGN_IN_MESSAGE"
    SIGN_IN_NONCE = "SIGN_IN_NONCE"
    SIGN_IN_SIGNATURE = "SIGN_IN_SIGNATURE"

    UNKNOWN_MARKET = "UNKNOWN_MARKET"
    MARKET_PAUSED = "MARKET_PAUSED"
    PRICE_MISSING = "PRICE_MISSING"
    PRICE_STALE = "PRICE_STALE"
    PRICE_WIDE = "PRICE_WIDE"
    OFF_TICK = "OFF_TICK"
    OFF_LOT = "OFF_LOT"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    SLIPPAGE = "SLIPPAGE"
    NO_ACCOUNT = "NO_ACCOUNT"
    NO_POSITION = "NO_POSITION"
    REDUCE_ONLY_WOULD_GROW = "REDUCE_ONLY_WOULD_GROW"
    INSUFFICIENT_COLLATERAL = "INSUFFICIENT_COLLATERAL"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    OPEN_INTEREST_CAP = "OPEN_INTEREST_CAP"
    POOL_RESERVE = "POOL_RESERVE"
    DEPOSIT_CAP = "DEPOSIT_CAP"
    OUTFLOW_CAP = "OUTFLOW_CAP"
    TOO_MANY_MARKETS = "TOO_MANY_MARKETS"
    TOO_MANY_ORDERS = "TOO_MANY_ORDERS"
    DUPLICATE_ORDER = "DUPLICATE_ORDER"

    WRONG_BYTES = "WRONG_BYTES"
    WRONG_SIGNATURE = "WRONG_SIGNATURE"
    ALREADY_RESOLVED = "ALREADY_RESOLVED"
    EXPIRED = "EXPIRED"
    REFUSED_BY_CHAIN = "REFUSED_BY_CHAIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A no, in a stable code and a sentence; `field` names the input it is about."""

    code: Reason
    message: str
    field: str | None = None
    retry_after_ms: int = 0
