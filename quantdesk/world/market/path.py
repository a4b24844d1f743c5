"""The way a price takes through one recorded minute.

A minute bar says where the price opened, closed and turned, not when. The path visits all four
prices exactly, at turning times drawn from the bar's own opening time, so it is the same in every
run. What lies between is simulated: a straight line with a small wobble that never leaves the bar.
"""

from __future__ import annotations

from itertools import pairwise

from quantdesk.domain.candle import MINUTE_MS, Candle

GRID_MS = 400
STEPS = MINUTE_MS // GRID_MS
_WOBBLE_SHARE = 14
_CONF_E6 = 300
_RANGE_SHARE = 40
_MASK = (1 << 64) - 1


def price_at(bar: Candle, step: int) -> int:
    """Price in USD e6 at grid step 0 … STEPS-1 of the minute."""
    if step in (0, STEPS - 1):
        return bar.open_e6 if step == 0 else bar.close_e6
    knots = _knots(bar)
    start, end = next(pair for pair in pairwise(knots) if step <= pair[1][0])
    if step == end[0]:
        return end[1]
    line = start[1] + (end[1] - start[1]) * (step - start[0]) // (end[0] - start[0])
    wobble = (bar.high_e6 - bar.low_e6) * (_mixed(bar.open_ms + step) % 2001 - 1000)
    return min(bar.high_e6, max(bar.low_e6, line + wobble // (1000 * _WOBBLE_SHARE)))


def conf_of(bar: Candle, price_e6: int) -> int:
    """Confidence in USD e6: 3 basis points of the price, wider when the minute ranges far."""
    return price_e6 * _CONF_E6 // 10**6 + (bar.high_e6 - bar.low_e6) // _RANGE_SHARE


def _knots(bar: Candle) -> list[tuple[int, int]]:
    first = 12 + _mixed(bar.open_ms) % 50
    second = first + 15 + _mixed(bar.open_ms + STEPS) % 60
    turns = [bar.low_e6, bar.high_e6] if bar.close_e6 >= bar.open_e6 else [bar.high_e6, bar.low_e6]
    return [(0, bar.open_e6), (first, turns[0]), (second, turns[1]), (STEPS - 1, bar.close_e6)]


def _mixed(seed: int) -> int:
    # splitmix64: well spread, stable across Python versions, unlike hash().
    value = (seed * 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
