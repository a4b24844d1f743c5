"""Laws of candles: folding keeps the extremes, and resolutions tell one story."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.domain.candle import (
    RESOLUTIONS_S,
    Candle,
    bucket_ms,
    first_tick,
    merged,
    resampled,
    with_tick,
)

prices = st.lists(st.integers(1, 10**12), min_size=1, max_size=60)


def _folded(ticks: list[int], *, open_ms: int = 0) -> Candle:
    candle = first_tick(open_ms=open_ms, price_e6=ticks[0])
    for price in ticks[1:]:
        candle = with_tick(candle, price, volume_e3=0)
    return candle


@given(prices)
def test_a_candle_of_ticks_has_their_first_highest_lowest_and_last(ticks: list[int]) -> None:
    candle = _folded(ticks)

    assert (candle.open_e6, candle.close_e6) == (ticks[0], ticks[-1])
    assert (candle.high_e6, candle.low_e6) == (max(ticks), min(ticks))


@given(prices, prices)
def test_merging_two_candles_is_folding_all_their_ticks(first: list[int], then: list[int]) -> None:
    parts = [_folded(first), _folded(then, open_ms=60_000)]

    assert merged(parts, open_ms=0) == _folded(first + then)


@given(st.lists(prices, min_size=1, max_size=40))
def test_resampling_by_way_of_a_middle_resolution_changes_nothing(minutes: list[list[int]]) -> None:
    candles = [_folded(ticks, open_ms=n * 60_000) for n, ticks in enumerate(minutes)]

    directly = resampled(candles, resolution_s=3_600)
    by_way = resampled(resampled(candles, resolution_s=300), resolution_s=3_600)

    assert directly == by_way


@given(st.integers(0, 2**42), st.sampled_from(RESOLUTIONS_S))
def test_every_moment_lies_in_exactly_one_bucket(at_ms: int, resolution_s: int) -> None:
    start_ms = bucket_ms(at_ms, resolution_s=resolution_s)

    assert start_ms <= at_ms < start_ms + resolution_s * 1_000
    assert bucket_ms(start_ms, resolution_s=resolution_s) == start_ms


@given(prices)
def test_repeating_a_tick_changes_nothing(ticks: list[int]) -> None:
    candle = _folded(ticks)

    assert with_tick(candle, ticks[-1], volume_e3=candle.volume_e3) == candle


def test_a_candle_without_parts_is_a_broken_program() -> None:
    with pytest.raises(AssertionError):
        merged([], open_ms=0)
