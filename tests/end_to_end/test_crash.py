"""10 October 2025: a leveraged long meets the crash, is liquidated, and every number agrees."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.conftest import pictures
from tests.end_to_end.terminal import WAIT_MS, Size, Terminal
from tests.end_to_end.test_main_job import assert_all_agree
from tests.end_to_end.world import World

CRASH_WAIT_MS = 240_000


@pytest.mark.timeout(420)
def test_a_leveraged_long_is_liquidated_in_the_crash_and_the_trader_sees_why(
    page: Page, size: Size, crash_world: World
) -> None:
    terminal = Terminal(
        page=page, size=size, origin=crash_world.origin, pictures=pictures() / "crash"
    )
    terminal.pictures.mkdir(exist_ok=True)
    terminal.open()
    owner = terminal.connect()
    terminal.get_test_funds()
    terminal.deposit("1000")
    terminal.dismiss_notices()
    open_a_nineteenfold_long(terminal)
    terminal.notice("Filled")
    terminal.dismiss_notices()
    terminal.view("Positions")
    terminal.snap("position")

    terminal.view("Positions")
    expect(page.get_by_text("You have no open positions.")).to_be_visible(timeout=CRASH_WAIT_MS)
    page.get_by_role("tab", name="Fills").click()
    fill = page.locator("tbody tr").filter(has_text="Liquidation").first
    expect(fill).to_be_visible(timeout=WAIT_MS)
    terminal.snap("liquidated")
    terminal.notice("Liquidated")
    terminal.dismiss_notices()

    snapshot = crash_world.account(owner)
    assert snapshot is not None
    assert all(position.is_flat for position in snapshot.positions)
    assert crash_world.recorded_size_e9(owner) == 0
    left_e6 = assert_all_agree(terminal, crash_world, owner)
    assert 0 <= left_e6 < 1_000_000_000


def open_a_nineteenfold_long(terminal: Terminal) -> None:
    """All of the collateral at 19x, by leverage slider and the 100 % button."""
    terminal.view("Trade")
    page = terminal.page
    page.get_by_label("Leverage for sizing").click()
    page.locator(".leverage-row .slider").fill("19")
    expect(page.get_by_label("Leverage for sizing")).to_contain_text("19")
    page.get_by_role("button", name="100 %").click()
    expect(page.locator("#size")).not_to_have_value("")
    if terminal.size.is_phone:
        page.locator("#review").click()
    terminal.main_button("Place market long").click()
