"""Candles: what a price did in one span of time.

A candle of a longer span is folded from shorter ones, never measured again, so every
resolution tells the same story.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

MINUTE_MS = 60_000
RESOLUTIONS_S = (60, 300, 900, 3_600, 14_400, 86_400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """Open, high, low and close in USD e6; volume in thousandths of the base coin."""

    open_ms: int
    open_e6: int
    high_e6: int
    low_e6: int
    close_e6: int
    volume_e3: int = 0

    def __post_init__(self) -> None:
        assert 0 < self.low_e6 <= min(self.open_e6, self.close_e6), self
        assert self.high_e6 >= max(self.open_e6, self.close_e6), self
        assert self.volume_e3 >= 0, self


def bucket_ms(at_ms: int, *, resolution_s: int) -> int:
    """Opening time of the candle that holds `at_ms`.

    >>> bucket_ms(125_000, resolution_s=60)
    120000
    """
    return at_ms - at_ms % (resolution_s * 1000)


def first_tick(*, open_ms: int, price_e6: int, volume_e3: int = 0) -> Candle:
    """The candle that one price opens."""
    return Candle(
        open_ms=open_ms,
        open_e6=price_e6,
        high_e6=price_e6,
        low_e6=price_e6,
        close_e6=price_e6,
        volume_e3=volume_e3,
    )


def with_tick(candle: Candle, price_e6: int, *, volume_e3: int) -> Candle:
    """The same candle after one more price; `volume_e3` is its whole volume so far."""
    return replace(
        candle,
        high_e6=max(candle.high_e6, price_e6),
        low_e6=min(candle.low_e6, price_e6),
        close_e6=price_e6,
        volume_e3=max(candle.volume_e3, volume_e3),
    )


def merged(candles: Iterable[Candle], *, open_ms: int) -> Candle:
    """One candle over consecutive shorter ones, oldest first; at least one is needed."""
    parts = list(candles)
    assert parts, "a candle needs at least one part"
    return Candle(
        open_ms=open_ms,
        open_e6=parts[0].open_e6,
        high_e6=max(part.high_e6 for part in parts),
        low_e6=min(part.low_e6 for part in parts),
        close_e6=parts[-1].close_e6,
        volume_e3=sum(part.volume_e3 for part in parts),
    )


def resampled(candles: Iterable[Candle], *, resolution_s: int) -> list[Candle]:
    """Longer candles from shorter ones, both oldest first."""
    grouped = groupby(candles, key=lambda c: bucket_ms(c.open_ms, resolution_s=resolution_s))
    return [merged(parts, open_ms=open_ms) for open_ms, parts in grouped]
