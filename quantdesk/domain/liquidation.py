"""Liquidation: how much of a position must close, and what the close costs its owner.

A close that restores the initial requirement with a margin, hardly more; all of a small or hopeless
position. What is taken never exceeds the equity left and never worsens the account's own ratio.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from quantdesk.domain.margin import (
    Exposure,
    initial_e6,
    initial_fraction_e6,
    maintenance_fraction_e6,
)
from quantdesk.domain.money import FRACTION_ONE, SIZE_ONE, USD_ONE, Round, div, mul_div

RESTORED_PERCENT = 105
"""The close restores the initial requirement times this many hundredths."""

DUST_E6 = 100 * USD_ONE
"""A position of less notional closes whole."""

INSURANCE_PARTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty:
    """What the owner pays for being liquidated, USD e6.

    The penalty's halves go to fund and liquidator, the impact of the close to the pool.
    """

    insurance_e6: int
    liquidator_e6: int
    impact_e6: int

    @property
    def penalty_e6(self) -> int:
        """Both halves together, without the impact."""
        return self.insurance_e6 + self.liquidator_e6


def penalty_fraction_e6(exposure: Exposure) -> int:
    """Share of the closed notional: the market's fee, at most half the maintenance fraction."""
    half = div(maintenance_fraction_e6(exposure), 2, Round.DOWN)
    return min(exposure.params.liquidation_fee_e6, half)


def restored_e6(fraction_or_usd_e6: int) -> int:
    """A requirement times 1.05, rounded up."""
    return mul_div(fraction_or_usd_e6, RESTORED_PERCENT, 100, Round.UP)


def close_size_e9(
    exposure: Exposure, others: Sequence[Exposure], *, equity_e6: int, impact_e6: int
) -> int:
    """Size to close, positive: restores initial x 1.05 over all markets after what it costs.

    `equity_e6` is the account's maintenance equity, `others` its exposures in other markets,
    `impact_e6` what closing the whole would owe the pool: no smaller close passes its share.
    """
    whole = abs(exposure.size_e9)
    if exposure.notional_e6 < DUST_E6:
        return whole
    target = restored_e6(initial_fraction_e6(exposure))
    impact = mul_div(impact_e6, FRACTION_ONE, exposure.notional_e6, Round.UP)
    margin = target - penalty_fraction_e6(exposure) - impact
    if margin <= 0:
        return whole
    elsewhere = sum(restored_e6(initial_e6(other)) for other in others)
    need = exposure.notional_e6 * target + (elsewhere - equity_e6) * FRACTION_ONE
    closed_e6 = div(need, margin, Round.UP)
    if closed_e6 >= exposure.notional_e6:
        return whole
    return min(whole, mul_div(max(closed_e6, 0), SIZE_ONE, exposure.price_e6, Round.UP))


def penalty(
    exposure: Exposure,
    *,
    cost_e6: int,
    impact_e6: int,
    equity_e6: int,
    maintenance_e6: tuple[int, int],
) -> Penalty:
    """Penalty of closing for `cost_e6`, and of the close's `impact_e6` what is left after it.

    Given the account's equity and its (before, after) requirement, both together are bounded by
    `equity · (before − after) / before`: with nothing left open that is the equity left.
    """
    before, after = maintenance_e6
    asked = mul_div(abs(cost_e6), penalty_fraction_e6(exposure), FRACTION_ONE, Round.UP)
    bound = max(0, mul_div(max(equity_e6, 0), before - after, before, Round.DOWN))
    paid = min(asked, bound)
    insurance = div(paid, INSURANCE_PARTS, Round.UP)
    return Penalty(
        insurance_e6=insurance,
        liquidator_e6=paid - insurance,
        impact_e6=min(impact_e6, bound - paid),
    )
