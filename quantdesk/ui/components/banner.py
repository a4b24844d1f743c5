"""Banner: offline, back online, degraded; nothing at all when everything works."""

import reflex as rx
from reflex_components_core.core.banner import (  # type: ignore[import-untyped]
    has_connection_errors,
)

from quantdesk.ui.states.session import SessionState

_SOURCE = rx.asset("banner.jsx", shared=True)


class ConnectionBanner(rx.NoSSRComponent):
    """The sentence under the header while something is wrong."""

    library = _SOURCE.importable_path
    tag = "ConnectionBanner"
    connected: rx.Var[bool]
    degraded: rx.Var[str]


def connection_banner() -> rx.Component:
    """The banner, bound to the page's own socket."""
    return ConnectionBanner.create(connected=~has_connection_errors, degraded=SessionState.degraded)
