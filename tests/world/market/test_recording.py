"""The shipped recordings hold exactly the numbers that were published."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from quantdesk.domain.candle import Candle
from quantdesk.world.market.recording import FOLDER, Recording, load
from quantdesk.world.market.scene import SCENES

NAMES = ("calm-SOL", "calm-BTC", "calm-ETH", "crash-SOL", "crash-BTC")


def _low(name: str) -> int:
    return min(bar.low_e6 for bar in load(name).bars)


def _high(name: str) -> int:
    return max(bar.high_e6 for bar in load(name).bars)


def test_the_calm_week_of_sol_ranges_from_156_04_to_179_37() -> None:
    assert (_low("calm-SOL"), _high("calm-SOL")) == (156_040_000, 179_370_000)


def test_the_calm_week_of_btc_and_eth_ranges_as_recorded() -> None:
    assert (_low("calm-BTC"), _high("calm-BTC")) == (103_650_200_000, 110_700_000_000)
    assert (_low("calm-ETH"), _high("calm-ETH")) == (2_457_600_000, 2_788_880_000)


def test_sol_fell_to_141_28_and_btc_to_101_516_5_in_the_crash() -> None:
    assert _low("crash-SOL") == 141_280_000
    assert _low("crash-BTC") == 101_516_500_000


def test_a_week_has_10_080_minutes_and_the_crash_130() -> None:
    lengths = [len(load(name).bars) for name in NAMES]

    assert lengths == [10_080, 10_080, 10_080, 130, 130]


def test_the_cascade_bar_has_its_recorded_volume() -> None:
    bar = next(bar for bar in load("crash-SOL").bars if bar.open_ms == 1_760_130_720_000)

    assert (bar.open_e6, bar.low_e6, bar.volume_e3) == (194_340_000, 180_750_000, 1_587_532_910)


def test_the_calm_scene_has_more_than_three_days_of_history_before_its_start() -> None:
    scene = SCENES["calm"]()

    assert scene.start_ms - scene.first_ms >= 3 * 86_400_000


def test_the_crash_scene_starts_four_minutes_before_the_cascade() -> None:
    assert 1_760_130_720_000 - SCENES["crash"]().start_ms == 4 * 60_000


def test_a_recording_with_a_gap_is_refused() -> None:
    bars = load("crash-SOL").bars

    with pytest.raises(AssertionError, match="gap"):
        Recording(bars=(bars[0], bars[2]))


def test_a_bar_whose_low_is_above_its_close_is_refused() -> None:
    with pytest.raises(AssertionError):
        Candle(open_ms=0, open_e6=5, high_e6=6, low_e6=5, close_e6=4)


def test_all_recordings_together_stay_under_one_megabyte_and_carry_their_licence() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 1_000_000
    notice = (FOLDER / "README.md").read_text()
    assert "Copyright (c) 2025 [typhonun]" in notice
    assert "Permission is hereby granted" in notice


@pytest.mark.parametrize("name", NAMES)
def test_the_files_carry_no_time_so_that_making_them_again_gives_the_same_bytes(name: str) -> None:
    body = (FOLDER / f"{name}.csv.gz").read_bytes()

    assert body[4:8] == b"\x00" * 4
    assert gzip.compress(gzip.decompress(body), compresslevel=9, mtime=0) == body


def test_the_converter_reads_prices_without_losing_a_digit(tmp_path: Path) -> None:
    from quantdesk.world.market.convert import _scaled

    assert _scaled(0.1, decimals=6) == 100_000
    assert _scaled(101_516.5, decimals=6) == 101_516_500_000
    with pytest.raises(ValueError, match="decimals"):
        _scaled(0.0000001, decimals=6)
