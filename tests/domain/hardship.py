"""Hardship: what an event says of losses, of who bore them and of what a liquidation cost."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from quantdesk.domain.cost import adverse_impact_e6
from quantdesk.domain.events import Event, Liquidated
from quantdesk.domain.liquidation import penalty_fraction_e6
from quantdesk.domain.market import MarketParams, MarketState
from quantdesk.domain.money import FRACTION_ONE, SIZE_ONE
from quantdesk.domain.portfolio import Portfolio


def hardships(event: Event, markets: Mapping[int, MarketState]) -> Iterator[str]:
    """Names of the hardships in one event."""
    if getattr(event, "claims_e6", 0) > 0:
        yield "claim made"
    if isinstance(event, Liquidated):
        yield from _of_liquidation(event, markets[event.market_index].params)


def _of_liquidation(event: Liquidated, params: MarketParams) -> Iterator[str]:
    if event.insurance_paid_e6 > 0:
        yield "insurance paid"
    if event.pool_loss_e6 > 0:
        yield "pool lost"
    if event.size_after_e9 != 0:
        yield "partial liquidation"
    if event.impact_e6 > 0:
        yield "liquidation with impact"
    if 0 < event.impact_e6 < owed_impact_e6(event, params):
        yield "impact cut by equity"


def owed_impact_e6(event: Liquidated, params: MarketParams) -> int:
    """What a close would pay the pool if its owner had enough; USD e6."""
    skew_e9 = event.long_after_e9 - event.short_after_e9 - event.size_e9
    price_e6 = event.oracle_price_e6
    return adverse_impact_e6(params, event.size_e9, skew_e9=skew_e9, price_e6=price_e6)


def bare_price_e6(portfolio: Portfolio, index: int, *, now: int) -> int | None:
    """Price at which an only position's equity is its penalty and half of its impact.

    None when the close owes no impact, or when something else is held.
    """
    (held,) = portfolio.exposures(now=now) if portfolio.account.holds_only(index) else (None,)
    if held is None:
        return None
    market, size, price = portfolio.quotes[index].market, held.size_e9, held.price_e6
    impact = adverse_impact_e6(market.params, -size, skew_e9=market.skew_e9, price_e6=price)
    equity = portfolio.standing(now=now).maintenance_equity_e6 - Fraction(impact, 2)
    share = Fraction(penalty_fraction_e6(held), FRACTION_ONE)
    bare = (size * price - equity * SIZE_ONE) / (size - share * abs(size))
    return round(bare) if impact else None
