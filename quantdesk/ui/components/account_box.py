"""Account box: equity, free collateral, how much of it margin uses, deposit and withdraw."""

import reflex as rx

from quantdesk.ui.components.feed import live_equity, live_unrealized
from quantdesk.ui.states.account import AccountState
from quantdesk.ui.states.funds import FundsState
from quantdesk.ui.states.session import SessionState


def account_box() -> rx.Component:
    """The head of the ticket; guests do not see it."""
    return rx.cond(
        SessionState.signed_in,
        rx.el.div(
            rx.el.div(
                rx.el.b("Account"),
                rx.el.span("Main · cross", class_name="t3"),
                rx.el.div(class_name="grow"),
                rx.el.button(
                    "Withdraw",
                    type="button",
                    class_name="btn quiet",
                    on_click=FundsState.open_dialog("withdraw"),
                ),
                rx.el.button(
                    "Deposit",
                    type="button",
                    class_name="btn",
                    on_click=FundsState.open_dialog("deposit"),
                ),
                class_name="row",
            ),
            equity_lines(),
            class_name="account-box",
        ),
    )


def equity_lines() -> rx.Component:
    """Equity, unrealised PnL and the margin bar; also the head of the phone's positions."""
    return rx.fragment(
        rx.el.div(
            rx.el.div(
                rx.el.div("Equity", class_name="t3"),
                rx.el.div(
                    live_equity(AccountState.balance_e6, AccountState.exposures),
                    rx.el.span(" USDC", class_name="t3 unit"),
                    class_name="equity",
                ),
            ),
            rx.el.div(
                rx.el.div("Unrealised PnL", class_name="t3"),
                rx.el.div(live_unrealized(AccountState.exposures), class_name="unrealised"),
                class_name="num",
            ),
            class_name="row spread equity-row",
        ),
        rx.el.div(
            rx.el.span("Initial requirement", class_name="t3"),
            rx.el.span(
                rx.el.b(AccountState.initial, class_name="t1"),
                " of ",
                AccountState.margin_equity,
                " · ",
                AccountState.margin_percent,
                class_name="t3",
            ),
            class_name="row spread",
        ),
        rx.el.div(
            rx.el.i(style={"width": AccountState.margin_width}),
            class_name="meter",
            role="progressbar",
            aria_label="Initial requirement as a share of equity",
            aria_valuenow=AccountState.margin_now,
            aria_valuemin=0,
            aria_valuemax=100,
            custom_attrs={"data-tone": AccountState.margin_tone},
        ),
    )
