"""The exchange as the chain shows it at one moment, in the domain's own types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from quantdesk.domain.account import AccountState
from quantdesk.domain.collateral import NO_COLLATERAL, Collateral
from quantdesk.domain.market import MarketState
from quantdesk.domain.oracle import Action, PriceReading
from quantdesk.domain.order import Order
from quantdesk.domain.pool import PoolState
from quantdesk.domain.position import Position
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.vault import VaultState


@dataclass(frozen=True, slots=True, kw_only=True)
class CollateralVault:
    """A vault of another token than USDC, with the price of it that lies on chain.

    `market_index` names a market that has the same price feed.
    """

    state: VaultState
    mint: str
    oracle: str
    reading: PriceReading
    market_index: int | None = None


def collateral_of(
    account: AccountState,
    vaults: Mapping[int, CollateralVault],
    *,
    now: int,
    action: Action = Action.GROW,
) -> Collateral | Refusal:
    """What the account's tokens besides USDC count for, or why one of them cannot be valued."""
    parts = []
    for index in account.other_vaults:
        vault = vaults.get(index)
        if vault is None:
            return Refusal.STALE_PRICE
        reading = vault.state.usable(vault.reading, action=action, now=now)
        if isinstance(reading, Refusal):
            return reading
        parts.append(vault.state.worth(account.balances[index], reading, now=now))
    return sum_of_collateral(parts)


def last_known_collateral(
    account: AccountState, vaults: Mapping[int, CollateralVault], *, now: int
) -> Collateral:
    """What the tokens count for at the prices that lie on chain, however old: to look at only."""
    known = [vaults[index] for index in account.other_vaults if index in vaults]
    return sum_of_collateral(
        [
            each.state.worth(account.balances[each.state.index], each.reading, now=now)
            for each in known
        ]
    )


def sum_of_collateral(parts: Iterable[Collateral]) -> Collateral:
    """All of it together."""
    sum_of = NO_COLLATERAL
    for part in parts:
        sum_of = sum_of.plus(part)
    return sum_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeState:
    """Every market by index, the pool they share, and the vaults of other collateral by index."""

    markets: tuple[MarketState, ...]
    pool: PoolState
    slot: int
    vaults: Mapping[int, CollateralVault] = field(default_factory=dict)

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
