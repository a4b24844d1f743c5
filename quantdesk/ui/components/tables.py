"""Tables: positions, orders and fills of the account, as real tables."""

from typing import Any

import reflex as rx

from quantdesk.ui.components.account_box import equity_lines
from quantdesk.ui.components.icon import icon
from quantdesk.ui.components.order_tables import fills_table, orders_table
from quantdesk.ui.components.positions_table import positions_table
from quantdesk.ui.components.wallet import connect_button
from quantdesk.ui.states.account import AccountState
from quantdesk.ui.states.session import SessionState
from quantdesk.ui.states.tables import TablesState


def tables() -> rx.Component:
    """The bottom panel of the desk and the Positions view of phones."""
    return rx.el.section(
        rx.cond(
            SessionState.signed_in,
            rx.el.div(
                rx.el.h2("Positions"), equity_lines(), class_name="positions-head phone-only"
            ),
        ),
        rx.el.div(
            rx.el.div(
                _tab("positions", "Positions", TablesState.positions.length()),
                _tab("orders", "Orders", TablesState.orders.length()),
                _tab("fills", "Fills", 0),
                class_name="tabs",
                role="tablist",
                aria_label="Account tables",
            ),
            rx.el.div(class_name="grow"),
            rx.cond(SessionState.signed_in, _this_market_only()),
            class_name="panel-head",
        ),
        rx.el.div(
            rx.cond(
                SessionState.signed_in,
                rx.cond(
                    AccountState.loaded,
                    rx.match(
                        TablesState.table,
                        ("orders", orders_table()),
                        ("fills", fills_table()),
                        positions_table(),
                    ),
                    _loading(),
                ),
                _guest(),
            ),
            class_name="tables-body",
            role="tabpanel",
            tab_index=0,
            aria_label=TablesState.table,
        ),
        class_name="tables panel",
        aria_label="Positions, orders and fills",
    )


def _tab(name: str, label: str, count: Any) -> rx.Component:
    return rx.el.button(
        label,
        rx.cond(count > 0, rx.el.span(count, class_name="count"))
        if not isinstance(count, int)
        else rx.fragment(),
        type="button",
        role="tab",
        class_name="tab",
        aria_selected=TablesState.table == name,
        on_click=TablesState.show_table(name),
    )


def _this_market_only() -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            checked=TablesState.this_market_only,
            on_change=TablesState.show_this_market_only,
        ),
        rx.el.span("This market only"),
        class_name="check desk-only",
    )


def _guest() -> rx.Component:
    return rx.el.div(
        icon("stack", 24),
        rx.el.p("Connect a wallet to see your positions."),
        connect_button("btn"),
        class_name="empty",
    )


def _loading() -> rx.Component:
    line = rx.el.div(*(rx.el.i(class_name="skeleton") for _ in range(6)), class_name="row spread")
    return rx.el.div(line, line, line, class_name="loading", aria_busy="true")
