"""Dialogs around money: deposit, withdraw, test funds, closing a position; and the key sheet."""

import reflex as rx

from quantdesk.ui.components.icon import icon
from quantdesk.ui.components.modal import modal
from quantdesk.ui.components.receipt import receipt_line
from quantdesk.ui.components.text_field import text_field
from quantdesk.ui.states.close import CloseState
from quantdesk.ui.states.faucet import FaucetState
from quantdesk.ui.states.funds import FundsState

_KEYS = (
    ("/", "Find a market"),
    ("B", "Long"),
    ("S", "Short"),
    ("M", "Market order"),
    ("L", "Limit order"),
    ("1 – 4", "25, 50, 75, 100 % of the largest size"),
    ("Enter", "Place the order"),
    ("Esc", "Clear the ticket, close a dialog"),
    ("?", "This sheet"),
)


_PARTS = (25, 50, 75, 100)


def funds_dialogs() -> rx.Component:
    """All of them; each is mounted only while it is open."""
    return rx.fragment(_transfer(), _faucet(), _close(), _shortcuts())


def _head(title: object, close: object) -> rx.Component:
    return rx.el.div(
        rx.el.h2(title),
        rx.el.button(
            icon("x"),
            type="button",
            class_name="btn quiet icon-only",
            aria_label="Close this dialog",
            on_click=close,
        ),
        class_name="row spread",
    )


def _transfer() -> rx.Component:
    is_deposit = FundsState.dialog == "deposit"
    return modal(
        _head(rx.cond(is_deposit, "Deposit", "Withdraw"), FundsState.close_dialog),
        rx.el.p(
            rx.cond(
                is_deposit,
                "USDC moves from your wallet into the program's vault, as your collateral.",
                "USDC moves from the program's vault to your wallet. Margin in use stays.",
            ),
            class_name="t2",
        ),
        rx.el.div(
            rx.el.label(
                rx.el.span("Sum", class_name="name"),
                text_field(
                    id="transfer-sum",
                    value=FundsState.sum_text,
                    on_text=FundsState.type_sum,
                    placeholder="0.00",
                    input_mode="decimal",
                    auto_focus=True,
                    custom_attrs={
                        "autoComplete": "off",
                        "aria-invalid": FundsState.problem != "",
                        "aria-describedby": "transfer-note",
                    },
                ),
                rx.el.span("USDC", class_name="unit"),
                rx.el.button("Max", type="button", class_name="key", on_click=FundsState.use_most),
                class_name="field-box",
            ),
            rx.el.p(
                rx.cond(
                    FundsState.problem != "",
                    FundsState.problem,
                    rx.cond(is_deposit, "In your wallet: ", "Free to withdraw: ")
                    + FundsState.most
                    + " USDC",
                ),
                id="transfer-note",
                class_name="field-note",
                custom_attrs={"aria-live": "polite"},
            ),
            class_name="field",
            custom_attrs={"data-state": rx.cond(FundsState.problem != "", "error", "")},
        ),
        rx.cond(
            FundsState.held_back != "",
            rx.el.p(FundsState.held_back, class_name="banner", custom_attrs={"data-tone": "info"}),
        ),
        rx.el.button(
            rx.cond(
                FundsState.can_submit,
                rx.cond(is_deposit, "Deposit", "Withdraw"),
                rx.cond(FundsState.problem != "", "Check the sum", "Enter a sum"),
            ),
            type="button",
            class_name="act",
            id="transfer-act",
            on_click=FundsState.submit_transfer,
            custom_attrs={"data-tone": rx.cond(FundsState.can_submit, "main", "reason")},
        ),
        rx.el.p("Your wallet asks you to sign one transaction.", class_name="act-hint"),
        open=(FundsState.dialog == "deposit") | (FundsState.dialog == "withdraw"),
        on_close=FundsState.close_dialog,
        label=rx.cond(is_deposit, "Deposit", "Withdraw"),
        size="small",
    )


def _faucet() -> rx.Component:
    return modal(
        _head("Test funds", FundsState.close_dialog),
        rx.el.p(
            "This network is for practice. You get SOL for fees and test USDC to trade with; "
            "neither is worth anything elsewhere.",
            class_name="t2",
        ),
        rx.el.button(
            rx.cond(FaucetState.busy, "Sending test funds", "Send me test funds"),
            type="button",
            class_name="act",
            id="faucet-act",
            on_click=FaucetState.request_faucet,
            auto_focus=True,
            custom_attrs={"data-tone": rx.cond(FaucetState.busy, "busy", "main")},
        ),
        rx.cond(
            FundsState.problem != "",
            rx.el.p(
                FundsState.problem,
                class_name="banner",
                role="alert",
                custom_attrs={"data-tone": "error"},
            ),
        ),
        open=FundsState.dialog == "faucet",
        on_close=FundsState.close_dialog,
        label="Test funds",
        size="small",
    )


def _close() -> rx.Component:
    return modal(
        _head(rx.fragment("Close ", CloseState.symbol), CloseState.keep),
        rx.el.div(
            rx.el.input(
                type="range",
                class_name="slider",
                min=1,
                max=100,
                step=1,
                value=CloseState.percent,
                on_change=CloseState.slide,
                aria_label="How much of the position, in percent",
                style={"--fill": f"{CloseState.percent}%"},
            ),
            rx.el.output(CloseState.percent, " %", class_name="key percent"),
            class_name="row",
        ),
        rx.el.div(
            *(
                rx.el.button(
                    f"{part} %",
                    type="button",
                    class_name="btn",
                    on_click=CloseState.slide(part),
                    aria_pressed=CloseState.percent == part,
                )
                for part in _PARTS
            ),
            class_name="quarters",
        ),
        rx.el.dl(rx.foreach(CloseState.lines, receipt_line), class_name="receipt-lines"),
        rx.cond(
            CloseState.problem != "",
            rx.el.p(
                CloseState.problem,
                class_name="banner",
                role="alert",
                custom_attrs={"data-tone": "error"},
            ),
        ),
        rx.el.div(
            rx.el.button(
                "Keep",
                type="button",
                class_name="btn large grow",
                auto_focus=True,
                on_click=CloseState.keep,
            ),
            rx.el.button(
                "Close ",
                CloseState.size,
                type="button",
                id="close-act",
                class_name="btn large danger-fill grow",
                on_click=CloseState.close_now,
            ),
            class_name="row",
        ),
        open=CloseState.symbol != "",
        on_close=CloseState.keep,
        label="Close a position",
        size="small",
    )


def _shortcuts() -> rx.Component:
    return modal(
        _head("Keys", FundsState.close_dialog),
        rx.el.dl(
            *(
                rx.el.div(rx.el.dt(rx.el.kbd(key, class_name="key")), rx.el.dd(meaning))
                for key, meaning in _KEYS
            ),
            class_name="keys",
        ),
        rx.el.p("Keys rest while you type in a field.", class_name="t3"),
        open=FundsState.dialog == "shortcuts",
        on_close=FundsState.close_dialog,
        label="Keyboard shortcuts",
        size="small",
    )
