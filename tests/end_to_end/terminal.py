"""The terminal as a person uses it: by what is written on it, on a desk and on a phone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

WAIT_MS = 20_000


@dataclass(frozen=True)
class Size:
    """A screen."""

    width: int
    height: int

    @property
    def is_phone(self) -> bool:
        return self.width < 768


DESK = Size(1440, 900)
PHONE = Size(390, 844)


@dataclass(frozen=True)
class Terminal:
    """One tab on the trade page."""

    page: Page
    size: Size
    origin: str
    pictures: Path

    def open(self, path: str = "/trade") -> None:
        self.page.set_default_timeout(WAIT_MS)
        self.page.goto(self.origin + path)
        expect(self.page.locator(".age-chip[data-grade=live]").first).to_be_attached(
            timeout=WAIT_MS
        )
        # The server names the network in its first answer over the page's own socket.
        expect(self.page.locator(".header .network")).to_have_text(
            re.compile(r"\w"), timeout=WAIT_MS
        )

    def view(self, name: str) -> None:
        """On a phone, go to one of the five views; a desk shows them all."""
        if self.size.is_phone:
            self.page.locator(".phone-bar").get_by_role("button", name=name).click()

    def connect(self) -> str:
        """Connect the burner, read the text, sign it; returns the address signed in."""
        self.page.locator(".header .connect").click()
        self.page.get_by_role("button", name="Burner (development)").click()
        text = self.page.locator(".sign-in pre")
        expect(text).to_contain_text("Nonce: ")
        assert self.origin.partition("//")[2] in text.inner_text().splitlines()[0]
        address = text.inner_text().splitlines()[1]
        self.snap("sign-in")
        self.page.get_by_role("button", name="Sign this text").click()
        expect(self.page.get_by_label("Account menu")).to_be_visible(timeout=WAIT_MS)
        return address

    def get_test_funds(self) -> None:
        self.view("Trade")
        self.main_button("Get test funds").click()
        self.snap("faucet")
        self.page.locator("#faucet-act").click()
        self.notice("Test funds")

    def deposit(self, sum_text: str) -> None:
        self.view("Trade")
        self.main_button("Deposit").click()
        self._transfer(sum_text, "deposit")
        self.notice("Deposited")

    def withdraw_everything(self) -> None:
        self._open_account_menu()
        self.page.locator(".menu-body button:visible", has_text="Withdraw").click()
        self.page.get_by_role("button", name="Max").click()
        expect(self.page.locator("#transfer-sum")).not_to_have_value("")
        self.snap("withdraw")
        self.page.locator("#transfer-act").click()
        self.notice("Withdrawn")

    def write_order(self, size_text: str) -> None:
        self.view("Trade")
        self.page.locator("#size").fill(size_text)
        if self.size.is_phone:
            self.page.locator("#review").click()
        expect(self.main_button("Place market long")).to_be_visible()

    def place(self) -> None:
        self.main_button("Place").click()

    def close_position(self) -> None:
        self.view("Positions")
        self.page.get_by_role("button", name="Close SOL-PERP").click()
        expect(self.page.locator("dialog[open] .receipt-lines")).to_be_visible()
        self.snap("close")
        self.page.locator("#close-act").click()
        self.notice("Filled")
        expect(self.page.get_by_text("You have no open positions.")).to_be_visible(timeout=WAIT_MS)

    def main_button(self, label: str) -> Locator:
        return self.page.locator(".ticket-act .act:visible").filter(has_text=label)

    def notice(self, title: str) -> Locator:
        """Wait for an outcome, as a screen reader would hear it."""
        found = self.page.locator(".notices .notice b", has_text=re.compile(f"^{title}$")).last
        expect(found).to_be_visible(timeout=WAIT_MS)
        return found

    def dismiss_notices(self) -> None:
        for button in reversed(self.page.locator(".notices").get_by_label("Dismiss").all()):
            button.click()
        expect(self.page.locator(".notice")).to_have_count(0)

    def position_cell(self, label: str) -> str:
        cell = self.page.locator(f"table.positions tbody td[data-label='{label}']").first
        expect(cell).to_be_attached(timeout=WAIT_MS)
        return cell.inner_text().replace(f"{label}\n", "").strip()

    def equity(self) -> str:
        return self.page.locator(".equity .live:visible").first.inner_text()

    def snap(self, name: str) -> None:
        """Keep a picture of what the person sees."""
        folder = self.pictures / f"{self.size.width}x{self.size.height}"
        folder.mkdir(exist_ok=True)
        self.settle()
        self.page.screenshot(path=folder / f"{name}.png")

    def settle(self) -> None:
        """Wait until candles are drawn and the browser has painted what it knows."""
        expect(self.page.locator(".chart-note", has_text="Loading")).to_have_count(0)
        self.page.evaluate(
            "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
        )

    def _transfer(self, sum_text: str, picture: str) -> None:
        self.page.locator("#transfer-sum").fill(sum_text)
        expect(self.page.locator("#transfer-act")).to_have_attribute("data-tone", "main")
        self.snap(picture)
        self.page.locator("#transfer-act").click()

    def _open_account_menu(self) -> None:
        if self.size.is_phone:
            self.view("Account")
        else:
            self.page.get_by_label("Account menu").click()


def number(text: str) -> Decimal:
    """A figure as the screen writes it: true minus, separators, perhaps a unit behind."""
    found = re.search(r"[−-]?[\d,]+(\.\d+)?", text)
    assert found, f"no number in {text!r}"
    return Decimal(found[0].replace(",", "").replace("−", "-"))
