"""Every page and theme at both sizes: a picture to judge, no sideways scroll, no error, quick."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.end_to_end.terminal import Size, Terminal

pytestmark = pytest.mark.timeout(180)
PATHS = {"trade": "/trade", "portfolio-guest": "/portfolio", "root": "/"}
VIEWS = ("Markets", "Chart", "Trade", "Positions", "Account")
FIRST_PAINT_MS_MAX = 1_500


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("name", PATHS)
def test_a_page_fits_its_screen_and_logs_no_error(
    terminal: Terminal, page: Page, name: str, theme: str
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    terminal.open(PATHS[name])
    if theme == "light":
        page.get_by_label("Switch between dark and light").click()
        expect(page.locator("html")).to_have_class("light")

    terminal.snap(f"{name}-{theme}")

    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    assert errors == []


def test_each_view_of_the_phone_fits_and_has_targets_for_thumbs(
    terminal: Terminal, page: Page, size: Size
) -> None:
    if not size.is_phone:
        pytest.skip("views exist on phones only")
    terminal.open()

    for name in VIEWS:
        terminal.view(name)
        terminal.snap(f"view-{name.lower()}")
        assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    small = page.evaluate(
        "() => [...document.querySelectorAll('.phone-bar button, .act, .segment button')]"
        ".filter((e) => e.offsetParent && e.getBoundingClientRect().height < 40)"
        ".map((e) => e.innerText)"
    )
    assert small == []


def test_the_first_paint_is_quick_and_nothing_jumps(terminal: Terminal, page: Page) -> None:
    page.add_init_script(
        "window.__shift = 0; new PerformanceObserver((list) => list.getEntries().forEach((e) => "
        "{ if (!e.hadRecentInput) window.__shift += e.value; }))"
        ".observe({type: 'layout-shift', buffered: true});"
    )
    terminal.open()
    terminal.settle()

    paint_ms = page.evaluate(
        "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
    )
    shift = page.evaluate("() => window.__shift")

    assert paint_ms < FIRST_PAINT_MS_MAX
    assert shift < 0.05
