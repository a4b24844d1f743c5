"""Reflex entry: builds `app` and registers every page."""

import reflex as rx

from quantdesk.ui import theme
from quantdesk.ui.pages.trade.page import trade

app = rx.App(
    stylesheets=theme.STYLESHEETS,
    html_lang="en",
    html_custom_attrs={"class": "dark"},
)
app.add_page(trade, route="/", title="QuantDesk")
app.add_page(trade, route="/trade", title="QuantDesk")
