"""Pulse: a visible page that looks again; no loop on the server outlives its tab."""

import reflex as rx

_SOURCE = rx.asset("pulse.jsx", shared=True)


class Pulse(rx.NoSSRComponent):
    """Calls `on_pulse` each `every` milliseconds while the page is visible; 0 rests."""

    library = _SOURCE.importable_path
    tag = "Pulse"
    every: rx.Var[int]
    on_pulse: rx.EventHandler[rx.event.no_args_event_spec]


pulse = Pulse.create
