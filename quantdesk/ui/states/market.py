"""Market: which market and candle length this tab looks at; public, so no session is asked for."""

import reflex as rx

from quantdesk.ui import format as show
from quantdesk.ui.desk import Trouble, ask, dependencies
from quantdesk.ui.market_rows import market_rows
from quantdesk.ui.rows import MarketRow
from quantdesk.ui.states.session import SessionState

RESOLUTIONS_S = (60, 300, 900, 3600, 14_400, 86_400)
CRASH = "crash"
"""A scene of minutes: longer candles would show two bars of it."""


class MarketState(rx.State):
    """The chosen market, the list, and the selector's search."""

    market: MarketRow = MarketRow()
    markets: list[MarketRow] = []
    resolution_s: int = 900
    selector_open: bool = False
    search_text: str = ""

    @rx.var
    def found(self) -> list[MarketRow]:
        """Markets whose name contains the search."""
        wanted = self.search_text.strip().upper()
        return [market for market in self.markets if wanted in market.symbol]

    @rx.event
    async def load(self) -> None:
        """Read the markets from the chain; the choice stays."""
        state = await ask(dependencies().exchange.state())
        session = await self.get_state(SessionState)
        if isinstance(state, Trouble):
            session.degraded = show.sentence(state.message)
            return
        session.slot = f"{state.slot:,}"
        if not self.markets and dependencies().place.scene == CRASH:
            self.resolution_s = RESOLUTIONS_S[0]
        self.markets = market_rows(state.markets)
        chosen = [market for market in self.markets if market.symbol == self.market.symbol]
        self.market = (chosen or self.markets or [MarketRow()])[0]

    @rx.event
    def open_selector(self) -> None:
        """Show the selector."""
        self.search_text = ""
        self.selector_open = True

    @rx.event
    def close_selector(self) -> None:
        """Hide the selector."""
        self.selector_open = False

    @rx.event
    def search(self, text: str) -> None:
        """Narrow the selector."""
        self.search_text = text[:24]

    @rx.event
    async def take_first(self) -> None:
        """Choose the first hit."""
        if self.found:
            await self._look_at(self.found[0].symbol)

    @rx.event
    async def choose(self, symbol: str) -> None:
        """Look at another market."""
        await self._look_at(symbol)

    @rx.event
    def choose_resolution(self, seconds: int) -> None:
        """Change the candle length; anything but the offered ones is ignored."""
        if seconds in RESOLUTIONS_S:
            self.resolution_s = seconds

    def _by_symbol(self) -> dict[str, MarketRow]:
        return {market.symbol: market for market in self.markets}

    async def _look_at(self, symbol: str) -> None:
        from quantdesk.ui.states.account import AccountState
        from quantdesk.ui.states.tables import TablesState
        from quantdesk.ui.states.ticket import TicketState

        self.selector_open = False
        chosen = self._by_symbol().get(symbol)
        if chosen is None or chosen.symbol == self.market.symbol:
            return
        self.market = chosen
        account = await self.get_state(AccountState)
        account._draw(symbol, self._by_symbol())
        (await self.get_state(TablesState))._narrow(symbol)
        ticket = await self.get_state(TicketState)
        await ticket._empty()
        await ticket._judge()
