"""Tables: positions, orders and fills as rows; which table shows, and of which market."""

import reflex as rx

from quantdesk.ui import account_rows as rows
from quantdesk.ui.desk import Snapshot
from quantdesk.ui.order_rows import order_rows
from quantdesk.ui.rows import FillRow, MarketRow, OrderRow, PositionRow
from quantdesk.ui.states.market import MarketState

TABLES = ("positions", "orders", "fills")


class TablesState(rx.State):
    """The rows; `only_symbol` is empty while every market shows."""

    table: str = "positions"
    positions: list[PositionRow] = []
    orders: list[OrderRow] = []
    fills: list[FillRow] = []
    this_market_only: bool = False
    only_symbol: str = ""

    @rx.var
    def shown_positions(self) -> list[PositionRow]:
        """Positions of the chosen market, or all."""
        return [row for row in self.positions if self.only_symbol in ("", row.symbol)]

    @rx.var
    def shown_orders(self) -> list[OrderRow]:
        """Orders of the chosen market, or all."""
        return [row for row in self.orders if self.only_symbol in ("", row.symbol)]

    @rx.var
    def shown_fills(self) -> list[FillRow]:
        """Fills of the chosen market, or all."""
        return [row for row in self.fills if self.only_symbol in ("", row.symbol)]

    @rx.event
    def show_table(self, name: str) -> None:
        """Switch the bottom table."""
        if name in TABLES:
            self.table = name

    @rx.event
    async def show_this_market_only(self, checked: bool) -> None:
        """Leave the other markets out, or take them back in."""
        self.this_market_only = checked
        self._narrow((await self.get_state(MarketState)).market.symbol)

    def _narrow(self, symbol: str) -> None:
        self.only_symbol = symbol if self.this_market_only else ""

    def _fill(self, found: Snapshot, markets: dict[str, MarketRow], *, shown: str) -> None:
        self.positions = rows.position_rows(found.view, markets)
        self.orders = order_rows(found, markets)
        self.fills = rows.fill_rows(found.view.fills, markets)
        self._narrow(shown)
