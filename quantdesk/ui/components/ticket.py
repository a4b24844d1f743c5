"""Ticket: side, kind, size, the receipt before → after, and one button that says what is next."""

from typing import Any

import reflex as rx

from quantdesk.ui.components.account_box import account_box
from quantdesk.ui.components.contract import contract_facts
from quantdesk.ui.components.icon import icon, triangle
from quantdesk.ui.components.receipt import receipt
from quantdesk.ui.components.text_field import text_field
from quantdesk.ui.components.ticket_button import ticket_button
from quantdesk.ui.states.market import MarketState
from quantdesk.ui.states.sizing import SizingState
from quantdesk.ui.states.ticket import TicketState
from quantdesk.ui.states.verdict import VerdictState

_QUARTERS = (25, 50, 75, 100)


def ticket() -> rx.Component:
    """The side column of the desk and the Trade view of the phone."""
    return rx.el.section(
        account_box(),
        _steps(),
        rx.el.div(
            _side(),
            _kinds(),
            _leverage(),
            _limit_price(),
            _size(),
            _quarters(),
            _reduce_only(),
            class_name="ticket-fields",
        ),
        rx.el.div(contract_facts(), class_name="ticket-room desk-only"),
        rx.el.div(
            _summary(),
            receipt(),
            ticket_button(),
            class_name="ticket-receipt",
        ),
        class_name="ticket panel",
        aria_label="Order ticket",
        custom_attrs={"data-step": TicketState.step},
    )


def _steps() -> rx.Component:
    return rx.el.ol(
        *(
            rx.el.li(name.title(), custom_attrs={"data-on": TicketState.steps_done.contains(name)})
            for name in ("edit", "preview", "placing", "done")
        ),
        class_name="steps phone-only",
    )


def _summary() -> rx.Component:
    return rx.el.div(
        rx.el.b(
            rx.cond(TicketState.side == "long", triangle("up"), triangle("down")),
            rx.cond(TicketState.side == "long", "Long ", "Short "),
            TicketState.size_text,
            " ",
            MarketState.market.base,
            custom_attrs={"data-side": TicketState.side},
        ),
        rx.el.b(VerdictState.expected),
        rx.el.span(
            rx.cond(TicketState.kind == "limit", "Limit · or better", "Market · at the next price"),
            rx.cond(TicketState.reduce_only, " · reduce-only", ""),
            class_name="t2",
        ),
        rx.el.span("≈ ", VerdictState.notional, " USD", class_name="t2 num"),
        class_name="ticket-summary phone-only",
    )


def _side() -> rx.Component:
    def side(name: str, direction: str) -> rx.Component:
        return rx.el.button(
            triangle(direction),
            name.title(),
            type="button",
            on_click=TicketState.choose_side(name),
            aria_pressed=TicketState.side == name,
            custom_attrs={"data-on": TicketState.side == name, "data-side": name},
        )

    return rx.el.div(
        side("long", "up"),
        side("short", "down"),
        class_name="segment sides",
        role="group",
        aria_label="Side",
    )


def _kinds() -> rx.Component:
    def kind(name: str) -> rx.Component:
        return rx.el.button(
            name.title(),
            type="button",
            role="tab",
            class_name="tab",
            on_click=TicketState.choose_kind(name),
            aria_selected=TicketState.kind == name,
        )

    return rx.el.div(
        rx.el.div(
            kind("market"),
            kind("limit"),
            class_name="tabs",
            role="tablist",
            aria_label="Order kind",
        ),
        rx.el.button(
            SizingState.leverage,
            "×",
            icon("caret-down", 12),
            type="button",
            class_name="btn leverage",
            title="Leverage that the size slider may use",
            aria_label="Leverage for sizing",
            aria_expanded=SizingState.leverage_open,
            on_click=SizingState.toggle_leverage,
        ),
        class_name="row spread kinds",
    )


def _leverage() -> rx.Component:
    return rx.cond(
        SizingState.leverage_open,
        rx.el.div(
            rx.el.label(
                rx.el.span("Leverage ", rx.el.b(SizingState.leverage, "×")),
                rx.el.input(
                    type="range",
                    class_name="slider",
                    min=1,
                    max=MarketState.market.max_leverage,
                    step=1,
                    value=SizingState.leverage,
                    on_change=SizingState.choose_leverage,
                ),
            ),
            rx.el.p(
                "100 % of the slider is free collateral × this. This account may use up to ",
                MarketState.market.max_leverage,
                "×; large positions less.",
                class_name="t3",
            ),
            class_name="leverage-row",
        ),
    )


def _limit_price() -> rx.Component:
    return rx.cond(
        TicketState.kind == "limit",
        _field(
            "Limit price",
            rx.el.span("USD", class_name="unit"),
            rx.el.button(
                "Mark",
                type="button",
                class_name="key",
                on_click=TicketState.use_mark,
                title="Set to the mark price",
            ),
            text=TicketState.price_text,
            on_change=TicketState.type_price,
            problem=VerdictState.price_problem,
        ),
    )


def _size() -> rx.Component:
    return rx.el.div(
        _field(
            "Size",
            rx.el.span(MarketState.market.base, class_name="unit"),
            text=TicketState.size_text,
            on_change=TicketState.type_size,
            problem=VerdictState.size_problem,
        ),
        rx.el.div(
            rx.el.span("≈ ", VerdictState.notional, " USD"),
            rx.el.span("max ", VerdictState.max_size, " ", MarketState.market.base),
            class_name="row spread t3",
        ),
        class_name="stack",
    )


def _quarters() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.input(
                type="range",
                class_name="slider",
                min=0,
                max=100,
                step=1,
                value=SizingState.share,
                on_change=SizingState.choose_percent,
                aria_label="Size in percent of the largest order",
                style={"--fill": f"{SizingState.share}%"},
            ),
            rx.el.output(SizingState.share, " %", class_name="key percent"),
            class_name="row",
        ),
        rx.el.div(
            *(
                rx.el.button(
                    rx.el.span(f"{part} %"),
                    rx.el.span(str(at), class_name="t3 desk-only"),
                    type="button",
                    class_name="btn",
                    on_click=SizingState.choose_percent(part),
                )
                for at, part in enumerate(_QUARTERS, start=1)
            ),
            class_name="quarters",
        ),
        class_name="stack",
    )


def _reduce_only() -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="checkbox",
            checked=TicketState.reduce_only,
            disabled=VerdictState.reduce_only_reason != "",
            on_change=TicketState.choose_reduce_only,
        ),
        rx.el.span("Reduce-only"),
        rx.el.span(VerdictState.reduce_only_reason, class_name="t3"),
        class_name="check",
        title="The order may only make your position smaller",
    )


def _field(
    name: str, *after: rx.Component, text: Any, on_change: Any, problem: Any
) -> rx.Component:
    field_id = name.split()[-1].lower()
    return rx.el.div(
        rx.el.label(
            rx.el.span(name, class_name="name"),
            text_field(
                id=field_id,
                value=text,
                on_text=on_change,
                placeholder="0.00",
                input_mode="decimal",
                custom_attrs={
                    "autoComplete": "off",
                    "aria-invalid": problem != "",
                    "aria-describedby": f"{field_id}-note",
                },
            ),
            *after,
            class_name="field-box",
        ),
        rx.cond(
            problem != "",
            rx.el.p(problem, id=f"{field_id}-note", class_name="field-note", role="alert"),
        ),
        class_name="field",
        custom_attrs={"data-state": rx.cond(problem != "", "error", "")},
    )
