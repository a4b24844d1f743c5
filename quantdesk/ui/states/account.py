"""Account: what the signed-in wallet owns, as text for tables and integers for live cells."""

import reflex as rx

from quantdesk.ui.rows import FillRow, OrderRow, PositionRow


class AccountState(rx.State):
    """Positions, orders, fills and the margin bar."""

    loaded: bool = False
    table: str = "positions"
    balance_e6: int = 0
    exposures: list[dict[str, int | str]] = []
    chart_lines: list[dict[str, int | str]] = []
    initial: str = "-"
    margin_equity: str = "-"
    margin_percent: str = "-"
    margin_width: str = "0%"
    margin_now: int = 0
    margin_tone: str = "ok"
    positions: list[PositionRow] = []
    orders: list[OrderRow] = []
    fills: list[FillRow] = []

    @rx.event
    def show_table(self, name: str) -> None:
        """Switch the bottom table."""
        self.table = name
