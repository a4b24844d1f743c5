"""Worlds and browsers that the tests of this folder share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, Playwright, sync_playwright

from quantdesk.settings import PROJECT
from tests.end_to_end import world as worlds
from tests.end_to_end.terminal import DESK, PHONE, Size, Terminal
from tests.end_to_end.world import World

CRASH_SPEED = "3"
"""The cascade begins four recorded minutes after the start: 80 seconds at this speed."""
SYSTEM_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def calm_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = worlds.start(tmp_path_factory.mktemp("calm"), QD_SCENE="calm")
    yield world
    worlds.stop(world)


@pytest.fixture
def crash_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("crash")
    world = worlds.start(home, QD_SCENE="crash", QD_SPEED=CRASH_SPEED)
    yield world
    worlds.stop(world)


# Not longer than a module: its driver keeps the thread's event loop, which async tests need.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = _launched(playwright)
        yield found
        found.close()


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def size(request: pytest.FixtureRequest) -> Size:
    found = request.param
    assert isinstance(found, Size)
    return found


@pytest.fixture
def page(browser: Browser, size: Size) -> Iterator[Page]:
    page = new_page(browser, size)
    yield page
    page.context.close()


def new_page(browser: Browser, size: Size) -> Page:
    """A tab of a person who was never here: own storage, hence an own burner wallet."""
    context = browser.new_context(
        viewport={"width": size.width, "height": size.height},
        is_mobile=size.is_phone,
        has_touch=size.is_phone,
        reduced_motion="reduce",
    )
    return context.new_page()


@pytest.fixture
def terminal(page: Page, size: Size, calm_world: World) -> Terminal:
    return Terminal(page=page, size=size, origin=calm_world.origin, pictures=pictures())


def pictures() -> Path:
    """Where screenshots go: QD_SCREENSHOTS, else the world's own ignored folder."""
    folder = Path(os.environ.get("QD_SCREENSHOTS", PROJECT / ".quantdesk" / "screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _launched(playwright: Playwright) -> Browser:
    """The system's Chromium when there is one, else playwright's own, else a clear word."""
    system = next((path for name in SYSTEM_BROWSERS if (path := shutil.which(name))), None)
    try:
        return playwright.chromium.launch(executable_path=system, args=["--no-sandbox"])
    except Error as error:
        pytest.skip(
            "no browser found: install Chromium, or run "
            f"`.venv/bin/python -m playwright install chromium` ({error.message.splitlines()[0]})"
        )
