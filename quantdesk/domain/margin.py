"""Margin: what an account is worth and what its positions demand, to open and to keep.

Requirements round up and equity rounds down, so every rounding is against the account. To open,
profit counts for nothing and losses are taken at the adverse edge of the price's confidence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quantdesk.domain.collateral import NO_COLLATERAL, Collateral
from quantdesk.domain.market import MarketParams, Tier
from quantdesk.domain.money import FRACTION_ONE, SIZE_ONE, U32_MAX, Round, clamp, div, mul_div
from quantdesk.domain.position import unrealized_pnl_e6

GATED_LEVERAGE = 50
"""A tier above this leverage is open only while the confidence is narrow."""

CONFIDENCE_PARTS = 5
"""Narrow: five confidences fit into the maintenance fraction of the price."""


LAPSED_PARTS = 4
"""At a price that nobody posts any more a position counts better by one such part of its notional:
a missing price can only flatter, and whoever wants a strict one posts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """A position valued at a reading: size e9, entry e6, price and confidence e6, owed funding.

    `has_lapsed`: nobody posts the price any more, so it flatters and asks for nothing.
    """

    params: MarketParams
    size_e9: int
    entry_e6: int
    leverage: int
    price_e6: int
    conf_e6: int
    funding_owed_e6: int = 0
    has_lapsed: bool = False

    @property
    def notional_e6(self) -> int:
        """Value of the size at the price, positive, rounded up."""
        return mul_div(abs(self.size_e9), self.price_e6, SIZE_ONE, Round.UP)

    @property
    def pnl_e6(self) -> int:
        """Unrealised profit at the price (when lapsed, a quarter better), rounded down."""
        if self.has_lapsed:
            better = LAPSED_PARTS + (1 if self.size_e9 > 0 else -1)
            value_e6 = mul_div(
                self.size_e9, self.price_e6 * better, SIZE_ONE * LAPSED_PARTS, Round.DOWN
            )
            return value_e6 - self.entry_e6
        return unrealized_pnl_e6(self.size_e9, self.entry_e6, self.price_e6)

    @property
    def adverse_pnl_e6(self) -> int:
        """Unrealised loss at the adverse edge of the band; a profit counts as zero."""
        edge = -self.conf_e6 if self.size_e9 > 0 else self.conf_e6
        return min(0, unrealized_pnl_e6(self.size_e9, self.entry_e6, self.price_e6 + edge))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An account's equity beside its requirement, for opening and for keeping; USD e6.

    With them the notional of all positions, and their profit at the price less funding owed.
    """

    initial_equity_e6: int
    initial_e6: int
    maintenance_equity_e6: int
    maintenance_e6: int
    notional_e6: int = 0
    open_pnl_e6: int = 0

    @property
    def free_collateral_e6(self) -> int:
        """What is left for new risk; negative blocks it."""
        return self.initial_equity_e6 - self.initial_e6

    @property
    def can_grow(self) -> bool:
        """Whether the initial requirement is covered."""
        return self.initial_equity_e6 >= self.initial_e6

    @property
    def is_liquidatable(self) -> bool:
        """Whether the account is below its maintenance requirement."""
        return self.maintenance_equity_e6 < self.maintenance_e6

    @property
    def health_e6(self) -> int:
        """Equity ÷ maintenance, millionths, rounded down, within u32; 0 when nothing is open."""
        if self.maintenance_e6 == 0:
            return 0
        ratio = mul_div(self.maintenance_equity_e6, FRACTION_ONE, self.maintenance_e6, Round.DOWN)
        return clamp(ratio, low=0, high=U32_MAX)


def tier_index(tiers: Sequence[Tier], notional_e6: int) -> int:
    """The first tier whose cap holds the whole notional; above every cap the last one."""
    for index, tier in enumerate(tiers):
        if notional_e6 <= tier.notional_cap_e6:
            return index
    return len(tiers) - 1


def initial_fraction_e6(exposure: Exposure) -> int:
    """Initial requirement as a fraction of notional: the tier's or the leverage cap's, the larger.

    A tier above 50x gives its fraction only while the confidence is narrow; else the next one does.
    """
    tiers = exposure.params.tiers
    index = tier_index(tiers, exposure.notional_e6)
    tier = tiers[index]
    if tier.max_leverage > GATED_LEVERAGE and not _is_narrow(exposure, tier):
        tier = tiers[min(index + 1, len(tiers) - 1)]
    return max(tier.imr_e6, div(FRACTION_ONE, max(1, exposure.leverage), Round.UP))


def maintenance_fraction_e6(exposure: Exposure) -> int:
    """Maintenance requirement as a fraction of notional, by tier alone."""
    tiers = exposure.params.tiers
    return tiers[tier_index(tiers, exposure.notional_e6)].mmr_e6


def initial_e6(exposure: Exposure) -> int:
    """Equity needed to open or extend the exposure, rounded up; none when its price lapsed."""
    if exposure.has_lapsed:
        return 0
    return mul_div(exposure.notional_e6, initial_fraction_e6(exposure), FRACTION_ONE, Round.UP)


def maintenance_e6(exposure: Exposure) -> int:
    """Equity below which the exposure may be liquidated, rounded up; none when lapsed."""
    if exposure.has_lapsed:
        return 0
    return mul_div(exposure.notional_e6, maintenance_fraction_e6(exposure), FRACTION_ONE, Round.UP)


def standing(
    usdc_e6: int, exposures: Iterable[Exposure], collateral: Collateral = NO_COLLATERAL
) -> Standing:
    """Equity and requirements of an account that holds `usdc_e6` (signed) and `exposures`."""
    initial_equity = usdc_e6 + collateral.initial_e6
    maintenance_equity = usdc_e6 + collateral.maintenance_e6
    initial = maintenance = notional = open_pnl = 0
    for exposure in exposures:
        initial_equity += exposure.adverse_pnl_e6 - exposure.funding_owed_e6
        open_pnl += exposure.pnl_e6 - exposure.funding_owed_e6
        notional += exposure.notional_e6
        initial += initial_e6(exposure)
        maintenance += maintenance_e6(exposure)
    return Standing(
        initial_equity_e6=initial_equity,
        initial_e6=initial,
        maintenance_equity_e6=maintenance_equity + open_pnl,
        maintenance_e6=maintenance,
        notional_e6=notional,
        open_pnl_e6=open_pnl,
    )


def _is_narrow(exposure: Exposure, tier: Tier) -> bool:
    band = exposure.conf_e6 * CONFIDENCE_PARTS * FRACTION_ONE
    return band < tier.mmr_e6 * exposure.price_e6
