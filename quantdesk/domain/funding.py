"""Funding: the heavier side pays by the hour in proportion to the skew; the pool holds the rest.

The index rounds down and what a position owes rounds up, so the dust of every settlement stays in
the pool.
"""

from dataclasses import replace

from quantdesk.domain.market import MarketParams, MarketState
from quantdesk.domain.money import INDEX_ONE, SIZE_ONE, USD_ONE, Round, clamp, div

HOUR_S = 3_600
INDEX_TO_USD = SIZE_ONE * (INDEX_ONE // USD_ONE)


def funding_rate_e6(params: MarketParams, skew_e9: int) -> int:
    """Fraction of the notional that a long pays per hour (negative: receives), rounded down."""
    return div(_held(params, skew_e9) * params.funding_max_e6, params.skew_scale_e9, Round.DOWN)


def index_step(params: MarketParams, skew_e9: int, *, price_e6: int, elapsed_s: int) -> int:
    """Growth of the funding index (USD e12 per base) in `elapsed_s` seconds, rounded down."""
    growth = _held(params, skew_e9) * params.funding_max_e6 * price_e6 * elapsed_s
    return div(growth, params.skew_scale_e9 * HOUR_S, Round.DOWN)


def accrued(market: MarketState, *, price_e6: int, now: int) -> MarketState:
    """The market with its index brought to unix second `now`; one step credits an hour at most."""
    elapsed = clamp(now - market.funding_at, low=0, high=HOUR_S)
    step = index_step(market.params, market.skew_e9, price_e6=price_e6, elapsed_s=elapsed)
    return replace(
        market, funding_index=market.funding_index + step, funding_at=max(now, market.funding_at)
    )


def funding_owed_e6(size_e9: int, *, index: int, snapshot: int) -> int:
    """USD e6 that a position owes since its snapshot (negative: receives), rounded up."""
    return div(size_e9 * (index - snapshot), INDEX_TO_USD, Round.UP)


def funding_per_hour_e6(params: MarketParams, skew_e9: int, *, size_e9: int, price_e6: int) -> int:
    """USD e6 that a position would pay in the next hour at this skew (negative: receives)."""
    step = index_step(params, skew_e9, price_e6=price_e6, elapsed_s=HOUR_S)
    return funding_owed_e6(size_e9, index=step, snapshot=0)


def _held(params: MarketParams, skew_e9: int) -> int:
    return clamp(skew_e9, low=-params.skew_scale_e9, high=params.skew_scale_e9)
