"""What everybody may see: configuration, markets, prices, candles."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BeforeValidator

from quantdesk.api.errors import Denied
from quantdesk.api.wire import Deps, encoded
from quantdesk.domain.funding import funding_rate_e6
from quantdesk.domain.market import MarketState
from quantdesk.services.gather_portfolio import known_marks, read_marks
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import Mark

Resolution = Annotated[Literal[60, 300, 900, 3_600, 14_400, 86_400], BeforeValidator(int)]

router = APIRouter(prefix="/api", tags=["markets"])


@router.get("/config")
async def config(deps: Deps) -> object:
    """Where this exchange runs."""
    return encoded(deps.place)


@router.get("/markets")
async def markets(deps: Deps) -> object:
    """Every market with its rules, open interest and mark."""
    state = await deps.exchange.state()
    marks = await known_marks(deps, [market.params.symbol for market in state.markets])
    return [_market(market, marks.get(market.params.symbol)) for market in state.markets]


@router.get("/markets/{symbol}/candles")
async def candles(
    symbol: str,
    deps: Deps,
    resolution_s: Resolution = 60,
    limit: Annotated[int, Query(ge=1, le=1_500)] = 500,
    before_ms: Annotated[int, Query(ge=0, le=2**53)] | None = None,
) -> object:
    """Bars as [open_ms, open_e6, high_e6, low_e6, close_e6, volume], oldest first."""
    state = await deps.exchange.state()
    market = state.market(symbol)
    if market is None:
        raise Denied(
            Refused(
                code=Reason.UNKNOWN_MARKET,
                message=f"there is no market {symbol[:20]!r}; see /api/markets",
                field="symbol",
            )
        )
    bars = await deps.history.candles(
        market.params.index,
        resolution_s=resolution_s,
        limit=limit,
        before_ms=deps.clock.now_ms() if before_ms is None else before_ms,
    )
    return [
        [bar.open_ms, bar.open_e6, bar.high_e6, bar.low_e6, bar.close_e6, bar.volume]
        for bar in bars
    ]


@router.get("/oracle/prices")
async def prices(deps: Deps) -> object:
    """The newest mark of every market, with its age."""
    state = await deps.exchange.state()
    marks = await read_marks(deps, [market.params.symbol for market in state.markets])
    now_ms = deps.clock.now_ms()
    return {
        symbol: {**_fields(mark), "age_ms": now_ms - mark.publish_ms}
        for symbol, mark in marks.items()
    }


def _market(market: MarketState, mark: Mark | None) -> dict[str, object]:
    found = encoded(market.params)
    assert isinstance(found, dict)
    return {
        **found,
        "status": market.status.name.lower(),
        "long_e9": market.long_e9,
        "short_e9": market.short_e9,
        "funding_rate_e6": funding_rate_e6(market.params, market.skew_e9),
        "max_leverage": max(tier.max_leverage for tier in market.params.tiers),
        "mark": None if mark is None else _fields(mark),
    }


def _fields(mark: Mark) -> dict[str, object]:
    found = encoded(mark)
    assert isinstance(found, dict)
    return found
