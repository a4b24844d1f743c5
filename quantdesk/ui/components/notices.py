"""Notices: the outcome of each order and transfer, one per act, announced to screen readers."""

import reflex as rx

from quantdesk.ui.components.icon import icon
from quantdesk.ui.rows import Notice
from quantdesk.ui.states.notices import NoticesState

_SOURCE = rx.asset("notices.jsx", shared=True)
_STAY_MS = 7000


class Leave(rx.NoSSRComponent):
    """Calls `on_leave` once, `after` milliseconds; never while `after` is 0."""

    library = _SOURCE.importable_path
    tag = "Leave"
    after: rx.Var[int]
    on_leave: rx.EventHandler[rx.event.no_args_event_spec]


def notices() -> rx.Component:
    """The stack in the corner; new outcomes are read out politely."""
    return rx.el.div(
        rx.foreach(NoticesState.notices, _notice),
        class_name="notices",
        role="status",
        custom_attrs={"aria-live": "polite", "aria-relevant": "additions text"},
    )


def _notice(notice: rx.Var[Notice]) -> rx.Component:
    return rx.el.div(
        rx.match(
            notice.tone,
            ("ok", icon("check-circle")),
            ("error", icon("x-circle")),
            ("warn", icon("question")),
            rx.el.span(icon("circle-notch"), class_name="spin"),
        ),
        rx.el.div(
            rx.el.div(
                rx.el.b(notice.title),
                rx.el.span(notice.time, class_name="t3"),
                class_name="row spread",
            ),
            rx.el.p(notice.text),
            class_name="grow",
        ),
        rx.el.button(
            icon("x", 12),
            type="button",
            aria_label="Dismiss",
            class_name="dismiss",
            on_click=NoticesState.dismiss(notice.key),
        ),
        Leave.create(
            after=rx.cond(notice.final & ~notice.sticky, _STAY_MS, 0),
            on_leave=NoticesState.dismiss(notice.key),
        ),
        key=notice.key,
        class_name="notice",
        custom_attrs={"data-tone": notice.tone},
    )
