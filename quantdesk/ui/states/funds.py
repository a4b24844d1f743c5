"""Funds."""

import reflex as rx


class FundsState(rx.State):
    """Dialogs."""

    dialog: str = ""
    sum_text: str = ""
    problem: str = ""
    most: str = "-"
    can_submit: bool = False
    busy: bool = False

    @rx.event
    def open_dialog(self, name: str) -> None:
        self.dialog = name

    @rx.event
    def close_dialog(self) -> None:
        self.dialog = ""

    @rx.event
    def type_sum(self, text: str) -> None:
        self.sum_text = text

    @rx.event
    def use_most(self) -> None: ...

    @rx.event
    def submit_transfer(self) -> None: ...

    @rx.event
    def request_faucet(self) -> None: ...
