"""Between button and chain: wallets that refuse, hang or change, tabs that reload or die."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.terminal import DESK, WAIT_MS, Terminal
from tests.end_to_end.world import World

pytestmark = [pytest.mark.timeout(240), pytest.mark.parametrize("size", [DESK], ids=["desk"])]

REJECT = "() => { crypto.subtle.sign = async () => { throw new Error('You rejected it'); }; }"
HANG = """
void (crypto.subtle.sign = () => {
    localStorage.asked = Number(localStorage.asked ?? 0) + 1;
    document.body.dataset.asked = localStorage.asked;
    return new Promise(() => {});
});
"""
TIMES_ASKED = "() => Number(localStorage.asked ?? 0)"
FORGET_KEY = "() => localStorage.removeItem('qd-burner')"
SKEWED = "const now = Date.now.bind(Date); Date.now = () => now() + %d;"
HOUR_MS = 3_600_000


def funded(terminal: Terminal) -> Page:
    terminal.open()
    terminal.connect()
    terminal.get_test_funds()
    terminal.deposit("1000")
    terminal.dismiss_notices()
    return terminal.page


def test_nothing_is_sent_when_the_wallet_refuses_hangs_or_speaks_for_another(
    terminal: Terminal,
) -> None:
    page = funded(terminal)
    said = page.locator(".notice p").last

    page.evaluate(REJECT)
    terminal.write_order("2")
    terminal.place()
    expect(said).to_have_text("You rejected it. Nothing was signed.", timeout=WAIT_MS)
    expect(terminal.main_button("Place market long")).to_be_visible()
    expect(page.locator("#size")).to_have_value("2")
    terminal.snap("rejected")

    page.add_init_script(HANG)
    page.evaluate(HANG)
    terminal.place()
    expect(terminal.main_button("Submitting")).to_be_visible(timeout=WAIT_MS)
    expect(page.locator("body")).to_have_attribute("data-asked", "1", timeout=WAIT_MS)
    page.reload()
    expect(said).to_contain_text("reloaded before your wallet answered", timeout=WAIT_MS)
    expect(terminal.main_button("Place market long")).to_be_visible()
    assert page.evaluate(TIMES_ASKED) == 1

    page.evaluate(FORGET_KEY)
    page.reload()
    expect(terminal.main_button("Place market long")).to_be_visible(timeout=WAIT_MS)
    terminal.place()
    expect(said).to_contain_text("Switch in the wallet", timeout=WAIT_MS)
    expect(page.get_by_text("You have no open positions.")).to_be_visible()


def test_a_whole_order_needs_only_the_keyboard_and_leaves_its_mark_on_the_chart(
    terminal: Terminal,
) -> None:
    keys = funded(terminal).keyboard
    page = terminal.page

    page.locator("body").press("s")
    expect(page.locator(".sides [data-side=short]")).to_have_attribute("aria-pressed", "true")
    keys.press("Enter")
    expect(page.locator("#size")).to_be_focused(timeout=WAIT_MS)
    keys.type("3")
    keys.press("Enter")
    terminal.notice("Filled")

    expect(page.locator("table.positions [data-label=Size]")).to_have_text("3.00")
    expect(page.locator("table.positions .letter")).to_have_text("S")
    expect(page.locator(".chart-mark[data-side=short]:visible")).to_have_text("S")
    terminal.dismiss_notices()
    terminal.snap("short")
    _leave_half(terminal)
    _withdrawing_explains_what_stays(terminal)


def _leave_half(terminal: Terminal) -> None:
    page = terminal.page
    page.get_by_role("button", name="Close SOL-PERP").click()
    page.locator("dialog[open] .quarters").get_by_text("50 %").click()
    expect(page.locator("#close-act")).to_have_text("Close 1.50 SOL")
    page.locator("#close-act").click()
    terminal.notice("Filled")
    expect(page.locator("table.positions [data-label=Size]")).to_have_text("1.50", timeout=WAIT_MS)
    terminal.dismiss_notices()


def _withdrawing_explains_what_stays(terminal: Terminal) -> None:
    page = terminal.page
    page.get_by_text("This market only").click()
    page.locator(".account-box").get_by_text("Withdraw").click()
    expect(page.get_by_text("stays as the margin of your open position")).to_be_visible()
    page.locator("#transfer-sum").fill("1000")
    expect(page.locator("#transfer-note")).to_contain_text("or less; the rest is margin.")
    terminal.snap("withdraw-limit")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("/")
    page.get_by_label("Search markets").fill("btc")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You have no open positions in BTC-PERP.")).to_be_visible()


def test_two_tabs_of_one_trader_agree_and_a_sign_out_ends_both(terminal: Terminal) -> None:
    page = funded(terminal)
    other = page.context.new_page()
    other.goto(f"{terminal.origin}/trade")
    expect(other.get_by_label("Account menu")).to_be_visible(timeout=WAIT_MS)

    terminal.write_order("1")
    terminal.place()
    terminal.notice("Filled")
    expect(other.locator("table.positions [data-label=Size]")).to_have_text("1.00", timeout=WAIT_MS)
    page.get_by_label("Account menu").click()
    page.get_by_role("button", name="Sign out").click()

    expect(page.locator(".header .connect")).to_be_visible(timeout=WAIT_MS)
    other.bring_to_front()
    expect(other.get_by_text("Your session has ended.")).to_be_visible(timeout=WAIT_MS)


def test_the_page_comes_back_by_itself_when_the_web_process_was_killed(
    terminal: Terminal, calm_world: World
) -> None:
    page = funded(terminal)
    record = json.loads((Path(calm_world.environment["QD_HOME"]) / "world.json").read_text())

    os.kill(record["pieces"]["web"]["pid"], signal.SIGKILL)
    expect(page.get_by_text("Back online.").first).to_be_visible(timeout=60_000)

    expect(page.locator(".equity .live:visible").first).to_have_text("1,000.00", timeout=WAIT_MS)
    terminal.write_order("1")
    expect(terminal.main_button("Place market long")).to_be_visible(timeout=WAIT_MS)


@pytest.mark.parametrize("skew_ms", [-HOUR_MS, HOUR_MS], ids=["slow", "fast"])
def test_a_wrong_clock_in_the_browser_makes_no_price_older(
    terminal: Terminal, skew_ms: int
) -> None:
    terminal.page.add_init_script(SKEWED % skew_ms)

    terminal.open()

    expect(terminal.page.locator(".market-bar .age-chip")).to_have_text(re.compile("live · 0"))
    expect(terminal.page.locator(".page-banner")).to_have_count(0)


def test_another_name_of_this_machine_leads_to_the_right_address(
    terminal: Terminal,
) -> None:
    page = terminal.page
    page.goto(terminal.origin.replace("127.0.0.1", "localhost") + "/portfolio")

    expect(page).to_have_url(re.compile(f"^{terminal.origin}/portfolio/?$"), timeout=WAIT_MS)
