"""The running candle of every resolution of one market.

Closed minutes come from Postgres, the open one from ticks; a longer candle is the sum of both.
"""

from __future__ import annotations

from collections.abc import Sequence

from quantdesk.domain.candle import (
    RESOLUTIONS_S,
    Candle,
    bucket_ms,
    first_tick,
    merged,
    with_tick,
)
from quantdesk.services.market_ports import Tick


class LiveCandles:
    """Unknown until seeded: a candle without its beginning would be a wrong candle."""

    def __init__(self) -> None:
        self._minute: Candle | None = None
        self._closed: dict[int, Candle | None] = dict.fromkeys(RESOLUTIONS_S)
        self._is_seeded = False

    def seed(self, minutes: Sequence[Candle], *, now_ms: int) -> None:
        """Take over the stored minutes of the running UTC day, oldest first."""
        open_ms = bucket_ms(now_ms, resolution_s=60)
        if self._minute is None or self._minute.open_ms < open_ms:
            running = [minute for minute in minutes if minute.open_ms == open_ms]
            self._minute = running[0] if running else self._minute
        until_ms = open_ms if self._minute is None else self._minute.open_ms
        for span in RESOLUTIONS_S:
            start_ms = bucket_ms(until_ms, resolution_s=span)
            parts = [minute for minute in minutes if start_ms <= minute.open_ms < until_ms]
            self._closed[span] = merged(parts, open_ms=start_ms) if parts else None
        self._is_seeded = True

    def add(self, tick: Tick) -> None:
        """Count one tick."""
        open_ms = bucket_ms(tick.publish_ms, resolution_s=60)
        minute = self._minute
        if minute is not None and open_ms < minute.open_ms:
            return
        if minute is not None and open_ms == minute.open_ms:
            self._minute = with_tick(minute, tick.price_e6, volume_e3=tick.volume_e3)
            return
        if minute is not None:
            self._close(minute)
        self._minute = first_tick(open_ms=open_ms, price_e6=tick.price_e6, volume_e3=tick.volume_e3)

    def candle(self, resolution_s: int) -> Candle | None:
        """The running candle; None before anything is known."""
        if self._minute is None or not self._is_seeded:
            return None
        start_ms = bucket_ms(self._minute.open_ms, resolution_s=resolution_s)
        closed = self._closed[resolution_s]
        has_past = closed is not None and closed.open_ms == start_ms
        parts = [closed, self._minute] if closed is not None and has_past else [self._minute]
        return merged(parts, open_ms=start_ms)

    def _close(self, minute: Candle) -> None:
        for span in RESOLUTIONS_S:
            start_ms = bucket_ms(minute.open_ms, resolution_s=span)
            closed = self._closed[span]
            is_same = closed is not None and closed.open_ms == start_ms
            parts = [closed, minute] if closed is not None and is_same else [minute]
            self._closed[span] = merged(parts, open_ms=start_ms)
