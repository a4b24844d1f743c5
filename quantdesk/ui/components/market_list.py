"""Market list: every market, live; on wide desks, on phones, and in the selector."""

from typing import Any

import reflex as rx

from quantdesk.ui.components.contract import contract_facts
from quantdesk.ui.components.feed import live_price, live_stat
from quantdesk.ui.components.icon import icon
from quantdesk.ui.components.modal import modal
from quantdesk.ui.components.phone_bar import view_button
from quantdesk.ui.components.text_field import text_field
from quantdesk.ui.rows import MarketRow
from quantdesk.ui.states.market import MarketState


def watch_list() -> rx.Component:
    """The left column of wide desks and the Markets view of phones."""
    return rx.el.section(
        rx.el.div(rx.el.h2("Markets"), class_name="panel-head"),
        _table(MarketState.markets),
        contract_facts(),
        class_name="watch panel",
        aria_label="Markets",
    )


def market_selector() -> rx.Component:
    """The dialog behind `/`: search, then Enter takes the first hit."""
    return modal(
        rx.el.form(
            rx.el.label(
                icon("magnifying-glass"),
                text_field(
                    value=MarketState.search_text,
                    on_text=MarketState.search,
                    placeholder="Search markets",
                    auto_focus=True,
                    custom_attrs={"aria-label": "Search markets", "autoComplete": "off"},
                ),
                rx.el.kbd("Esc", class_name="key"),
                class_name="search",
            ),
            on_submit=MarketState.take_first,
        ),
        rx.cond(
            MarketState.found.length() > 0,
            _table(MarketState.found),
            rx.el.div(
                icon("magnifying-glass", 24),
                rx.el.p("No market is called “", MarketState.search_text, "”."),
                class_name="empty",
            ),
        ),
        open=MarketState.selector_open,
        on_close=MarketState.close_selector,
        label="Choose a market",
        size="list",
    )


def _table(markets: Any) -> rx.Component:
    return rx.el.table(
        rx.el.thead(
            rx.el.tr(
                rx.el.th("Market", scope="col"),
                rx.el.th("Mark", scope="col", class_name="num"),
                rx.el.th("24 h", scope="col", class_name="num"),
            )
        ),
        rx.el.tbody(rx.foreach(markets, _line)),
        class_name="table market-table",
    )


def _line(market: rx.Var[MarketRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            view_button(
                rx.el.b(market.base),
                rx.el.span(market.max_leverage, "×", class_name="tag"),
                rx.el.span(
                    "$", live_stat(market.symbol, "volume_24h_compact"), class_name="t3 volume"
                ),
                view="chart",
                class_name="market-name",
                on_press=MarketState.choose(market.symbol),
            )
        ),
        rx.el.td(live_price(market.symbol), class_name="num"),
        rx.el.td(live_stat(market.symbol, "change_24h_percent"), class_name="num change"),
        key=market.symbol,
        custom_attrs={"data-on": market.symbol == MarketState.market.symbol},
    )
