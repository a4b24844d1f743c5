"""The exchange as the chain shows it at one moment, in the domain's own types."""

from __future__ import annotations

from dataclasses import dataclass

from quantdesk.domain.account import AccountState
from quantdesk.domain.market import MarketState
from quantdesk.domain.order import Order
from quantdesk.domain.pool import PoolState
from quantdesk.domain.position import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeState:
    """Every market by index, and the pool they share."""

    markets: tuple[MarketState, ...]
    pool: PoolState
    slot: int

    def market(self, symbol: str) -> MarketState | None:
        """The market with this symbol."""
        return next((m for m in self.markets if m.params.symbol == symbol), None)

    def market_at(self, index: int) -> MarketState | None:
        """The market with this index."""
        return next((m for m in self.markets if m.params.index == index), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An order waiting on chain, and where."""

    address: str
    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSnapshot:
    """A user account with its open positions and orders, read at one slot."""

    account: AccountState
    positions: tuple[Position, ...]
    orders: tuple[OpenOrder, ...]
    slot: int

    def position(self, market_index: int) -> Position | None:
        """The open position in a market, None when flat."""
        for position in self.positions:
            if position.market_index == market_index and not position.is_flat:
                return position
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletState:
    """What a wallet holds outside the exchange."""

    lamports: int
    usdc_e6: int
