"""Running candles of every resolution, from stored minutes and live ticks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantdesk.domain.candle import MINUTE_MS, RESOLUTIONS_S, Candle, bucket_ms, merged
from quantdesk.services.market_ports import Tick
from quantdesk.workers.feed.live_candles import LiveCandles

DAY_MS = 86_400_000


def _minute(number: int) -> Candle:
    price = 1_000 + number % 97
    return Candle(
        open_ms=number * MINUTE_MS,
        open_e6=price,
        high_e6=price + 5,
        low_e6=price - 5,
        close_e6=price + 1,
        volume_e3=10,
    )


def _ticks(candle: Candle) -> list[Tick]:
    path = [candle.open_e6, candle.low_e6, candle.high_e6, candle.close_e6]
    return [
        Tick(
            market="SOL-PERP",
            price_e6=price,
            conf_e6=1,
            publish_ms=candle.open_ms + step * 10_000,
            received_ms=0,
            volume_e3=candle.volume_e3,
        )
        for step, price in enumerate(path)
    ]


def test_nothing_is_shown_before_the_stored_minutes_are_known() -> None:
    candles = LiveCandles()
    candles.add(_ticks(_minute(5))[0])

    assert candles.candle(60) is None


@settings(max_examples=60, deadline=None)
@given(stored=st.integers(0, 400), live=st.integers(1, 200))
def test_every_resolution_equals_the_merge_of_its_minutes(stored: int, live: int) -> None:
    minutes = [_minute(number) for number in range(stored + live)]
    candles = LiveCandles()
    candles.seed(minutes[:stored], now_ms=stored * MINUTE_MS)
    for minute in minutes[stored:]:
        for tick in _ticks(minute):
            candles.add(tick)

    for span in RESOLUTIONS_S:
        start_ms = bucket_ms(minutes[-1].open_ms, resolution_s=span)
        parts = [minute for minute in minutes if minute.open_ms >= start_ms]
        assert candles.candle(span) == merged(parts, open_ms=start_ms)


def test_seeding_again_in_the_middle_of_a_minute_counts_it_once() -> None:
    candles = LiveCandles()
    candles.seed([_minute(0), _minute(1)], now_ms=2 * MINUTE_MS)
    for tick in _ticks(_minute(2)):
        candles.add(tick)
    before = candles.candle(300)

    candles.seed([_minute(0), _minute(1), _minute(2)], now_ms=2 * MINUTE_MS + 45_000)

    assert candles.candle(300) == before


@pytest.mark.parametrize("span", [60, 300, 86_400])
def test_a_new_bucket_starts_afresh(span: int) -> None:
    candles = LiveCandles()
    last = DAY_MS // MINUTE_MS - 1
    candles.seed([_minute(last)], now_ms=last * MINUTE_MS)

    for tick in _ticks(_minute(last + 1)):
        candles.add(tick)

    candle = candles.candle(span)
    assert candle is not None
    assert (candle.open_ms, candle.volume_e3) == (DAY_MS, 10)
