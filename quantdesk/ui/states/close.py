"""Close."""

import reflex as rx

from quantdesk.ui.rows import ReceiptRow


class CloseState(rx.State):
    """Closing."""

    symbol: str = ""
    percent: int = 100
    lines: list[ReceiptRow] = []
    problem: str = ""

    @rx.event
    def ask(self, symbol: str) -> None:
        self.symbol = symbol

    @rx.event
    def keep(self) -> None:
        self.symbol = ""

    @rx.event
    def slide(self, percent: float) -> None:
        self.percent = int(percent)

    @rx.event
    def close_now(self) -> None: ...

    @rx.event
    def cancel_order(self, address: str) -> None: ...
