"""Positions: what is open, live, with the way out beside it."""

import reflex as rx

from quantdesk.ui.components.empty import empty
from quantdesk.ui.components.feed import live_distance, live_notional, live_pnl, live_price
from quantdesk.ui.rows import PositionRow
from quantdesk.ui.states.close import CloseState
from quantdesk.ui.states.market import MarketState
from quantdesk.ui.states.tables import TablesState

_COLUMNS = (
    ("Market", ""),
    ("Size", "num"),
    ("Notional, USD", "num"),
    ("Entry", "num"),
    ("Mark", "num"),
    ("Liquidation", "num"),
    ("Margin", "num"),
    ("Unrealised PnL", "num"),
    ("Net funding", "num"),
    ("Close", "num act-cell"),
)


def heads(columns: tuple[tuple[str, str], ...]) -> rx.Component:
    """The header row of a table."""
    return rx.el.thead(rx.el.tr(*(_head(name, kind) for name, kind in columns)))


def _head(name: str, kind: str) -> rx.Component:
    # A column of buttons needs no title for those who see the buttons.
    title = rx.el.span(name, class_name="sr-only") if "act-cell" in kind else name
    return rx.el.th(title, scope="col", class_name=kind)


def nothing(icon_name: str, what: str) -> rx.Component:
    """The sentence of an empty table; it names the market when only one is looked at."""
    return empty(
        icon_name,
        rx.cond(
            TablesState.only_symbol == "",
            f"You have no {what}.",
            f"You have no {what} in " + TablesState.only_symbol + ".",
        ),
    )


def positions_table() -> rx.Component:
    """The open positions that are asked for, or one sentence."""
    return rx.cond(
        TablesState.shown_positions.length() > 0,
        rx.el.table(
            heads(_COLUMNS),
            rx.el.tbody(rx.foreach(TablesState.shown_positions, _line)),
            class_name="table cards positions",
        ),
        nothing("stack", "open positions"),
    )


def _line(row: rx.Var[PositionRow]) -> rx.Component:
    def cell(label: str, *content: object, class_name: str = "num") -> rx.Component:
        return rx.el.td(*content, class_name=class_name, custom_attrs={"data-label": label})

    return rx.el.tr(
        rx.el.td(
            rx.el.span(
                rx.cond(row.side == "long", "L", "S"),
                class_name="letter",
                title=row.side,
                custom_attrs={"data-side": row.side},
            ),
            rx.el.button(
                row.base,
                type="button",
                class_name="strong",
                title="Show this market",
                on_click=MarketState.choose(row.symbol),
            ),
            rx.el.span(row.leverage, class_name="tag"),
            class_name="name-cell",
        ),
        cell("Size", row.size),
        cell("Notional", live_notional(row.symbol, row.size_e9)),
        cell("Entry", row.entry),
        cell("Mark", live_price(row.symbol)),
        cell(
            "Liquidation",
            rx.cond(
                row.liquidation_e6 > 0,
                rx.fragment(
                    rx.el.span(row.liquidation, class_name="warn"),
                    " ",
                    live_distance(row.symbol, row.liquidation_e6),
                ),
                rx.el.span("None", class_name="t3"),
            ),
        ),
        cell("Margin", row.margin),
        cell(
            "PnL",
            live_pnl(row.symbol, row.size_e9, row.entry_e6, row.margin_e6),
            class_name="num pnl-cell",
        ),
        cell("Net funding", rx.el.span(row.funding, custom_attrs={"data-tone": row.funding_tone})),
        rx.el.td(
            rx.el.button(
                "Close",
                type="button",
                class_name="btn",
                aria_label="Close " + row.symbol,
                on_click=CloseState.choose(row.symbol),
            ),
            class_name="num act-cell",
        ),
        key=row.symbol,
    )
