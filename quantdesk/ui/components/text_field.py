"""Text field: typing stays in the browser, the state hears of it after a short wait."""

import reflex as rx

_SOURCE = rx.asset("text_field.jsx", shared=True)


class TextField(rx.Component):
    """An `<input>` whose `on_text` gets the text; `value` wins only when the server changed it."""

    library = _SOURCE.importable_path
    tag = "TextField"
    value: rx.Var[str]
    placeholder: rx.Var[str]
    input_mode: rx.Var[str]
    auto_focus: rx.Var[bool]
    on_text: rx.EventHandler[rx.event.passthrough_event_spec(str)]


text_field = TextField.create
