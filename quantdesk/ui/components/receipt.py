"""Receipt: what this order does to the account, before → after, line by line."""

import reflex as rx

from quantdesk.ui.components.feed import age_chip
from quantdesk.ui.components.icon import icon
from quantdesk.ui.rows import ReceiptRow
from quantdesk.ui.states.market import MarketState
from quantdesk.ui.states.session import SessionState
from quantdesk.ui.states.verdict import VerdictState


def receipt() -> rx.Component:
    """The lines, or one sentence while there is nothing to show."""
    return rx.el.div(
        rx.el.div(
            icon("receipt", 14),
            rx.el.b("Receipt"),
            rx.el.span("now → after fill", class_name="t3"),
            rx.el.div(class_name="grow"),
            age_chip(MarketState.market.symbol),
            class_name="row receipt-head",
        ),
        rx.cond(
            VerdictState.receipt.length() > 0,
            rx.el.dl(rx.foreach(VerdictState.receipt, receipt_line), class_name="receipt-lines"),
            rx.el.p(
                rx.cond(
                    SessionState.signed_in,
                    "Enter a size to see price, margin, liquidation price and fee before you sign.",
                    "Connect to see your liquidation price, margin and fee before you sign "
                    "anything. Prices are live without an account.",
                ),
                class_name="t3 receipt-empty",
            ),
        ),
        rx.cond(
            VerdictState.warning != "",
            rx.el.p(
                icon("warning", 14), VerdictState.warning, class_name="warn row ticket-warning"
            ),
        ),
        class_name="receipt",
    )


def receipt_line(line: rx.Var[ReceiptRow]) -> rx.Component:
    """One line of a receipt."""
    return rx.el.div(
        rx.el.dt(line.label),
        rx.el.dd(
            rx.cond(
                line.before != "",
                rx.el.span(line.before, icon("arrow-right", 12), class_name="before"),
            ),
            rx.el.span(line.after, class_name="after", custom_attrs={"data-tone": line.tone}),
            rx.cond(line.unit != "", rx.el.span(line.unit, class_name="t3")),
        ),
    )
