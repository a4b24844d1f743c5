"""The ticket's button: one label at a time, always the next thing to do, never mute."""

from dataclasses import replace

import pytest

from quantdesk.ui.button import Standing, button

READY = Standing(signed_in=True, collateral_e6=1, size_text="1", side="long")


@pytest.mark.parametrize(
    ("standing", "label", "action"),
    [
        (Standing(), "Connect wallet", "connect"),
        (Standing(wallet_connected=True), "Sign in", "connect"),
        (Standing(signed_in=True, loaded=False), "Reading your account", "none"),
        (Standing(signed_in=True), "Get test funds", "faucet"),
        (Standing(signed_in=True, faucet_open=False), "Deposit", "deposit"),
        (Standing(signed_in=True, wallet_usdc_e6=1), "Deposit", "deposit"),
        (replace(READY, size_text=""), "Enter a size", "focus_size"),
        (replace(READY, size_problem="x"), "Check the size", "focus_size"),
        (replace(READY, kind="limit"), "Enter a limit price", "focus_price"),
        (
            replace(READY, kind="limit", price_text="x", price_problem="y"),
            "Check the limit price",
            "focus_price",
        ),
        (replace(READY, refusal="Price is stale, wait"), "Price is stale, wait", "focus_size"),
        (READY, "Place market long", "place"),
        (
            replace(READY, side="short", kind="limit", price_text="1"),
            "Place limit short",
            "place",
        ),
        (replace(READY, reduce_only=True), "Reduce market long", "place"),
        (replace(READY, submitting=True), "Submitting", "none"),
    ],
)
def test_each_standing_has_its_own_next_step(standing: Standing, label: str, action: str) -> None:
    face = button(standing)

    assert (face.label, face.action) == (label, action)


def test_a_second_click_while_submitting_places_nothing() -> None:
    assert button(replace(READY, submitting=True)).action == "none"


def test_an_order_can_only_be_placed_when_nothing_is_missing() -> None:
    missing = [
        replace(READY, signed_in=False),
        replace(READY, collateral_e6=0),
        replace(READY, collateral_e6=-1),
        replace(READY, size_text=""),
        replace(READY, size_problem="off lot"),
        replace(READY, refusal="stale"),
        replace(READY, kind="limit"),
    ]

    assert all(button(standing).action != "place" for standing in missing)


def test_the_place_button_carries_its_side_in_word_and_tone() -> None:
    face = button(replace(READY, side="short"))

    assert (face.tone, "short" in face.label) == ("short", True)
