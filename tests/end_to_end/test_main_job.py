"""The main job, by clicking: guest, sign in, funds, deposit, long, close, withdraw; all agree."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import expect

from quantdesk.ui import format as show
from tests.end_to_end.terminal import WAIT_MS, Terminal, number
from tests.end_to_end.world import World

DEPOSIT_E6 = 1_000_000_000
SETTLE_S = 8
"""How long the screen and the mirror may lag behind the chain."""


def account(terminal: Terminal) -> dict[str, Any]:
    """What the public API tells the same browser."""
    answer = terminal.page.request.get(f"{terminal.origin}/api/account")
    assert answer.ok, answer.text()
    found = answer.json()
    assert isinstance(found, dict)
    return found


def assert_all_agree(terminal: Terminal, world: World, owner: str) -> int:
    """Screen, API, Postgres and chain show one balance while nothing is open; returns it."""
    terminal.view("Trade")
    deadline = time.monotonic() + SETTLE_S
    while True:
        snapshot = world.account(owner)
        assert snapshot is not None
        usdc_e6 = snapshot.account.usdc_e6
        told = {
            "Postgres": str(world.recorded_usdc_e6(owner)),
            "API": str(account(terminal)["usdc_e6"]),
            "screen": terminal.equity(),
        }
        wanted = {"Postgres": str(usdc_e6), "API": str(usdc_e6), "screen": show.usd(usdc_e6)}
        if told == wanted:
            return usdc_e6
        assert time.monotonic() < deadline, f"{told} after {SETTLE_S} s, the chain has {wanted}"
        terminal.page.wait_for_timeout(200)


@pytest.mark.timeout(300)
def test_a_guest_becomes_a_trader_and_leaves_with_every_unit_accounted_for(
    terminal: Terminal, calm_world: World
) -> None:
    terminal.open()
    terminal.snap("guest")
    owner = terminal.connect()
    terminal.get_test_funds()
    funded_e6 = calm_world.wallet(owner).usdc_e6
    terminal.deposit("1000")
    terminal.dismiss_notices()
    assert assert_all_agree(terminal, calm_world, owner) == DEPOSIT_E6

    terminal.write_order("20")
    terminal.snap("ticket")
    terminal.place()
    terminal.notice("Filled")
    terminal.dismiss_notices()
    assert_the_position_agrees(terminal, calm_world, owner)
    terminal.snap("position")

    terminal.close_position()
    terminal.dismiss_notices()
    left_e6 = assert_all_agree(terminal, calm_world, owner)
    assert left_e6 < DEPOSIT_E6
    terminal.withdraw_everything()
    terminal.dismiss_notices()

    assert assert_all_agree(terminal, calm_world, owner) == 0
    assert calm_world.wallet(owner).usdc_e6 == funded_e6 - DEPOSIT_E6 + left_e6
    assert_the_portfolio_explains_it(terminal, left_e6)


def assert_the_position_agrees(terminal: Terminal, world: World, owner: str) -> None:
    terminal.view("Positions")
    size = terminal.position_cell("Size")
    entry, pnl = terminal.position_cell("Entry"), terminal.position_cell("PnL")
    snapshot = world.account(owner)
    assert snapshot is not None
    position = snapshot.position(0)
    assert position is not None
    held = account(terminal)["positions"][0]
    assert position.size_e9 == world.recorded_size_e9(owner) == held["size_e9"] == 20 * 10**9
    assert size == show.size(position.size_e9)
    assert position.entry_e6 == held["entry_e6"]
    assert entry == show.price(held["entry_price_e6"])
    assert abs(number(pnl) * 10**6 - held["unrealized_pnl_e6"]) < 20_000_000


def assert_the_portfolio_explains_it(terminal: Terminal, left_e6: int) -> None:
    terminal.page.goto(f"{terminal.origin}/portfolio")
    proof = terminal.page.locator(".proof")
    expect(proof).to_contain_text("difference 0.000000", timeout=WAIT_MS)
    total = terminal.page.locator(".identity [data-weight=total] dd").inner_text()
    assert total == show.signed_usd(left_e6 - DEPOSIT_E6, 6)
    expect(terminal.page.get_by_role("cell", name="Withdrawal")).to_be_visible()
    terminal.snap("portfolio")
