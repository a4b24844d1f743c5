"""Chart marks: own fills as discs on the candles, one for each trade or liquidation."""

from collections.abc import Mapping, Sequence

from quantdesk.domain.receipt import entry_price_e6
from quantdesk.services.ports import Row
from quantdesk.ui import format as show
from quantdesk.ui.account_rows import Line, integer
from quantdesk.ui.rows import MarketRow


def of_fills(fills: Sequence[Row], symbol: str, markets: Mapping[str, MarketRow]) -> list[Line]:
    """Marks of one market, newest first; `at_s` is the unix second of the fill."""
    market = markets.get(symbol, MarketRow())
    return [_mark(fill, market) for fill in fills if fill["market"] == symbol]


def _mark(fill: Row, market: MarketRow) -> Line:
    size_e9, at_ms = integer(fill["size_e9"]), integer(fill["executed_at_ms"])
    price_e6 = entry_price_e6(size_e9, integer(fill["cost_e6"]))
    verb = "Bought" if size_e9 > 0 else "Sold"
    if fill["is_liquidation"]:
        verb = f"Liquidated, {verb.lower()}"
    size = f"{show.size(size_e9, market.lot_e9)} {market.base}"
    at = f"{show.price(price_e6, market.tick_e6)}, {show.stamp(at_ms)} UTC"
    return {
        "side": "long" if size_e9 > 0 else "short",
        "at_s": at_ms // 1000,
        "price_e6": price_e6,
        "note": f"{verb} {size} at {at}",
    }
