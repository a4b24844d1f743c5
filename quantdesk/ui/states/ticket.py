"""Ticket: what the person is about to do, checked at every change."""

import reflex as rx

from quantdesk.ui.rows import ReceiptRow


class TicketState(rx.State):
    """Fields, receipt and the one button."""

    side: str = "long"
    kind: str = "market"
    size_text: str = ""
    price_text: str = ""
    percent: int = 0
    leverage: int = 10
    leverage_open: bool = False
    reduce_only: bool = False
    reduce_only_reason: str = ""
    size_problem: str = ""
    price_problem: str = ""
    notional: str = "-"
    max_size: str = "-"
    receipt: list[ReceiptRow] = []
    warning: str = ""
    headline: str = ""
    step: str = "edit"
    steps_done: list[str] = ["edit"]
    button_label: str = "Connect wallet"
    button_action: str = "connect"
    button_tone: str = "main"
    button_hint: str = "Prices are live without an account."

    @rx.event
    def choose_side(self, side: str) -> None:
        """Long or short."""
        self.side = side

    @rx.event
    def choose_kind(self, kind: str) -> None:
        """Market or limit."""
        self.kind = kind

    @rx.event
    def toggle_leverage(self) -> None:
        self.leverage_open = not self.leverage_open

    @rx.event
    def choose_leverage(self, leverage: float) -> None:
        self.leverage = int(leverage)

    @rx.event
    def type_price(self, text: str) -> None:
        self.price_text = text

    @rx.event
    def type_size(self, text: str) -> None:
        self.size_text = text

    @rx.event
    def use_mark(self) -> None: ...

    @rx.event
    def slide(self, percent: float) -> None:
        self.percent = int(percent)

    @rx.event
    def choose_percent(self, percent: int) -> None:
        self.percent = percent

    @rx.event
    def choose_reduce_only(self, checked: bool) -> None:
        self.reduce_only = checked

    @rx.event
    def press(self) -> None: ...

    @rx.event
    def review(self) -> None:
        self.step = "preview"

    @rx.event
    def edit(self) -> None:
        self.step = "edit"

    @rx.event
    def clear(self) -> None:
        self.size_text = ""
