"""Header: mark, pages, network, theme, and the account menu or Connect wallet."""

from typing import Any

import reflex as rx

from quantdesk.ui.components.icon import icon, logo
from quantdesk.ui.components.menu import menu
from quantdesk.ui.components.wallet import connect_button, sign_out_button
from quantdesk.ui.states.funds import FundsState
from quantdesk.ui.states.session import SessionState


def header(page: str) -> rx.Component:
    """The top bar; `page` is the name of the link that is current."""
    return rx.el.header(
        rx.el.a(logo(), rx.el.span("QuantDesk"), href="/trade", class_name="brand"),
        rx.el.nav(
            _link("Trade", "/trade", page),
            _link("Portfolio", "/portfolio", page),
            class_name="pages",
            aria_label="Pages",
        ),
        rx.el.div(class_name="grow"),
        rx.el.span(SessionState.network, class_name="network", title="The network you trade on"),
        _theme_button(),
        rx.cond(SessionState.signed_in, _account_menu(), connect_button("btn main connect")),
        class_name="header",
    )


def _link(name: str, href: str, page: str) -> rx.Component:
    current = {"aria-current": "page"} if name == page else {}
    return rx.el.a(name, href=href, custom_attrs=current)


def _theme_button() -> rx.Component:
    return rx.el.button(
        rx.color_mode_cond(light=icon("moon"), dark=icon("sun")),
        type="button",
        class_name="btn quiet icon-only",
        aria_label="Switch between dark and light",
        title="Dark or light",
        on_click=rx.toggle_color_mode,
    )


def _account_menu() -> rx.Component:
    return menu(
        rx.el.summary(
            rx.el.i(class_name="avatar"),
            rx.el.span("Main", class_name="strong"),
            rx.el.span(SessionState.short_address, class_name="mono t3"),
            icon("caret-down", 12),
            class_name="btn",
            aria_label="Account menu",
        ),
        account_actions(),
        class_name="menu",
    )


def account_actions() -> rx.Component:
    """Everything one does with the account itself; also the phone's Account view."""
    return rx.el.div(
        rx.el.div(
            rx.el.span("Signed in as", class_name="t3"),
            rx.el.span(SessionState.address, class_name="mono address"),
            class_name="menu-head",
        ),
        _action("arrow-down", "Deposit", FundsState.open_dialog("deposit")),
        _action("arrow-right", "Withdraw", FundsState.open_dialog("withdraw")),
        rx.cond(
            SessionState.can_faucet,
            _action("drop", "Get test funds", FundsState.open_dialog("faucet")),
        ),
        sign_out_button(),
        class_name="menu-body",
    )


def _action(icon_name: str, label: str, on_click: Any) -> rx.Component:
    return rx.el.button(icon(icon_name, 14), label, type="button", on_click=on_click)
