"""Folding ticks into minutes that wait for the database."""

from __future__ import annotations

from quantdesk.domain.candle import MINUTE_MS
from quantdesk.services.market_ports import Tick
from quantdesk.workers import candle_folder
from quantdesk.workers.candle_folder import CandleFolder


def _tick(publish_ms: int, price_e6: int, *, volume_e3: int = 0) -> Tick:
    return Tick(
        market="SOL-PERP",
        price_e6=price_e6,
        conf_e6=1,
        publish_ms=publish_ms,
        received_ms=publish_ms,
        volume_e3=volume_e3,
    )


def test_ticks_of_two_minutes_become_two_candles() -> None:
    folder = CandleFolder()
    for at, price in [(0, 10), (400, 12), (59_600, 9), (60_000, 11)]:
        folder.add(_tick(at, price, volume_e3=at))

    first, second = folder.pending()["SOL-PERP"]

    assert (first.open_e6, first.high_e6, first.low_e6, first.close_e6) == (10, 12, 9, 9)
    assert (first.volume_e3, second.open_ms, second.open_e6) == (59_600, MINUTE_MS, 11)


def test_a_written_candle_is_forgotten_unless_it_moved_meanwhile() -> None:
    folder = CandleFolder()
    folder.add(_tick(0, 10))
    before = folder.pending()["SOL-PERP"]
    folder.add(_tick(400, 11))

    folder.written("SOL-PERP", before)
    assert [candle.close_e6 for candle in folder.pending()["SOL-PERP"]] == [11]

    folder.written("SOL-PERP", folder.pending()["SOL-PERP"])
    assert folder.pending() == {}


def test_a_tick_of_an_earlier_minute_than_the_open_one_is_left_out() -> None:
    folder = CandleFolder()
    folder.add(_tick(MINUTE_MS, 10))
    folder.add(_tick(0, 99))

    assert [candle.high_e6 for candle in folder.pending()["SOL-PERP"]] == [10]


def test_replaying_the_same_ticks_gives_the_same_candles() -> None:
    ticks = [_tick(at, 100 + at % 7, volume_e3=at) for at in range(0, 180_000, 400)]
    once, twice = CandleFolder(), CandleFolder()
    for tick in ticks:
        once.add(tick)
    for tick in [*ticks[:100], *ticks]:
        twice.add(tick)

    assert once.pending() == twice.pending()


def test_what_cannot_be_written_for_days_gives_way_oldest_first_and_is_counted() -> None:
    folder = CandleFolder()
    for minute in range(candle_folder.PENDING_MAX + 3):
        folder.add(_tick(minute * MINUTE_MS, 10))

    waiting = folder.pending()["SOL-PERP"]

    assert len(waiting) == candle_folder.PENDING_MAX
    assert waiting[0].open_ms == 3 * MINUTE_MS
    assert folder.given_up == 3
