"""feed.js and format.js in a real browser, against the real publisher's door."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright

import quantdesk.ui
from quantdesk.services.market_ports import Tick
from quantdesk.workers.feed.board import Board
from quantdesk.workers.feed.door import Door
from quantdesk.workers.feed.hub import Hub
from tests.adapters.redis.valkey import free_port
from tests.end_to_end.conftest import SYSTEM_BROWSERS

SCRIPTS = Path(quantdesk.ui.__file__).parent / "components" / "feed"
SOL = "ticker:SOL-PERP"
MAX_WAIT_MS = 8_000


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class Desk:
    """A page's origin and the feed behind it; `stop` and `start` are a publisher's restart."""

    def __init__(self) -> None:
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.connections = 0
        self._feed_port = free_port()
        self._page = web.AppRunner(self._page_application())
        self._feed: web.AppRunner | None = None

    async def open(self) -> None:
        await self._page.setup()
        await web.TCPSite(self._page, "127.0.0.1", self.port).start()
        await self.start()

    async def close(self) -> None:
        await self.stop()
        await self._page.cleanup()

    async def start(self) -> None:
        self.board = Board()
        self.hub = Hub(self.board, clock=_now_ms)
        door = Door(
            self.hub,
            origin=self.origin,
            hello=self._hello,
            health=dict,
            clock=_now_ms,
        )
        self._feed = web.AppRunner(door.application(), shutdown_timeout=0.1)
        await self._feed.setup()
        await web.TCPSite(self._feed, "127.0.0.1", self._feed_port).start()

    async def stop(self) -> None:
        if self._feed is not None:
            await self._feed.cleanup()
            self._feed = None

    def price(self, price_e6: int, *, age_ms: int = 0) -> None:
        publish_ms = _now_ms() - age_ms
        tick = Tick(
            market="SOL-PERP",
            price_e6=price_e6,
            conf_e6=1,
            publish_ms=publish_ms,
            received_ms=publish_ms,
        )
        self.hub.publish(set(self.board.add_tick(tick)))

    def _hello(self) -> dict[str, object]:
        self.connections += 1
        return {"beat_ms": 250, "scene": {"name": "calm"}}

    def _page_application(self) -> web.Application:
        app = web.Application()
        feed_url = f"ws://127.0.0.1:{self._feed_port}/ws/market"
        app.add_routes(
            [
                web.get("/", _blank),
                web.get("/api/config", lambda _: _json({"feed_url": feed_url})),
                web.static("/scripts", SCRIPTS),
            ]
        )
        return app


async def _blank(_request: web.Request) -> web.Response:
    return web.Response(text="<!doctype html><title>desk</title>", content_type="text/html")


async def _json(body: dict[str, object]) -> web.Response:
    return web.json_response(body)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    running = Desk()
    await running.open()
    yield running
    await running.close()


@pytest.fixture
async def page(desk: Desk) -> AsyncIterator[Page]:
    system = next((path for name in SYSTEM_BROWSERS if (path := shutil.which(name))), None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=system, args=["--no-sandbox"])
        opened = await browser.new_page()
        await opened.goto(desk.origin)
        await opened.evaluate(
            "async () => { window.feed = await import('/scripts/feed.js');"
            " window.format = await import('/scripts/format.js'); }"
        )
        yield opened
        await browser.close()


async def _until(page: Page, expression: str) -> None:
    deadline = time.monotonic() + MAX_WAIT_MS / 1_000
    while time.monotonic() < deadline:
        if await page.evaluate(expression):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not true within {MAX_WAIT_MS} ms: {expression}")


async def _subscribed(desk: Desk, page: Page) -> None:
    await page.evaluate(
        f"() => {{ window.got = []; feed.subscribe({SOL!r}, (d, m) => got.push([d, m])); }}"
    )
    await _until(page, "feed.status().state === 'open'")
    while not any(client.topics for client in desk.hub._clients):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_every_component_shares_one_socket_and_hears_each_price(
    desk: Desk, page: Page
) -> None:
    await page.evaluate(
        f"() => {{ window.a = window.b = 0;"
        f" feed.subscribe({SOL!r}, (d) => (a = d.mark_e6));"
        f" feed.subscribe({SOL!r}, (d) => (b = d.mark_e6));"
        " feed.subscribe('ticker:BTC-PERP', () => {}); }"
    )
    await _until(page, "feed.status().state === 'open'")

    for price in (150_000_000, 151_000_000):
        await asyncio.sleep(0.1)
        desk.price(price)

    await _until(page, "a === 151000000 && b === 151000000")
    assert desk.connections == 1
    assert await page.evaluate("feed.status().scene.name") == "calm"


async def test_a_price_is_live_then_late_within_two_seconds_then_stale(
    desk: Desk, page: Page
) -> None:
    await _subscribed(desk, page)
    desk.price(150_000_000)
    await _until(page, f"feed.grade({SOL!r}) === 'live'")
    stopped = time.monotonic()

    await _until(page, f"feed.grade({SOL!r}) === 'late'")
    assert time.monotonic() - stopped < 2

    desk.price(150_000_000, age_ms=-1)
    await _until(page, f"feed.grade({SOL!r}) === 'live'")
    # Silence for 4 s means a lost feed, so the publisher's sign of life has to go on.
    for _ in range(6):
        await asyncio.sleep(1)
        desk.hub.keep_alive()
    assert await page.evaluate(f"feed.grade({SOL!r})") == "stale"


async def test_a_restarted_publisher_is_found_again_and_topics_come_back(
    desk: Desk, page: Page
) -> None:
    await _subscribed(desk, page)
    desk.price(150_000_000)

    await desk.stop()
    await _until(page, "feed.status().state === 'offline'")
    assert await page.evaluate(f"feed.grade({SOL!r})") == "offline"
    assert await page.evaluate(f"feed.latest({SOL!r}).mark_e6") == 150_000_000
    await asyncio.sleep(1)
    await desk.start()
    desk.price(152_000_000)

    await _until(page, f"feed.latest({SOL!r}).mark_e6 === 152000000")
    assert await page.evaluate("feed.status().state") == "open"


async def test_a_gap_in_the_numbers_is_reported_and_a_snapshot_asked_for(
    desk: Desk, page: Page
) -> None:
    await _subscribed(desk, page)
    desk.price(150_000_000)
    await _until(page, "got.length >= 1")

    for client in desk.hub._clients:
        topics, client.topics = client.topics, set()
        desk.price(151_000_000)
        client.topics = topics
    await asyncio.sleep(0.01)
    desk.price(152_000_000)

    await _until(page, "got.some(([, m]) => m.hasGap)")
    await _until(page, "got[got.length - 1][1].kind === 'snapshot'")
    assert await page.evaluate(f"feed.latest({SOL!r}).mark_e6") == 152_000_000


async def test_a_topic_nobody_wants_any_more_is_given_back(desk: Desk, page: Page) -> None:
    await page.evaluate(f"() => {{ window.stop = feed.subscribe({SOL!r}, () => {{}}); }}")
    await _until(page, "feed.status().state === 'open'")

    await page.evaluate("stop()")
    await asyncio.sleep(2.5)

    assert [client.topics for client in desk.hub._clients] == [set()]


NUMBERS = [
    ("format.usd(38918840000n)", "38,918.84"),
    ("format.usd(994089999)", "994.08"),
    ("format.signedUsd(12815450000)", "+12,815.45"),
    ("format.signedUsd(-698700000)", "−698.70"),
    ("format.signedUsd(0)", "0.00"),
    ("format.signedUsd(-9999)", "0.00"),
    ("format.signedUsd(-698709999)", "−698.70"),
    ("format.usd(null)", "-"),
    ("format.price(154204999, 'SOL-PERP')", "154.20"),
    ("format.price(154205000, 'SOL-PERP')", "154.21"),
    ("format.price(99539040000, 'BTC-PERP')", "99,539.0"),
    ("format.percent(6580000, 147620000)", "+4.46 %"),
    ("format.percent(-1, 0)", "-"),
    ("format.fundingRate(12)", "+0.00120 %"),
    ("format.fundingRate(-1000)", "−0.10000 %"),
    ("format.dollars(48216490.4)", "$48,216,490"),
    ("format.dollars(null)", "-"),
    ("format.compact(48216490)", "48.2M"),
    ("format.baseAmounts('41250000000000', 40000000000000)", "41,250 / 40,000"),
    ("format.baseAmounts(60000000000, 0)", "60.00 / 0.00"),
    ("format.baseAmounts(1500000000, 0)", "1.5000 / 0.0000"),
    ("format.baseAmounts(0, 0)", "0 / 0"),
    ("format.baseAmounts(null, 0)", "-"),
    ("format.ageText(234)", "0.2 s"),
    ("format.ageText(7400)", "7 s"),
    ("format.ageText(null)", "-"),
    ("format.clock(1795264860000)", "12:41:00"),
    ("String(format.pnl('-300000000', '-29163000000', 107260000001))", "-3015000001"),
    ("String(format.pnl('9007199254740993000', 0, 1))", "9007199254"),
]


async def test_numbers_read_as_a_trader_writes_them(page: Page) -> None:
    found = [(call, await page.evaluate(call)) for call, _ in NUMBERS]

    assert found == NUMBERS


async def test_profit_rounds_down_as_the_program_does(page: Page) -> None:
    cases: list[list[Any]] = [
        [size, entry, mark]
        for size in (1, -1, 999_999_999, -999_999_999, 10**15 + 7, -(10**15) - 7)
        for entry in (0, -5, 10**12 + 3)
        for mark in (1, 141_280_000, 117_006_400_001)
    ]

    found = await page.evaluate(
        "(cases) => cases.map(([s, e, m]) => String(format.pnl(s, e, m)))",
        [[str(part) for part in case] for case in cases],
    )

    expected = [str(size * mark // 10**9 - entry) for size, entry, mark in cases]
    assert found == expected, json.dumps(cases)
