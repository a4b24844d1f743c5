"""Recordings: one-minute candles of real markets, shipped inside the package.

Where they come from and under which terms is written beside them, in `recordings/README.md`.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from quantdesk.domain.candle import MINUTE_MS, Candle

FOLDER = Path(__file__).parent / "recordings"
HEADER = "open_ms,open_e6,high_e6,low_e6,close_e6,volume_e3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Consecutive minutes of one market, oldest first, without a gap."""

    bars: tuple[Candle, ...]

    def __post_init__(self) -> None:
        first = self.bars[0].open_ms
        for position, bar in enumerate(self.bars):
            assert bar.open_ms == first + position * MINUTE_MS, f"gap before {bar.open_ms}"

    @property
    def first_ms(self) -> int:
        """Opening time of the first minute."""
        return self.bars[0].open_ms

    @property
    def end_ms(self) -> int:
        """First millisecond after the last minute."""
        return self.bars[-1].open_ms + MINUTE_MS

    def bar_at(self, recorded_ms: int) -> Candle:
        """The minute that holds `recorded_ms`, which must lie inside the recording."""
        position = (recorded_ms - self.first_ms) // MINUTE_MS
        assert position >= 0, f"{recorded_ms} is before the recording"
        return self.bars[position]


def _bar(line: str) -> Candle:
    open_ms, open_e6, high_e6, low_e6, close_e6, volume_e3 = map(int, line.split(","))
    return Candle(
        open_ms=open_ms,
        open_e6=open_e6,
        high_e6=high_e6,
        low_e6=low_e6,
        close_e6=close_e6,
        volume_e3=volume_e3,
    )


@cache
def load(name: str) -> Recording:
    """Read a shipped recording such as `calm-SOL`; parsed once per process."""
    text = gzip.decompress((FOLDER / f"{name}.csv.gz").read_bytes()).decode("ascii")
    header, *lines = text.splitlines()
    if header != HEADER:
        raise ValueError(f"{name}: expected header {HEADER!r}, found {header!r}")
    return Recording(bars=tuple(map(_bar, lines)))
