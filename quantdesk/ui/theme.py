"""Theme: which stylesheets make the look, and the names Python needs from them.

Colours, fonts and measures live in `assets/app.css` and nowhere else.
"""

import reflex as rx

STYLESHEETS = [
    "/app.css",
    "/base.css",
    "/shell.css",
    "/trade.css",
    "/chart.css",
    "/ticket.css",
    "/dialog.css",
    "/portfolio.css",
    "/phone.css",
]
FONT_PACKAGES = ["@fontsource-variable/inter@5.3.0", "@fontsource-variable/geist-mono@5.3.0"]
DEFAULT_COLOR_MODE = "dark"
PAGE_COLOR = "#0a0b0d"


def head() -> list[rx.Component]:
    """What every page's head holds: icon, manifest, colours of the browser's own chrome."""
    return [
        rx.el.link(rel="icon", type="image/svg+xml", href="/icon.svg"),
        rx.el.link(rel="manifest", href="/manifest.webmanifest"),
        rx.el.meta(name="theme-color", content=PAGE_COLOR),
        rx.el.meta(name="color-scheme", content="dark light"),
    ]
