"""Reflex configuration: one process, one origin, no Radix, nothing fetched at run time."""

import reflex as rx
from reflex.constants import StateManagerMode

from quantdesk.settings import Settings
from quantdesk.ui import theme

# Baked into the bundle, then replaced by the address the page was loaded from.
_BUILD_ORIGIN = "http://localhost:8000"

config = rx.Config(
    app_name="quantdesk",
    api_url=_BUILD_ORIGIN,
    deploy_url=_BUILD_ORIGIN,
    cors_allowed_origins=[Settings.from_env().public_origin],
    # One web process by design: tabs live in its memory and are rebuilt from cookie and chain.
    state_manager_mode=StateManagerMode.MEMORY,
    telemetry_enabled=False,
    show_built_with_reflex=False,
    default_color_mode=theme.DEFAULT_COLOR_MODE,
    frontend_packages=theme.FONT_PACKAGES,
    hydrate_fallback="quantdesk.ui.shell.loading",
    disable_plugins=[rx.plugins.SitemapPlugin],
)
