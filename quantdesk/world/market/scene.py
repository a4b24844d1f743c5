"""Scenes: which recordings play together, and where they start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from quantdesk.domain.candle import MINUTE_MS
from quantdesk.world.market.recording import Recording, load


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A stretch of recorded time, the same for all its markets."""

    name: str
    label: str
    recordings: dict[str, Recording]
    start_ms: int

    def __post_init__(self) -> None:
        assert self.start_ms % MINUTE_MS == 0, "a scene starts on a whole minute"
        assert self.first_ms <= self.start_ms < self.end_ms, "the start lies inside the scene"

    @property
    def first_ms(self) -> int:
        """First recorded millisecond that every market has."""
        return max(recording.first_ms for recording in self.recordings.values())

    @property
    def end_ms(self) -> int:
        """First recorded millisecond that some market no longer has."""
        return min(recording.end_ms for recording in self.recordings.values())


def _utc_ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1000  # type: ignore[misc, arg-type]


def calm() -> Scene:
    """A quiet week with five days of history before its start."""
    return Scene(
        name="calm",
        label="Recorded Binance perpetuals, 23 to 30 May 2025; between minute bars simulated",
        recordings={f"{coin}-PERP": load(f"calm-{coin}") for coin in ("SOL", "BTC", "ETH")},
        start_ms=_utc_ms(2025, 5, 28, 22, 0),
    )


def crash() -> Scene:
    """The liquidation cascade of 10 October 2025; it begins four minutes after the start."""
    return Scene(
        name="crash",
        label="Recorded Binance perpetuals, 10 October 2025; between minute bars simulated",
        recordings={f"{coin}-PERP": load(f"crash-{coin}") for coin in ("SOL", "BTC")},
        start_ms=_utc_ms(2025, 10, 10, 21, 8),
    )


SCENES = {"calm": calm, "crash": crash}
