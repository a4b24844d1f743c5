"""Chart panel: candles with the trader's own position and orders drawn on them."""

import reflex as rx

from quantdesk.ui.components.feed import age_chip, candle_chart
from quantdesk.ui.components.icon import triangle
from quantdesk.ui.components.phone_bar import view_button
from quantdesk.ui.states.account import AccountState
from quantdesk.ui.states.market import MarketState
from quantdesk.ui.states.ticket import TicketState

_RESOLUTIONS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "4h": 14_400, "1d": 86_400}


def chart_panel() -> rx.Component:
    """Resolution buttons, chart, and on phones the two big side buttons."""
    symbol = MarketState.market.symbol
    return rx.el.section(
        rx.el.div(
            rx.el.div(
                *(
                    rx.el.button(
                        name,
                        type="button",
                        on_click=MarketState.choose_resolution(seconds),
                        aria_pressed=MarketState.resolution_s == seconds,
                    )
                    for name, seconds in _RESOLUTIONS.items()
                ),
                class_name="res",
                role="group",
                aria_label="Candle length",
            ),
            rx.el.div(class_name="grow"),
            age_chip(symbol),
            class_name="panel-head",
        ),
        rx.el.div(
            candle_chart(
                symbol, MarketState.resolution_s, AccountState.chart_lines, AccountState.chart_marks
            ),
            class_name="chart",
        ),
        rx.el.div(
            view_button(
                triangle("up"),
                "Long",
                view="trade",
                class_name="act",
                side="long",
                on_press=TicketState.choose_side("long"),
            ),
            view_button(
                triangle("down"),
                "Short",
                view="trade",
                class_name="act",
                side="short",
                on_press=TicketState.choose_side("short"),
            ),
            class_name="phone-sides phone-only",
        ),
        class_name="chart-panel panel",
        aria_label="Chart",
    )
