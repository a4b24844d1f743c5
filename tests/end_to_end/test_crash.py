"""10 October 2025: leveraged longs meet the crash, are liquidated, and every number agrees."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.end_to_end.conftest import new_page, pictures
from tests.end_to_end.terminal import DESK, PHONE, WAIT_MS, Size, Terminal
from tests.end_to_end.test_main_job import assert_all_agree
from tests.end_to_end.world import World

CRASH_WAIT_MS = 240_000
ATTEMPTS = 4


@pytest.mark.timeout(480)
def test_leveraged_longs_are_liquidated_in_the_crash_and_their_traders_see_why(
    browser: Browser, crash_world: World
) -> None:
    traders = [opened(browser, size, crash_world) for size in (DESK, PHONE)]
    owners = [enter(terminal) for terminal in traders]

    for terminal, owner in zip(traders, owners, strict=True):
        see_the_liquidation(terminal)
        snapshot = crash_world.account(owner)
        assert snapshot is not None
        assert all(position.is_flat for position in snapshot.positions)
        assert crash_world.recorded_size_e9(owner) == 0
        assert 0 <= assert_all_agree(terminal, crash_world, owner) < 1_000_000_000


def opened(browser: Browser, size: Size, world: World) -> Terminal:
    folder = pictures() / "crash"
    folder.mkdir(exist_ok=True)
    page = new_page(browser, size)
    return Terminal(page=page, size=size, origin=world.origin, pictures=folder)


def enter(terminal: Terminal) -> str:
    """Sign in, fund, and hold a long at about fourteen times its collateral; the owner's address.

    A falling price may run past the slippage bound; a trader would try again, and so does this.
    """
    terminal.open()
    owner = terminal.connect()
    terminal.get_test_funds()
    terminal.deposit("1000")
    terminal.dismiss_notices()
    page = terminal.page
    page.get_by_label("Leverage for sizing").click()
    page.locator(".leverage-row .slider").fill("19")
    expect(page.get_by_label("Leverage for sizing")).to_contain_text("19")
    held = page.locator("table.positions tbody tr")
    for _ in range(ATTEMPTS):
        place_three_quarters(terminal)
        outcome = page.locator(".notices .notice b", has_text="illed").last
        expect(outcome).to_be_visible(timeout=WAIT_MS)
        terminal.dismiss_notices()
        terminal.view("Positions")
        if held.count():
            break
    expect(held).to_have_count(1)
    terminal.snap("position")
    return owner


def place_three_quarters(terminal: Terminal) -> None:
    """By leverage slider and the 75 % button."""
    terminal.view("Trade")
    terminal.page.get_by_role("button", name="75 %").click()
    expect(terminal.page.locator("#size")).not_to_have_value("")
    if terminal.size.is_phone:
        terminal.page.locator("#review").click()
    terminal.main_button("Place market long").click()


def see_the_liquidation(terminal: Terminal) -> None:
    page = terminal.page
    terminal.view("Positions")
    expect(page.get_by_text("You have no open positions.")).to_be_visible(timeout=CRASH_WAIT_MS)
    terminal.notice("Liquidated")
    terminal.snap("liquidated")
    terminal.dismiss_notices()
    page.get_by_role("tab", name="Fills").click()
    fill = page.locator("tbody tr").filter(has_text="Liquidation").first
    expect(fill).to_be_visible(timeout=WAIT_MS)
    terminal.snap("fills")
