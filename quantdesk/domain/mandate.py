"""Mandate: caps that a delegate cannot exceed, whoever else trades for the account meanwhile.

Every cap is measured on the whole account, so two delegates, or the owner's own positions, neither
add up to more nor reset anything. A reduction is never stopped by its price or by a loss.
"""

from dataclasses import dataclass, replace
from typing import Self

from quantdesk.domain.margin import Standing
from quantdesk.domain.money import SIZE_ONE, Round, mul_div
from quantdesk.domain.refusal import Refusal

DAY_S = 86_400
MARKET_BITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateCaps:
    """What one delegate may do at most: USD e6, a bit for each market, unix seconds (0: for ever).

    `order_cap_e6` bounds each order, `notional_cap_e6` each position after it, `daily_loss_e6` what
    the account may lose by trading within a day (UTC).
    """

    order_cap_e6: int
    notional_cap_e6: int
    max_leverage: int
    daily_loss_e6: int
    markets: int
    expires_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """Caps, and the account's trading result with which the present day began; USD e6."""

    caps: MandateCaps
    day: int = 0
    day_start_e6: int = 0

    def order_refusal(
        self, market_index: int, size_e9: int, *, price_e6: int, now: int
    ) -> Refusal | None:
        """Why an order of `size_e9` may not be placed or filled at all, or None."""
        if self.caps.expires_at != 0 and now >= self.caps.expires_at:
            return Refusal.MANDATE_EXPIRED
        if market_index >= MARKET_BITS or not self.caps.markets >> market_index & 1:
            return Refusal.MANDATE_MARKET
        if notional_e6(size_e9, price_e6) > self.caps.order_cap_e6:
            return Refusal.MANDATE_ORDER_CAP
        return None

    def growth_refusal(self, growth: "Growth", *, now: int) -> Refusal | None:
        """Why a growth of the account's risk is too much, or None."""
        if notional_e6(growth.size_after_e9, growth.price_e6) > self.caps.notional_cap_e6:
            return Refusal.MANDATE_POSITION_CAP
        after = growth.standing_after
        if after is not None:
            room_e6 = self.caps.max_leverage * after.initial_equity_e6
            if after.notional_e6 > room_e6:
                return Refusal.MANDATE_LEVERAGE
        lost_e6 = self._start_e6(growth.result_before_e6, now=now) - growth.result_after_e6
        return Refusal.MANDATE_DAILY_LOSS if lost_e6 > self.caps.daily_loss_e6 else None

    def begun(self, result_before_e6: int, *, now: int) -> Self:
        """The mandate with its day begun, when it had not."""
        start_e6 = self._start_e6(result_before_e6, now=now)
        return replace(self, day=now // DAY_S, day_start_e6=start_e6)

    def _start_e6(self, result_before_e6: int, *, now: int) -> int:
        return self.day_start_e6 if self.day == now // DAY_S else result_before_e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A growing trade as a mandate sees it; without a standing after, leverage is not asked for.

    Results are what trading brought the account so far, open profit included; USD e6.
    """

    size_after_e9: int
    price_e6: int
    standing_after: Standing | None
    result_before_e6: int
    result_after_e6: int


def notional_e6(size_e9: int, price_e6: int) -> int:
    """Value of a size at a price, rounded up; USD e6."""
    return mul_div(abs(size_e9), price_e6, SIZE_ONE, Round.UP)
