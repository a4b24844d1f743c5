"""Modal: a native `<dialog>` that opens and closes with a variable."""

import reflex as rx

_SOURCE = rx.asset("modal.jsx", shared=True)


class Modal(rx.NoSSRComponent):
    """Children are mounted only while it is open, so a closed dialog costs nothing."""

    library = _SOURCE.importable_path
    tag = "Modal"
    open: rx.Var[bool]
    label: rx.Var[str]
    size: rx.Var[str]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


modal = Modal.create
