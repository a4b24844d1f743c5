"""The recorded market is a pure function of wall time, and true to its bars."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantdesk.domain.candle import MINUTE_MS, Candle, first_tick, with_tick
from quantdesk.world.market.path import GRID_MS, STEPS, conf_of, price_at
from quantdesk.world.market.recording import load
from quantdesk.world.market.replay import Replay
from quantdesk.world.market.scene import SCENES

EPOCH_MS = 1_790_000_000_123
EPOCH_MINUTE_MS = EPOCH_MS - EPOCH_MS % MINUTE_MS
HOUR_MS = 60 * MINUTE_MS


def _replay(scene: str = "calm", *, speed: int = 1) -> Replay:
    return Replay(SCENES[scene](), epoch_ms=EPOCH_MS, speed=speed)


def _folded(replay: Replay, symbol: str, open_ms: int) -> Candle:
    first, *later = [
        reading
        for at in range(open_ms, open_ms + MINUTE_MS, GRID_MS)
        if (reading := replay.price(symbol, at)) is not None
    ]
    candle = first_tick(open_ms=open_ms, price_e6=first.price_e6, volume_e3=first.volume_e3)
    for reading in later:
        candle = with_tick(candle, reading.price_e6, volume_e3=reading.volume_e3)
    return candle


def test_two_replays_give_byte_identical_candles() -> None:
    span = {"from_ms": EPOCH_MS - 2 * HOUR_MS, "to_ms": EPOCH_MS + 2 * HOUR_MS}

    first = _replay(speed=7).candles("BTC-PERP", **span)
    second = _replay(speed=7).candles("BTC-PERP", **span)

    assert len(first) == 240
    assert repr(first).encode() == repr(second).encode()


def test_the_candles_at_speed_one_are_the_recordings_own() -> None:
    scene = SCENES["calm"]()
    candles = _replay().candles("SOL-PERP", from_ms=0, to_ms=EPOCH_MINUTE_MS + HOUR_MS)

    recorded = [bar for bar in load("calm-SOL").bars if bar.open_ms < scene.start_ms + HOUR_MS]
    shift = EPOCH_MINUTE_MS - scene.start_ms
    assert len(candles) == len(recorded)
    for candle, bar in zip(candles, recorded, strict=True):
        assert candle.open_ms == bar.open_ms + shift
        assert (candle.open_e6, candle.high_e6, candle.low_e6, candle.close_e6) == (
            bar.open_e6,
            bar.high_e6,
            bar.low_e6,
            bar.close_e6,
        )
        assert candle.volume_e3 == bar.volume_e3


@pytest.mark.parametrize("minutes", [-300, -1, 0, 1, 4, 12, 115, 200])
def test_published_prices_fold_into_exactly_the_candle_of_the_history(minutes: int) -> None:
    # Minutes 109 to 218 of the crash run backwards.
    replay = _replay("calm" if minutes < 0 else "crash")
    open_ms = EPOCH_MINUTE_MS + minutes * MINUTE_MS

    (candle,) = replay.candles("SOL-PERP", from_ms=open_ms, to_ms=open_ms + MINUTE_MS)

    assert _folded(replay, "SOL-PERP", open_ms) == candle


def test_the_cascade_reaches_its_low_at_the_recorded_minute() -> None:
    replay = _replay("crash")
    # 21:21 is 13 minutes after the scene's start.
    open_ms = EPOCH_MINUTE_MS + 13 * MINUTE_MS

    (candle,) = replay.candles("SOL-PERP", from_ms=open_ms, to_ms=open_ms + MINUTE_MS)

    assert candle.low_e6 == 141_280_000


def test_at_ten_times_speed_the_cascade_arrives_in_the_second_minute() -> None:
    replay = _replay("crash", speed=10)
    candles = replay.candles(
        "SOL-PERP", from_ms=EPOCH_MINUTE_MS, to_ms=EPOCH_MINUTE_MS + 2 * MINUTE_MS
    )

    assert candles[0].low_e6 > 160_000_000
    assert candles[1].low_e6 < 145_000_000


def test_time_turns_round_at_the_end_and_the_price_does_not_jump() -> None:
    replay = _replay("crash")
    scene = replay.scene
    end_ms = EPOCH_MINUTE_MS + scene.end_ms - scene.start_ms

    before = replay.price("SOL-PERP", end_ms - GRID_MS)
    after = replay.price("SOL-PERP", end_ms)

    assert before is not None
    assert after is not None
    assert before.price_e6 == after.price_e6
    assert replay.recorded_ms(end_ms) == replay.recorded_ms(end_ms - GRID_MS)


def test_the_crash_has_no_prices_of_eth_and_none_before_its_recording() -> None:
    replay = _replay("crash")

    assert replay.price("ETH-PERP", EPOCH_MS) is None
    assert replay.candles("ETH-PERP", from_ms=0, to_ms=EPOCH_MS) == []
    assert replay.price("SOL-PERP", replay.history_from_ms - 1) is None
    assert replay.price("SOL-PERP", replay.history_from_ms) is not None


def test_a_speed_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="speed 0"):
        _replay(speed=0)


@settings(max_examples=80, deadline=None)
@given(
    wall=st.integers(EPOCH_MS - 24 * HOUR_MS, EPOCH_MS + 1_000 * HOUR_MS),
    speed=st.integers(1, 1_000),
)
def test_every_price_lies_in_its_recorded_minute(wall: int, speed: int) -> None:
    replay = _replay(speed=speed)

    reading = replay.price("ETH-PERP", wall)

    assert reading is not None
    bar = load("calm-ETH").bar_at(replay.recorded_ms(wall))
    assert bar.low_e6 <= reading.price_e6 <= bar.high_e6
    assert 0 <= wall - reading.publish_ms < GRID_MS
    assert reading.volume_e3 >= 0


@pytest.mark.parametrize("name", ["calm-SOL", "crash-SOL", "crash-BTC"])
def test_the_path_of_every_minute_visits_all_four_prices_of_its_bar(name: str) -> None:
    for bar in load(name).bars[:1_500]:
        prices = [price_at(bar, step) for step in range(STEPS)]

        assert (prices[0], prices[-1]) == (bar.open_e6, bar.close_e6)
        assert (max(prices), min(prices)) == (bar.high_e6, bar.low_e6)


def test_confidence_widens_with_the_range_and_stays_under_the_gates() -> None:
    gates_e6 = {"calm-SOL": 5_000, "calm-BTC": 2_500, "crash-SOL": 5_000, "crash-BTC": 2_500}
    for name, gate_e6 in gates_e6.items():
        for bar in load(name).bars:
            assert conf_of(bar, bar.low_e6) * 10**6 < gate_e6 * bar.low_e6
            assert conf_of(bar, bar.low_e6) * 10**6 >= 200 * bar.low_e6
    calm, wild = load("crash-SOL").bars[16], load("crash-SOL").bars[20]
    assert conf_of(wild, 10**8) > 5 * conf_of(calm, 10**8)
