"""Market rows: what the list, the bar and the fields need to know of each market."""

from collections.abc import Iterable

from quantdesk.domain.account import AccountState
from quantdesk.domain.market import MarketParams, MarketState
from quantdesk.ui import format as show
from quantdesk.ui.rows import MarketRow


def market_rows(markets: Iterable[MarketState]) -> list[MarketRow]:
    """A row for each market, by index."""
    return [_row(market) for market in sorted(markets, key=lambda market: market.params.index)]


def base_of(symbol: str) -> str:
    """`SOL` of `SOL-PERP`."""
    return symbol.partition("-")[0]


def _row(market: MarketState) -> MarketRow:
    params = market.params
    base = base_of(params.symbol)
    return MarketRow(
        symbol=params.symbol,
        base=base,
        index=params.index,
        tick_e6=params.tick_e6,
        lot_e9=params.lot_e9,
        min_size_e9=params.min_size_e9,
        max_leverage=_leverage_cap(params),
        taker_fee=show.percent(params.taker_fee_e6),
        limit_fee=show.percent(params.limit_fee_e6),
        funding_max=f"{show.percent(params.funding_max_e6)} per hour",
        min_size=f"{show.size(params.min_size_e9, params.lot_e9)} {base}",
        tick=f"{show.price(params.tick_e6, params.tick_e6)} USD",
        status=market.status.name.lower(),
    )


def _leverage_cap(params: MarketParams) -> int:
    return min(AccountState(address="", owner="").max_leverage, params.tiers[0].max_leverage)
