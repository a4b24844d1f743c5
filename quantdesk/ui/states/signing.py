"""Signing."""

import reflex as rx

from quantdesk.ui.rows import Notice


class SigningState(rx.State):
    """Requests and outcomes."""

    request: dict[str, str] = {}
    notices: list[Notice] = []

    @rx.event
    def submit_signed(self, intent_id: str, transaction_b64: str) -> None: ...

    @rx.event
    def refuse(self, intent_id: str, reason: str) -> None: ...

    @rx.event
    def dismiss(self, key: str) -> None:
        self.notices = [n for n in self.notices if n.key != key]
