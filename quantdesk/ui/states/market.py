"""Market: which market and candle length the tab looks at."""

import reflex as rx

from quantdesk.ui.rows import MarketRow


class MarketState(rx.State):
    """The chosen market, the list, and the selector's search."""

    market: MarketRow = MarketRow()
    markets: list[MarketRow] = [MarketRow(), MarketRow(symbol="BTC-PERP", base="BTC"), MarketRow(symbol="ETH-PERP", base="ETH")]
    resolution_s: int = 900
    selector_open: bool = False
    search_text: str = ""

    @rx.var
    def found(self) -> list[MarketRow]:
        """Markets whose name contains the search."""
        wanted = self.search_text.strip().upper()
        return [market for market in self.markets if wanted in market.symbol]

    @rx.event
    def open_selector(self) -> None:
        """Show the selector."""
        self.selector_open = True
        self.search_text = ""

    @rx.event
    def close_selector(self) -> None:
        """Hide the selector."""
        self.selector_open = False

    @rx.event
    def search(self, text: str) -> None:
        """Narrow the selector."""
        self.search_text = text[:24]

    @rx.event
    def take_first(self) -> None:
        """Choose the first hit."""
        if self.found:
            self.choose(self.found[0].symbol)

    @rx.event
    def choose(self, symbol: str) -> None:
        """Look at another market."""
        for market in self.markets:
            if market.symbol == symbol:
                self.market = market
        self.selector_open = False

    @rx.event
    def choose_resolution(self, seconds: int) -> None:
        """Change the candle length."""
        self.resolution_s = seconds
