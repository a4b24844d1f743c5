"""Keeping tasks: what a keeper can do for the exchange, and the view that a plan is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from quantdesk.domain.account import AccountState
from quantdesk.domain.market import MarketState
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import Order
from quantdesk.domain.pool import PoolState
from quantdesk.domain.position import Position
from quantdesk.services.exchange_state import CollateralVault


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeBook:
    """The keeper's view of the chain: accounts by address, positions by (account, market)."""

    markets: Mapping[int, MarketState]
    pool: PoolState
    accounts: Mapping[str, AccountState] = field(default_factory=dict)
    positions: Mapping[tuple[str, int], Position] = field(default_factory=dict)
    orders: Mapping[str, Order] = field(default_factory=dict)
    vaults: Mapping[int, CollateralVault] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a plan is made, and the prices that lie on chain by then, by market index."""

    now: int
    slot: int
    readings: Mapping[int, PriceReading]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteOrder:
    """Fill the order at the posted price, or let the program close it."""

    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowPrice:
    """Let a sleeping trailing stop take note of a better price; each new mark is its own task."""

    order: str
    watermark_e6: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelExpired:
    """Close an order whose time has passed."""

    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrphan:
    """Close a bracket's leg that has nothing left to protect or to wait for."""

    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidate:
    """Close as much of a position as restores the account's requirement."""

    account: str
    market_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveBankruptcy:
    """Let the fund, then the pool, pay what an account owes that holds nothing any more."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayClaims:
    """Hand an account what the pool owes it and can pay by now."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleverage:
    """Close the most profitable position of the heavier side; candidates are who come next."""

    account: str
    market_index: int
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleFunding:
    """Pay a position's funding up to now."""

    account: str
    market_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshMarket:
    """Let the market look at its oracle and remember the price."""

    market_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccrueFunding:
    """Move the market's funding index up to now."""

    market_index: int


Task = (
    ExecuteOrder
    | FollowPrice
    | CancelExpired
    | CancelOrphan
    | Liquidate
    | ResolveBankruptcy
    | PayClaims
    | Deleverage
    | SettleFunding
    | RefreshMarket
    | AccrueFunding
)
