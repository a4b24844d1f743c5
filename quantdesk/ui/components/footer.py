"""Footer: is it working, how old is what I see, and what time is it."""

import reflex as rx

from quantdesk.ui.components.feed import feed_status, scene_label, utc_clock
from quantdesk.ui.states.funds import FundsState
from quantdesk.ui.states.session import SessionState


def footer() -> rx.Component:
    """The bottom bar of the desk."""
    return rx.el.footer(
        feed_status(),
        rx.el.span(scene_label(), class_name="fact scene grow"),
        chart_credit(),
        rx.el.span("Slot ", rx.el.b(SessionState.slot), class_name="fact"),
        rx.el.span("UTC ", utc_clock(), class_name="fact"),
        rx.el.button(
            "Shortcuts ",
            rx.el.kbd("?", class_name="key"),
            type="button",
            class_name="fact",
            on_click=FundsState.open_dialog("shortcuts"),
        ),
        class_name="footer",
    )


def chart_credit() -> rx.Component:
    """The attribution that the chart library's licence asks for."""
    return rx.el.a(
        "Charts by TradingView",
        href="https://www.tradingview.com/",
        target="_blank",
        rel="noopener noreferrer",
        class_name="fact credit",
    )
