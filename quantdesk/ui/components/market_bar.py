"""Market bar: the market on screen and its live figures."""

import reflex as rx

from quantdesk.ui.components.feed import age_chip, live_price, live_stat, live_title
from quantdesk.ui.components.icon import icon
from quantdesk.ui.states.market import MarketState


def market_bar() -> rx.Component:
    """Selector, mark, and the figures that matter before an order."""
    symbol = MarketState.market.symbol
    return rx.el.section(
        rx.el.button(
            rx.el.span(rx.el.h1(symbol), icon("caret-down", 14), class_name="row"),
            rx.el.span(
                "Cross · ",
                MarketState.market.max_leverage,
                "×",
                rx.el.kbd("/", class_name="key desk-only"),
                class_name="row t3",
            ),
            type="button",
            class_name="selector",
            on_click=MarketState.open_selector,
            aria_label="Choose a market",
            aria_haspopup="dialog",
        ),
        rx.el.div(
            live_price(symbol), rx.el.span("mark", class_name="t3 desk-only"), class_name="mark"
        ),
        rx.el.dl(
            _stat("Oracle", live_stat(symbol, "oracle"), age_chip(symbol), name="oracle"),
            _stat("24 h change", live_stat(symbol, "change_24h"), name="change"),
            _stat("24 h volume", live_stat(symbol, "volume_24h"), name="volume"),
            _stat("Open interest L / S", live_stat(symbol, "open_interest"), name="interest"),
            _stat("Funding / 1 h", live_stat(symbol, "funding_1h"), name="funding"),
            _stat("24 h low – high", live_stat(symbol, "range_24h"), name="range"),
            class_name="stats",
        ),
        live_title(symbol),
        class_name="market-bar panel",
        aria_label="Market",
    )


def _stat(label: str, figure: rx.Component, *beside: rx.Component, name: str) -> rx.Component:
    return rx.el.div(rx.el.dt(label, *beside), rx.el.dd(figure), class_name=f"stat stat-{name}")
