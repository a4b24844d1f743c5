"""Liquidation price: the first price against a position at which its account may be liquidated.

Requirements jump where the notional passes a tier's cap; between two such prices the account's
surplus is monotone, so each stretch is searched by halving, the nearest stretch first.
"""

from itertools import pairwise

from quantdesk.domain.margin import Exposure, maintenance_e6
from quantdesk.domain.money import SIZE_ONE, Round, mul_div
from quantdesk.domain.portfolio import Portfolio

HIGHEST_PRICE_E6 = 10**15
"""A billion US dollars: no recorded market trades above it."""


def liquidation_price_e6(portfolio: Portfolio, market_index: int, *, now: int) -> int | None:
    """USD e6 per base; None when no price does it; the present price when it is liquidatable now.

    Other markets keep their price, and funding is counted up to `now`.
    """
    position = portfolio.position(market_index)
    if position.is_flat:
        return None
    exposure = portfolio.quotes[market_index].exposure(position, now=now)
    others = portfolio.exposures(now=now, without=market_index)
    return first_liquidating_price_e6(exposure, others, usdc_e6=portfolio.account.usdc_e6)


def first_liquidating_price_e6(
    exposure: Exposure, others: list[Exposure], *, usdc_e6: int
) -> int | None:
    """As above for an account of `usdc_e6`, one moving `exposure` and the fixed `others`."""
    fixed = usdc_e6 - exposure.funding_owed_e6
    for other in others:
        fixed += other.pnl_e6 - other.funding_owed_e6 - maintenance_e6(other)
    for near, far in pairwise(_waypoints(exposure)):
        found = _first_below_zero(exposure, fixed, near, far)
        if found is not None:
            return found
    return None


def _waypoints(exposure: Exposure) -> list[int]:
    present = exposure.price_e6
    size = abs(exposure.size_e9)
    caps = [tier.notional_cap_e6 for tier in exposure.params.tiers]
    highest_inside = [mul_div(cap, SIZE_ONE, size, Round.DOWN) for cap in caps]
    if exposure.size_e9 > 0:
        inside = {price for price in highest_inside if 0 < price < present}
        just_above = {price + 1 for price in inside if price + 1 < present}
        return [present, *sorted(inside | just_above, reverse=True), 1]
    inside = {price for price in highest_inside if present < price < HIGHEST_PRICE_E6}
    just_above = {price + 1 for price in inside}
    return [present, *sorted(inside | just_above), HIGHEST_PRICE_E6]


def _first_below_zero(exposure: Exposure, fixed: int, near: int, far: int) -> int | None:
    if _surplus(exposure, fixed, near) < 0:
        return near
    if _surplus(exposure, fixed, far) >= 0:
        return None
    while abs(far - near) > 1:
        middle = (near + far) // 2
        if _surplus(exposure, fixed, middle) < 0:
            far = middle
        else:
            near = middle
    return far


def _surplus(exposure: Exposure, fixed: int, price_e6: int) -> int:
    moved = Exposure(
        params=exposure.params,
        size_e9=exposure.size_e9,
        entry_e6=exposure.entry_e6,
        leverage=exposure.leverage,
        price_e6=price_e6,
        conf_e6=exposure.conf_e6,
    )
    return fixed + moved.pnl_e6 - maintenance_e6(moved)
