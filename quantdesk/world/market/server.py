"""The recorded market's server: speaks Hermes, and a little of its own for charts and tests."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

import structlog
from aiohttp import web

from quantdesk.adapters.oracle.feeds import BY_ID, BY_SYMBOL, FEEDS, Feed
from quantdesk.domain.candle import MINUTE_MS
from quantdesk.settings import Settings
from quantdesk.world.market import hermes
from quantdesk.world.market.path import GRID_MS
from quantdesk.world.market.replay import Replay
from quantdesk.world.market.scene import SCENES

HISTORY_MINUTES_MAX = 1_500
DAY_MINUTES = 1_440

log = structlog.get_logger()


def wall_ms() -> int:
    """The clock, in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


class MarketServer:
    """Answers from a replay; while publishing is switched off, time stands still for readers."""

    def __init__(self, replay: Replay, *, clock: Callable[[], int] = wall_ms) -> None:
        self.replay = replay
        self._clock = clock
        self._stopped_at_ms: int | None = None
        self._silence_ms = range(0)

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/v2/updates/price/latest", self._latest),
                web.get("/v2/updates/price/stream", self._stream),
                web.get("/v2/price_feeds", self._price_feeds),
                web.get("/scene", self._scene),
                web.get("/history", self._history),
                web.get("/day", self._day),
                web.get("/livez", self._alive),
                web.post("/fault", self._fault),
            ]
        )
        return app

    def _now_ms(self) -> int:
        return self._clock() if self._stopped_at_ms is None else self._stopped_at_ms

    async def _latest(self, request: web.Request) -> web.Response:
        return web.json_response(hermes.update(self._prices(_wanted_feeds(request))))

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        feeds = _wanted_feeds(request)
        response = web.StreamResponse(
            headers={"content-type": "text/event-stream", "cache-control": "no-cache"}
        )
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            if self._stopped_at_ms is None and not await _sent(response, self._prices(feeds)):
                break
            await asyncio.sleep((GRID_MS - self._clock() % GRID_MS) / 1000)
        return response

    async def _price_feeds(self, _request: web.Request) -> web.Response:
        return web.json_response([hermes.listed(feed) for feed in FEEDS])

    async def _scene(self, _request: web.Request) -> web.Response:
        replay, now = self.replay, self._now_ms()
        return web.json_response(
            {
                "name": replay.scene.name,
                "label": replay.scene.label,
                "speed": replay.speed,
                "epoch_ms": replay.epoch_ms,
                "history_from_ms": replay.history_from_ms,
                "recorded_ms": replay.recorded_ms(now),
                "symbols": list(replay.symbols),
                "is_publishing": self._stopped_at_ms is None,
            }
        )

    async def _history(self, request: web.Request) -> web.Response:
        feed = _wanted_market(request)
        now = self._now_ms()
        from_ms = max(_integer(request, "from_ms", default=0), self.replay.history_from_ms)
        to_ms = min(_integer(request, "to_ms", default=now), now)
        to_ms = min(to_ms, from_ms + HISTORY_MINUTES_MAX * MINUTE_MS)
        candles = await asyncio.to_thread(
            self.replay.candles, feed.symbol, from_ms=from_ms, to_ms=to_ms
        )
        rows = [
            [c.open_ms, c.open_e6, c.high_e6, c.low_e6, c.close_e6, c.volume_e3] for c in candles
        ]
        return web.json_response({"symbol": feed.symbol, "next_from_ms": to_ms, "candles": rows})

    async def _day(self, request: web.Request) -> web.Response:
        feed = _wanted_market(request)
        now = self._now_ms()
        candles = self.replay.candles(feed.symbol, from_ms=now - DAY_MINUTES * MINUTE_MS, to_ms=now)
        return web.json_response(
            {
                "symbol": feed.symbol,
                "minutes": len(candles),
                "high_e6": max((c.high_e6 for c in candles), default=None),
                "low_e6": min((c.low_e6 for c in candles), default=None),
                "volume_e3": sum(c.volume_e3 for c in candles),
                "volume_usd": sum(c.volume_e3 * c.close_e6 for c in candles) // 10**9,
            }
        )

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.json_response({"is_publishing": self._stopped_at_ms is None})

    async def _fault(self, request: web.Request) -> web.Response:
        # The header cannot be sent across origins without a preflight, which nothing here grants.
        if request.headers.get("x-quantdesk") != "1":
            raise web.HTTPForbidden(text="send the header x-quantdesk: 1")
        body = await request.json()
        if not isinstance(body, dict) or not isinstance(body.get("publishing"), bool):
            raise web.HTTPBadRequest(text='expected {"publishing": true or false}')
        if body["publishing"]:
            self._silence_ms = range(self._now_ms(), self._clock())
            self._stopped_at_ms = None
        else:
            self._stopped_at_ms = self._now_ms()
        log.warning("market_fault", publishing=body["publishing"])
        return web.json_response({"is_publishing": self._stopped_at_ms is None})

    def _prices(self, feeds: list[Feed]) -> list[hermes.Json]:
        now = self._now_ms()
        readings = [(feed, self.replay.price(feed.symbol, now)) for feed in feeds]
        return [
            hermes.parsed_price(feed, reading, previous_ms=self._before(reading.publish_ms))
            for feed, reading in readings
            if reading is not None
        ]

    def _before(self, publish_ms: int) -> int:
        before_ms = publish_ms - GRID_MS
        if before_ms not in self._silence_ms:
            return before_ms
        return self._silence_ms.start - self._silence_ms.start % GRID_MS


async def _sent(response: web.StreamResponse, parsed: list[hermes.Json]) -> bool:
    body = json.dumps(hermes.update(parsed), separators=(",", ":"))
    try:
        # Without a price there is still a sign of life, which a comment is in an event stream.
        await response.write(f"data:{body}\n\n".encode() if parsed else b":\n\n")
    except ConnectionResetError:
        log.info("market_reader_left")
        return False
    return True


def _wanted_feeds(request: web.Request) -> list[Feed]:
    ids = request.query.getall("ids[]", []) or request.query.getall("ids", [])
    wanted = [value.lower().removeprefix("0x") for value in ids]
    unknown = [value for value in wanted if value not in BY_ID]
    if unknown or not wanted:
        raise web.HTTPNotFound(text=f"Price ids not found: {', '.join(unknown) or 'none given'}")
    return [BY_ID[value] for value in dict.fromkeys(wanted)]


def _wanted_market(request: web.Request) -> Feed:
    symbol = request.query.get("symbol", "")
    if symbol not in BY_SYMBOL:
        raise web.HTTPNotFound(text=f"unknown symbol {symbol!r}; one of {', '.join(BY_SYMBOL)}")
    return BY_SYMBOL[symbol]


def _integer(request: web.Request, name: str, *, default: int) -> int:
    value = request.query.get(name, str(default))
    if not value.isascii() or not value.isdigit() or len(value) > 15:
        raise web.HTTPBadRequest(text=f"{name}: expected milliseconds since 1970, found {value!r}")
    return int(value)


async def run(settings: Settings) -> None:
    """Serve the scene of the settings at `market_port` until cancelled."""
    scene = SCENES[settings.scene.value]()
    epoch_ms = settings.scene_epoch_ms or wall_ms()
    server = MarketServer(Replay(scene, epoch_ms=epoch_ms, speed=settings.speed))
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", settings.market_port).start()
    log.info("market_ready", scene=scene.name, speed=settings.speed, port=settings.market_port)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
