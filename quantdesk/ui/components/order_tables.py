"""Orders that wait and trades that happened."""

import reflex as rx

from quantdesk.ui.components.icon import icon, triangle
from quantdesk.ui.components.positions_table import heads, nothing
from quantdesk.ui.rows import FillRow, OrderRow
from quantdesk.ui.states.cancel import CancelState
from quantdesk.ui.states.tables import TablesState

_ORDER_COLUMNS = (
    ("Market", ""),
    ("Kind", ""),
    ("Size", "num"),
    ("Price", "num"),
    ("Reduce-only", ""),
    ("Placed, UTC", "num"),
    ("Status", ""),
    ("Cancel", "num act-cell"),
)
_FILL_COLUMNS = (
    ("Time, UTC", ""),
    ("Market", ""),
    ("Kind", ""),
    ("Size", "num"),
    ("Price", "num"),
    ("Notional, USD", "num"),
    ("Fee", "num"),
    ("Realised PnL", "num"),
    ("Signature", "num"),
)


def orders_table() -> rx.Component:
    """Every order that is not final, or one sentence."""
    return rx.cond(
        TablesState.shown_orders.length() > 0,
        rx.el.table(
            heads(_ORDER_COLUMNS),
            rx.el.tbody(rx.foreach(TablesState.shown_orders, _order)),
            class_name="table cards",
        ),
        nothing("list-dashes", "open orders"),
    )


def fills_table() -> rx.Component:
    """The latest trades, newest first, or one sentence."""
    return rx.cond(
        TablesState.shown_fills.length() > 0,
        rx.el.table(
            heads(_FILL_COLUMNS),
            rx.el.tbody(rx.foreach(TablesState.shown_fills, _fill)),
            class_name="table cards",
        ),
        nothing("receipt", "fills yet"),
    )


def side_mark(side: rx.Var[str]) -> rx.Component:
    """An arrow in the direction's colour and the word for screen readers."""
    return rx.el.span(
        rx.cond(side == "long", triangle("up"), triangle("down")),
        rx.el.span(side, class_name="sr-only"),
        class_name="side-mark",
        custom_attrs={"data-side": side},
    )


def _cell(label: str, *content: object, class_name: str = "num") -> rx.Component:
    return rx.el.td(*content, class_name=class_name, custom_attrs={"data-label": label})


def _order(row: rx.Var[OrderRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            side_mark(row.side), rx.el.span(row.base, class_name="strong"), class_name="name-cell"
        ),
        _cell("Kind", row.kind, class_name=""),
        _cell("Size", row.size),
        _cell("Price", row.price),
        _cell("Reduce-only", row.reduce_only, class_name=""),
        _cell("Placed", row.placed),
        _cell("Status", row.state, class_name=""),
        rx.el.td(
            rx.cond(
                row.state == "Open",
                rx.el.button(
                    icon("x", 12),
                    "Cancel",
                    type="button",
                    class_name="btn",
                    aria_label="Cancel " + row.kind + " order on " + row.symbol,
                    on_click=CancelState.cancel_order(row.address),
                ),
                rx.el.span(
                    icon("circle-notch", 14), class_name="spin t3", title="Nothing to cancel yet"
                ),
            ),
            class_name="num act-cell",
        ),
        key=row.address,
    )


def _fill(row: rx.Var[FillRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(side_mark(row.side), rx.el.span(row.time), class_name="name-cell"),
        _cell("Market", row.symbol, class_name=""),
        _cell("Kind", row.kind, class_name=""),
        _cell("Size", row.size),
        _cell("Price", row.price),
        _cell("Notional", row.notional),
        _cell("Fee", row.fee),
        _cell("Realised", rx.el.span(row.realized, custom_attrs={"data-tone": row.realized_tone})),
        _cell(
            "Signature", rx.el.span(row.signature_short, class_name="mono t3", title=row.signature)
        ),
        key=row.key,
    )
