"""Past candles from the recorded market; a plain Hermes server has none, which is no failure."""

from __future__ import annotations

import aiohttp
import orjson
from aiohttp.http_exceptions import HttpProcessingError

from quantdesk.domain.candle import Candle
from quantdesk.services.market_ports import HistoryUnavailable

TIMEOUT_S = 10.0
PAGES_MAX = 50


class RecordedHistory:
    """A `CandleHistory` over HTTP, page by page."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    async def candles(self, market: str, *, from_ms: int, to_ms: int) -> list[Candle]:
        """Minutes that open in `[from_ms, to_ms)`; raises `HistoryUnavailable`."""
        found: list[Candle] = []
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session:
                for _ in range(PAGES_MAX):
                    page, next_from_ms = await self._page(session, market, from_ms, to_ms)
                    found += page
                    if next_from_ms >= to_ms or not page:
                        break
                    from_ms = next_from_ms
        except (
            aiohttp.ClientError,
            HttpProcessingError,
            TimeoutError,
            ValueError,
            OSError,
        ) as error:
            raise HistoryUnavailable(f"history of {market}: {error!r}") from error
        return found

    async def _page(
        self, session: aiohttp.ClientSession, market: str, from_ms: int, to_ms: int
    ) -> tuple[list[Candle], int]:
        params = {"symbol": market, "from_ms": str(from_ms), "to_ms": str(to_ms)}
        async with session.get(f"{self._url}/history", params=params) as response:
            if response.status == 404:
                return [], to_ms
            response.raise_for_status()
            body = orjson.loads(await response.read())
        return _decoded(body)


def _decoded(body: object) -> tuple[list[Candle], int]:
    rows = body.get("candles") if isinstance(body, dict) else None
    next_from_ms = body.get("next_from_ms") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not isinstance(next_from_ms, int):
        raise ValueError("expected an object with `candles` and `next_from_ms`")
    return [_candle(row) for row in rows], next_from_ms


def _candle(row: object) -> Candle:
    if not isinstance(row, list) or len(row) != 6 or any(type(number) is not int for number in row):
        raise ValueError(f"expected six integers, found {row!r}")
    open_ms, open_e6, high_e6, low_e6, close_e6, volume_e3 = row
    if not 0 < low_e6 <= min(open_e6, close_e6) <= max(open_e6, close_e6) <= high_e6:
        raise ValueError(f"prices out of order in {row!r}")
    return Candle(
        open_ms=open_ms,
        open_e6=open_e6,
        high_e6=high_e6,
        low_e6=low_e6,
        close_e6=close_e6,
        volume_e3=max(0, volume_e3),
    )
