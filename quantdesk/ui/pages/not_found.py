"""Not found: says so and offers the way back."""

import reflex as rx

from quantdesk.ui.components.icon import icon
from quantdesk.ui.shell import shell


def not_found() -> rx.Component:
    """The page for every address that is not one."""
    return shell(
        "",
        icon("magnifying-glass", 24),
        rx.el.h1("There is no page here"),
        rx.el.p("The address may be mistyped, or the page is not built yet.", class_name="t2"),
        rx.el.a("Go to the terminal", href="/trade", class_name="btn main large"),
        class_name="not-found",
    )
