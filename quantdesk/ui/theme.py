"""Theme: which stylesheets make the look, and the names Python needs from them.

Colours, fonts and measures live in `assets/app.css` and nowhere else.
"""

STYLESHEETS = [
    "/app.css",
    "/base.css",
    "/shell.css",
    "/trade.css",
    "/ticket.css",
    "/dialog.css",
    "/portfolio.css",
    "/phone.css",
]
FONT_PACKAGES = ["@fontsource-variable/inter@5.3.0", "@fontsource-variable/geist-mono@5.3.0"]
DEFAULT_COLOR_MODE = "dark"
PAGE_COLOR = "#0a0b0d"
