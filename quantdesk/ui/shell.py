"""Shell: what surrounds every page: header, banner, notices, dialogs, footer."""

import reflex as rx

from quantdesk.ui.components.banner import connection_banner
from quantdesk.ui.components.feed import feed_banner
from quantdesk.ui.components.footer import footer
from quantdesk.ui.components.funds_dialogs import funds_dialogs
from quantdesk.ui.components.header import header
from quantdesk.ui.components.notices import notices
from quantdesk.ui.components.wallet import wallet_bridge


def shell(page: str, *children: rx.Component, class_name: str) -> rx.Component:
    """The frame around a page called `page`."""
    return rx.el.div(
        rx.el.a("Skip to the page", href="#main", class_name="skip"),
        header(page),
        rx.el.div(connection_banner(), feed_banner(), class_name="banners"),
        rx.el.main(*children, id="main", class_name=class_name),
        footer(),
        funds_dialogs(),
        wallet_bridge(),
        notices(),
        class_name="shell",
    )


def loading() -> rx.Component:
    """What stands for a moment before the page does: the same ground, nothing that jumps."""
    return rx.el.div(class_name="shell-loading", aria_busy="true")
