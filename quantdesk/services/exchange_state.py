"""The exchange as the chain shows it: markets, accounts, positions and orders at one moment.

Field names and units are the program's own; integers only.
"""

from __future__ import annotations

from dataclasses import dataclass

USDC_VAULT_INDEX = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TierState:
    """A margin tier: applies up to `notional_cap_e6`."""

    notional_cap_e6: int
    max_leverage: int
    imr_e6: int
    mmr_e6: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketState:
    """One market: its rules and its present open interest."""

    index: int
    address: str
    symbol: str
    status: int
    feed_id: bytes
    spread_e6: int
    impact_e6: int
    skew_scale_e9: int
    taker_fee_e6: int
    limit_fee_e6: int
    funding_max_e6: int
    conf_gate_e6: int
    conf_weight_e6: int
    age_grow_s: int
    age_reduce_s: int
    age_liquidate_s: int
    oi_cap_e9: int
    liquidation_fee_e6: int
    tick_e6: int
    lot_e9: int
    min_size_e9: int
    tiers: tuple[TierState, ...]
    long_e9: int
    short_e9: int
    funding_index: int
    funding_at_s: int
    last_price_e6: int
    last_conf_e6: int
    last_publish_time_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionState:
    """One open position; `entry_e6` is the signed cost that opened it."""

    market_index: int
    size_e9: int
    entry_e6: int
    funding_index: int
    max_leverage: int
    realized_pnl_e6: int
    funding_paid_e6: int
    fees_paid_e6: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """One order waiting for its price."""

    address: str
    market_index: int
    client_order_id: int
    kind: int
    size_e9: int
    limit_price_e6: int
    reduce_only: bool
    placed_at_s: int
    expires_at_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """A user account with everything it holds; `balances` by vault index, USDC first."""

    address: str
    owner: str
    sub_account_id: int
    name: str
    max_leverage: int
    balances: tuple[int, ...]
    claims_e6: int
    sequence: int
    slot: int
    positions: tuple[PositionState, ...]
    orders: tuple[OrderState, ...]

    @property
    def usdc_e6(self) -> int:
        """USDC held by the program for this account; negative is a debt."""
        return self.balances[USDC_VAULT_INDEX]

    def position(self, market_index: int) -> PositionState | None:
        """The position in a market, None when flat."""
        for position in self.positions:
            if position.market_index == market_index and position.size_e9:
                return position
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletState:
    """What a wallet holds outside the exchange."""

    lamports: int
    usdc_e6: int
