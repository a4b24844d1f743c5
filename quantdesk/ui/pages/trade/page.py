"""Trade: market, chart, ticket and tables on one screen."""

import reflex as rx

from quantdesk.ui.components.chart_panel import chart_panel
from quantdesk.ui.components.footer import chart_credit
from quantdesk.ui.components.header import account_actions
from quantdesk.ui.components.hotkeys import hotkeys
from quantdesk.ui.components.market_bar import market_bar
from quantdesk.ui.components.market_list import market_selector, watch_list
from quantdesk.ui.components.phone_bar import phone_bar
from quantdesk.ui.components.pulse import pulse
from quantdesk.ui.components.tables import tables
from quantdesk.ui.components.ticket import ticket
from quantdesk.ui.components.wallet import connect_button
from quantdesk.ui.shell import shell
from quantdesk.ui.states.account import AccountState
from quantdesk.ui.states.funds import FundsState
from quantdesk.ui.states.market import MarketState
from quantdesk.ui.states.notices import NoticesState
from quantdesk.ui.states.session import SessionState
from quantdesk.ui.states.sizing import SizingState
from quantdesk.ui.states.tables import TablesState
from quantdesk.ui.states.ticket import TicketState

_MARKETS_MS = 10_000
_CALM_MS = 3000
_ANXIOUS_MS = 1000


def trade() -> rx.Component:
    """The terminal."""
    return shell(
        "Trade",
        watch_list(),
        market_bar(),
        chart_panel(),
        tables(),
        ticket(),
        _account_view(),
        phone_bar(TablesState.positions.length()),
        market_selector(),
        pulse(every=_MARKETS_MS, on_pulse=MarketState.load),
        pulse(
            every=rx.cond(
                SessionState.signed_in,
                rx.cond(NoticesState.unfinished, _ANXIOUS_MS, _CALM_MS),
                0,
            ),
            on_pulse=AccountState.refresh,
        ),
        hotkeys(
            on_search=MarketState.open_selector,
            on_help=FundsState.open_dialog("shortcuts"),
            on_side=TicketState.choose_side,
            on_kind=TicketState.choose_kind,
            on_quarter=SizingState.choose_percent,
            on_escape=TicketState.clear,
        ),
        class_name="trade",
    )


def _account_view() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Account"),
        rx.cond(
            SessionState.signed_in,
            rx.fragment(
                account_actions(),
                rx.el.a("Portfolio and movements", href="/portfolio", class_name="btn large"),
            ),
            rx.fragment(
                rx.el.p(
                    "Prices are live without an account. Connect a wallet to trade.",
                    class_name="t2",
                ),
                connect_button("act connect-act"),
            ),
        ),
        rx.el.div(class_name="grow"),
        chart_credit(),
        class_name="account-view panel phone-only",
        aria_label="Account",
    )
