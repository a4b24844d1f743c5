"""Phone bar: the five views of the small screen; the browser keeps which one shows."""

from typing import Any

import reflex as rx

from quantdesk.ui.components.icon import outline

_SOURCE = rx.asset("phone_bar.jsx", shared=True)
_ICONS = {
    "markets": "list-dashes",
    "chart": "chart-line-up",
    "trade": "arrows-down-up",
    "positions": "stack",
    "account": "user-circle",
}


class PhoneBar(rx.NoSSRComponent):
    """Bottom navigation; `badge` counts open positions."""

    library = _SOURCE.importable_path
    tag = "PhoneBar"
    icons: rx.Var[dict[str, str]]
    badge: rx.Var[int]


class ViewButton(rx.NoSSRComponent):
    """A button that also brings a phone to `view`."""

    library = _SOURCE.importable_path
    tag = "ViewButton"
    view: rx.Var[str]
    label: rx.Var[str]
    side: rx.Var[str]
    on_press: rx.EventHandler[rx.event.no_args_event_spec]


def phone_bar(badge: Any) -> rx.Component:
    """The bar with its icons; hidden on a desk by the stylesheet."""
    return PhoneBar.create(
        icons={name: outline(source) for name, source in _ICONS.items()}, badge=badge
    )


view_button = ViewButton.create
