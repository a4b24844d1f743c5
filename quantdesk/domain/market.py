"""Market: what one perpetual contract allows and costs, and the sums it keeps of its positions.

The sums (`entry_sum_e6`, `funding_snapshot_sum`) let the pool's value be known without a loop over
positions; every change of a position changes them by the same difference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

from quantdesk.domain.money import FRACTION_ONE, SIZE_ONE, U64_MAX, USD_ONE


class MarketStatus(IntEnum):
    """What a market admits: everything, only reductions, or nothing."""

    ACTIVE = 0
    REDUCE_ONLY = 1
    PAUSED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Requirements of a position up to a notional cap: fractions of the whole notional."""

    notional_cap_e6: int
    max_leverage: int
    imr_e6: int
    mmr_e6: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketParams:
    """The settled terms of a market; names and units are those of the program's account."""

    index: int
    symbol: str
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
    account_cap_e9: int
    liquidation_fee_e6: int
    tick_e6: int
    lot_e9: int
    min_size_e9: int
    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        caps = [tier.notional_cap_e6 for tier in self.tiers]
        assert caps, "a market needs at least one tier"
        assert caps == sorted(caps), "tiers must grow with notional"
        dearest_close = self.spread_e6 + self.impact_e6 * self.oi_cap_e9 // self.skew_scale_e9
        assert self.liquidation_fee_e6 >= dearest_close, "liquidation is cheaper than closing"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketState:
    """A market at one moment: open interest, funding index, last valid price, pool's share."""

    params: MarketParams
    status: MarketStatus = MarketStatus.ACTIVE
    long_e9: int = 0
    short_e9: int = 0
    entry_sum_e6: int = 0
    funding_index: int = 0
    funding_snapshot_sum: int = 0
    funding_at: int = 0
    last_price_e6: int = 0
    last_conf_e6: int = 0
    last_publish_time: int = 0
    pending_price_e6: int = 0
    pending_publish_time: int = 0
    pool_value_e6: int = 0
    reserve_e6: int = 0
    sequence: int = 0

    @property
    def skew_e9(self) -> int:
        """Long minus short open interest; the pool holds the opposite."""
        return self.long_e9 - self.short_e9

    def waits_from(self, now: int) -> int:
        """From when an order of unix second `now` waits.

        A feed may be ahead of the clock, and what the market has accepted fills no later order.
        """
        return max(now, self.last_publish_time)


STANDARD_TIERS = (
    Tier(notional_cap_e6=10_000 * USD_ONE, max_leverage=100, imr_e6=10_000, mmr_e6=5_000),
    Tier(notional_cap_e6=100_000 * USD_ONE, max_leverage=50, imr_e6=20_000, mmr_e6=10_000),
    Tier(notional_cap_e6=1_000_000 * USD_ONE, max_leverage=20, imr_e6=50_000, mmr_e6=25_000),
    Tier(notional_cap_e6=U64_MAX, max_leverage=10, imr_e6=100_000, mmr_e6=50_000),
)

DEFAULT_MAX_LEVERAGE = 20
"""Leverage cap of a new account."""


def standard_market(
    index: int,
    symbol: str,
    *,
    costs: tuple[int, int, int],
    skew_scale: int,
    grid: tuple[int, int],
) -> MarketParams:
    """Terms common to every listed market around its own costs and grid.

    `costs` is (spread_e6, impact_e6, conf_gate_e6); `skew_scale` counts whole base units; `grid` is
    (tick_e6, lot_e9), and the smallest order is one lot.
    """
    spread_e6, impact_e6, conf_gate_e6 = costs
    tick_e6, lot_e9 = grid
    return MarketParams(
        index=index,
        symbol=symbol,
        spread_e6=spread_e6,
        impact_e6=impact_e6,
        skew_scale_e9=skew_scale * SIZE_ONE,
        taker_fee_e6=500,
        limit_fee_e6=200,
        funding_max_e6=1_000,
        conf_gate_e6=conf_gate_e6,
        conf_weight_e6=FRACTION_ONE,
        age_grow_s=5,
        age_reduce_s=20,
        age_liquidate_s=10,
        oi_cap_e9=2 * skew_scale * SIZE_ONE,
        account_cap_e9=skew_scale * SIZE_ONE // 2,
        liquidation_fee_e6=10_000,
        tick_e6=tick_e6,
        lot_e9=lot_e9,
        min_size_e9=lot_e9,
        tiers=STANDARD_TIERS,
    )


SOL = standard_market(
    0, "SOL-PERP", costs=(200, 3_000, 5_000), skew_scale=100_000, grid=(10_000, 10_000_000)
)
BTC = standard_market(
    1, "BTC-PERP", costs=(100, 2_000, 2_500), skew_scale=500, grid=(100_000, 10_000)
)
ETH = standard_market(
    2, "ETH-PERP", costs=(150, 2_500, 3_000), skew_scale=8_000, grid=(10_000, 100_000)
)

DEFAULT_MARKETS: Mapping[str, MarketParams] = MappingProxyType(
    {params.symbol: params for params in (SOL, BTC, ETH)}
)
"""The listed markets by symbol."""
