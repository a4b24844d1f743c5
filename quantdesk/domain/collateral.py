"""Collateral: what tokens besides USDC count for, to open positions and to keep them.

A token counts at the low edge of its price's confidence, times a weight, rounded down; it is never
lent out and never pays anything by itself.
"""

from dataclasses import dataclass
from typing import Self

from quantdesk.domain.money import FRACTION_ONE, Round, mul_div
from quantdesk.domain.oracle import PriceReading


@dataclass(frozen=True, slots=True, kw_only=True)
class Collateral:
    """Weighted worth of an account's other tokens, USD e6: to open and to keep."""

    initial_e6: int = 0
    maintenance_e6: int = 0

    def plus(self, other: Self) -> Self:
        """Both together."""
        return type(self)(
            initial_e6=self.initial_e6 + other.initial_e6,
            maintenance_e6=self.maintenance_e6 + other.maintenance_e6,
        )


NO_COLLATERAL = Collateral()


def collateral_e6(balance: int, decimals: int, *, reading: PriceReading, weight_e6: int) -> int:
    """USD e6 of `balance` native units at the low edge of the band, weighted, rounded down."""
    low_e6 = max(0, reading.price_e6 - reading.conf_e6)
    return mul_div(balance, low_e6 * weight_e6, 10**decimals * FRACTION_ONE, Round.DOWN)
