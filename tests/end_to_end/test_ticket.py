"""The ticket answers every wrong input with a sentence, and every key does what the sheet says."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.end_to_end.terminal import DESK, Terminal
from tests.end_to_end.world import World

pytestmark = [pytest.mark.timeout(240), pytest.mark.parametrize("size", [DESK], ids=["desk"])]

WRONG_SIZES = {
    "abc": "is not a number. Use digits and a point",
    "-1": "Enter a number without a sign",
    "0": "Enter more than 0 SOL.",
    "1,5": "is not clear. Use a point for decimals",
    "0.001": "is below the minimum. Enter 0.01 SOL or more.",
    "1.005": "is off the step of 0.01 SOL. Use 1.00 or 1.01.",
    "99999999": "or less, or raise the leverage.",
}
WRONG_PRICES = {
    "1e3": "is not a number. Use digits and a point",
    "150.005": "is off the step of 0.01 USD. Use 150.00 or 150.01.",
    "0": "Enter more than 0 USD.",
}


def test_every_wrong_size_and_price_gets_a_sentence_beside_its_field(
    terminal: Terminal, calm_world: World
) -> None:
    terminal.open()
    terminal.connect()
    terminal.get_test_funds()
    terminal.deposit("1000")

    for text, sentence in WRONG_SIZES.items():
        terminal.page.locator("#size").fill(text)
        expect(terminal.page.locator("#size-note")).to_contain_text(sentence)
        expect(terminal.main_button("Place")).to_have_count(0)
    expect(terminal.page.locator("output.percent:visible")).to_have_text("100 %")
    terminal.snap("wrong-size")
    terminal.page.get_by_role("tab", name="Limit").click()
    terminal.page.locator("#size").fill("1")
    for text, sentence in WRONG_PRICES.items():
        terminal.page.locator("#price").fill(text)
        expect(terminal.page.locator("#price-note")).to_contain_text(sentence)
        expect(terminal.main_button("Place")).to_have_count(0)
    terminal.snap("wrong-price")


def test_a_wrong_deposit_gets_a_sentence_and_asks_no_wallet(terminal: Terminal) -> None:
    terminal.open()
    terminal.connect()
    terminal.get_test_funds()
    terminal.main_button("Deposit").click()

    for text, sentence in {
        "x": "is not a number",
        "99999999": "or less; that is all there is.",
        "0.0000001": "has too many decimals. Use 6 at most.",
    }.items():
        terminal.page.locator("#transfer-sum").fill(text)
        expect(terminal.page.locator("#transfer-note")).to_contain_text(sentence)
        terminal.page.locator("#transfer-act").click()
        expect(terminal.page.locator("dialog[open]")).to_be_visible()


def test_a_limit_order_rests_and_can_be_cancelled(terminal: Terminal) -> None:
    terminal.open()
    terminal.connect()
    terminal.get_test_funds()
    terminal.deposit("1000")
    terminal.dismiss_notices()
    page = terminal.page
    page.get_by_role("tab", name="Limit").click()
    page.locator("#price").fill("100")
    page.locator("#size").fill("5")

    _nothing_is_cut_off_on_a_small_desk(terminal)
    terminal.main_button("Place limit long").click()
    terminal.notice("Placed")
    terminal.dismiss_notices()
    page.get_by_role("tab", name="Orders").click()
    terminal.snap("orders")
    page.get_by_role("button", name=re.compile("^Cancel")).click()
    terminal.notice("Cancelled")

    expect(page.get_by_text("You have no open orders.")).to_be_visible(timeout=20_000)


def _nothing_is_cut_off_on_a_small_desk(terminal: Terminal) -> None:
    page = terminal.page
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_label("Leverage for sizing").click()
    expect(page.locator(".leverage-row")).to_be_visible()
    expect(page.locator("#place")).to_be_in_viewport(ratio=1)
    for button in page.locator(".account-box button").all():
        expect(button).to_be_in_viewport(ratio=1)
    terminal.snap("small-desk")


def test_the_keys_of_the_sheet_work_and_rest_while_someone_types(terminal: Terminal) -> None:
    terminal.open()
    page = terminal.page

    short = page.locator(".sides [data-side=short]")
    page.keyboard.press("s")
    expect(short).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("l")
    expect(page.get_by_role("tab", name="Limit")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("m")
    expect(page.get_by_role("tab", name="Market")).to_have_attribute("aria-selected", "true")
    page.locator("#size").press_sequentially("2b")
    expect(page.locator(".sides [data-side=short]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#size")).to_have_value("")
    page.keyboard.press("/")
    expect(page.get_by_label("Search markets")).to_be_focused()
    page.keyboard.type("bt")
    expect(page.locator("dialog[open] tbody tr")).to_have_count(1)
    terminal.snap("selector")
    page.keyboard.press("Enter")
    expect(page.locator(".selector h1")).to_have_text("BTC-PERP")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    terminal.snap("shortcuts")


def test_everything_can_be_reached_with_tab_and_every_button_has_a_name(
    terminal: Terminal,
) -> None:
    terminal.open()
    page = terminal.page

    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "() => document.activeElement.getAttribute('aria-label') || "
                "document.activeElement.innerText || document.activeElement.id"
            )
        )
    nameless = page.evaluate(
        "() => [...document.querySelectorAll('button, a[href], summary, input')]"
        ".filter((e) => e.offsetParent && !(e.innerText?.trim() || e.getAttribute('aria-label')"
        " || e.labels?.length)).map((e) => e.outerHTML.slice(0, 120))"
    )

    assert nameless == []
    assert {"Choose a market", "Switch between dark and light", "size"} <= reached


def test_the_page_says_so_when_its_server_is_gone(terminal: Terminal) -> None:
    terminal.open()

    terminal.page.context.set_offline(True)
    expect(terminal.page.get_by_text("Offline since").first).to_be_visible(timeout=15_000)
    terminal.snap("offline")
    terminal.page.context.set_offline(False)

    expect(terminal.page.get_by_text("Back online.").first).to_be_visible(timeout=30_000)


def test_an_address_that_is_no_page_offers_the_way_back(terminal: Terminal) -> None:
    terminal.page.goto(f"{terminal.origin}/{uuid4()}")

    expect(terminal.page.get_by_role("heading", name="There is no page here")).to_be_visible(
        timeout=20_000
    )
    terminal.snap("not-found")
