"""The ticket's one button; on a phone it is Review first, then Edit beside Place."""

import reflex as rx

from quantdesk.ui.components.icon import icon, triangle
from quantdesk.ui.components.wallet import connect_button
from quantdesk.ui.states.placing import PlacingState
from quantdesk.ui.states.ticket import TicketState


def ticket_button() -> rx.Component:
    """The button, its side arrow, its key and the line under it."""
    return rx.el.div(
        rx.cond(
            PlacingState.action == "connect",
            rx.el.div(connect_button("act connect-act", PlacingState.label), class_name="act-main"),
            rx.el.div(_review(), _edit(), _act(), class_name="act-pair"),
        ),
        rx.el.p(PlacingState.hint, class_name="act-hint"),
        class_name="ticket-act",
    )


def _act() -> rx.Component:
    return rx.el.button(
        rx.match(
            PlacingState.tone,
            ("long", triangle("up")),
            ("short", triangle("down")),
            ("busy", rx.el.span(icon("circle-notch", 14), class_name="spin")),
            rx.fragment(),
        ),
        rx.el.span(PlacingState.label),
        rx.cond(
            PlacingState.action == "place",
            rx.el.kbd("Enter", class_name="key desk-only"),
        ),
        type="button",
        id="place",
        class_name="act",
        on_click=PlacingState.press,
        aria_disabled=PlacingState.tone == "busy",
        custom_attrs={
            "data-tone": PlacingState.tone,
            "data-action": PlacingState.action,
        },
    )


def _review() -> rx.Component:
    return rx.el.button(
        rx.cond(TicketState.side == "long", triangle("up"), triangle("down")),
        rx.el.span("Review ", TicketState.side),
        type="button",
        id="review",
        class_name="act review",
        on_click=TicketState.walk("preview"),
        custom_attrs={
            "data-tone": TicketState.side,
            "data-show": PlacingState.action == "place",
        },
    )


def _edit() -> rx.Component:
    return rx.el.button(
        "Edit", type="button", class_name="btn large edit", on_click=TicketState.walk("edit")
    )
