"""Pyth Hermes: prices by server-sent events, by REST while the stream is down.

The stream ends by design after a day and by accident at any time: it is reopened with jittered,
bounded waits. Prices older than one already seen are dropped, so time never runs backwards.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable

import aiohttp
import structlog
from aiohttp.http_exceptions import HttpProcessingError

from quantdesk.adapters.oracle.decode import (
    MESSAGE_BYTES_MAX,
    BadPrice,
    MalformedMessage,
    decode_update,
)
from quantdesk.adapters.oracle.feeds import FEEDS
from quantdesk.services.market_ports import Tick

SILENCE_S = 5.0
CONNECT_S = 3.0
WAIT_S_FIRST = 0.25
WAIT_S_MAX = 8.0
RETRY_AFTER_S_MAX = 60.0

log = structlog.get_logger()

# An endless line is refused by aiohttp with an error outside its own client family.
_FAILURES = (
    aiohttp.ClientError,
    HttpProcessingError,
    TimeoutError,
    MalformedMessage,
    ValueError,
    OSError,
)


class TooManyRequests(Exception):
    """Hermes asked for a pause."""

    def __init__(self, pause_s: float) -> None:
        super().__init__(f"rate limited, pause {pause_s:.1f} s")
        self.pause_s = pause_s


class Hermes:
    """A `PriceSource`; `api_key` may be empty where the server asks for none."""

    def __init__(
        self, url: str, *, api_key: str = "", clock: Callable[[], int] | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._clock = clock or (lambda: time.time_ns() // 1_000_000)
        self._newest: dict[str, tuple[int, int]] = {}
        self._params = [("ids[]", feed.feed_id) for feed in FEEDS]
        self.refused: dict[BadPrice, int] = dict.fromkeys(BadPrice, 0)
        self.reconnects = 0

    async def batches(self) -> AsyncGenerator[list[Tick], None]:
        """Prices for ever; failures are logged and waited out."""
        wait_s = WAIT_S_FIRST
        async with aiohttp.ClientSession(
            headers=self._headers, read_bufsize=MESSAGE_BYTES_MAX
        ) as session:
            while True:
                try:
                    async for ticks in self._stream(session):
                        wait_s = WAIT_S_FIRST
                        yield ticks
                    log.info("hermes_stream_ended")
                except TooManyRequests as limited:
                    wait_s = limited.pause_s
                    log.warning("hermes_rate_limited", pause_s=wait_s)
                except _FAILURES as error:
                    log.warning("hermes_stream_failed", error=_words(error), wait_s=wait_s)
                    ticks = await self._latest_or_nothing(session)
                    if ticks:
                        yield ticks
                self.reconnects += 1
                # Jitter keeps a fleet from returning in one instant; nothing secret hangs on it.
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311
                wait_s = min(wait_s * 2, WAIT_S_MAX)

    async def _stream(self, session: aiohttp.ClientSession) -> AsyncGenerator[list[Tick], None]:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=SILENCE_S)
        async with session.get(
            f"{self._url}/v2/updates/price/stream", params=self._stream_params(), timeout=timeout
        ) as response:
            _check(response)
            async for line in response.content:
                if not line.startswith(b"data:"):
                    continue
                ticks = self._decoded(line[5:].strip())
                if ticks:
                    yield ticks

    async def _latest_or_nothing(self, session: aiohttp.ClientSession) -> list[Tick]:
        try:
            return await self._latest(session)
        except (*_FAILURES, TooManyRequests) as error:
            log.warning("hermes_latest_failed", error=_words(error))
            return []

    async def _latest(self, session: aiohttp.ClientSession) -> list[Tick]:
        timeout = aiohttp.ClientTimeout(total=CONNECT_S)
        async with session.get(
            f"{self._url}/v2/updates/price/latest", params=self._stream_params(), timeout=timeout
        ) as response:
            _check(response)
            body = b""
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MESSAGE_BYTES_MAX:
                    break
            return self._decoded(body)

    def _stream_params(self) -> list[tuple[str, str]]:
        return [*self._params, ("parsed", "true"), ("encoding", "hex")]

    def _decoded(self, body: bytes) -> list[Tick]:
        decoded = decode_update(body, received_ms=self._clock())
        for reason in decoded.refused:
            self.refused[reason] += 1
            log.warning("price_refused", reason=reason.value)
        return [tick for tick in decoded.ticks if self._is_newer(tick)]

    def _is_newer(self, tick: Tick) -> bool:
        # Hermes stamps whole seconds, so the slot orders what falls within one.
        order = (tick.publish_ms, tick.slot)
        if order <= self._newest.get(tick.market, (0, 0)):
            return False
        self._newest[tick.market] = order
        return True


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _check(response: aiohttp.ClientResponse) -> None:
    if response.status == 429:
        given = response.headers.get("retry-after", "")
        pause_s = float(given) if given.isascii() and given.isdigit() else WAIT_S_MAX
        raise TooManyRequests(min(max(pause_s, WAIT_S_FIRST), RETRY_AFTER_S_MAX))
    response.raise_for_status()
