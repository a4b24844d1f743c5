"""Hotkeys: the keyboard of the trade page, one listener for all of it."""

import reflex as rx

_SOURCE = rx.asset("hotkeys.jsx", shared=True)


class Hotkeys(rx.NoSSRComponent):
    """Calls one handler per key; silent while a person types or a dialog is open."""

    library = _SOURCE.importable_path
    tag = "Hotkeys"
    on_search: rx.EventHandler[rx.event.no_args_event_spec]
    on_help: rx.EventHandler[rx.event.no_args_event_spec]
    on_escape: rx.EventHandler[rx.event.no_args_event_spec]
    on_side: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_kind: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_quarter: rx.EventHandler[rx.event.passthrough_event_spec(float)]


hotkeys = Hotkeys.create
