"""The recorded market as a pure function of wall time.

Before the epoch recorded time runs at its own pace, so charts have an honest past; from the epoch
on it runs `speed` times as fast, and at either end of the recording it turns round. The same
symbol, time, scene, speed and epoch always give the same price.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from quantdesk.domain.candle import MINUTE_MS, Candle, first_tick, with_tick
from quantdesk.world.market.path import GRID_MS, STEPS, conf_of, price_at
from quantdesk.world.market.scene import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One published price; `volume_e3` is what traded so far in this wall minute."""

    price_e6: int
    conf_e6: int
    average_e6: int
    publish_ms: int
    volume_e3: int


class Replay:
    """Plays one scene; `epoch_ms` is rounded down to the minute so that bars keep their edges."""

    def __init__(self, scene: Scene, *, epoch_ms: int, speed: int) -> None:
        if speed < 1:
            raise ValueError(f"speed {speed} must be 1 or more")
        self.scene = scene
        self.speed = speed
        self.epoch_ms = epoch_ms - epoch_ms % MINUTE_MS
        self._bars = {
            symbol: tuple(
                recording.bar_at(at) for at in range(scene.first_ms, scene.end_ms, MINUTE_MS)
            )
            for symbol, recording in scene.recordings.items()
        }
        self._volumes = {
            symbol: tuple(accumulate((bar.volume_e3 for bar in bars), initial=0))
            for symbol, bars in self._bars.items()
        }

    @property
    def symbols(self) -> tuple[str, ...]:
        """Markets that this scene has prices for."""
        return tuple(self._bars)

    @property
    def history_from_ms(self) -> int:
        """First wall time that has a price."""
        return self.epoch_ms - (self.scene.start_ms - self.scene.first_ms)

    def recorded_ms(self, wall_ms: int) -> int:
        """The recorded time that plays at `wall_ms`."""
        position, step, _ = self._place(self._unfolded(wall_ms))
        return self.scene.first_ms + position * MINUTE_MS + step * GRID_MS

    def price(self, symbol: str, wall_ms: int) -> Reading | None:
        """The latest published price at `wall_ms`; None where the scene has no recording."""
        if symbol not in self._bars or wall_ms < self.history_from_ms:
            return None
        publish_ms = wall_ms - wall_ms % GRID_MS
        position, step, _ = self._place(self._unfolded(publish_ms))
        bar = self._bars[symbol][position]
        price_e6 = price_at(bar, step)
        return Reading(
            price_e6=price_e6,
            conf_e6=conf_of(bar, price_e6),
            average_e6=(bar.open_e6 + bar.high_e6 + bar.low_e6 + bar.close_e6) // 4,
            publish_ms=publish_ms,
            volume_e3=self._volume_of_minute(symbol, publish_ms),
        )

    def candles(self, symbol: str, *, from_ms: int, to_ms: int) -> list[Candle]:
        """Minute candles that open in `[from_ms, to_ms)`, made only of prices before `to_ms`."""
        if symbol not in self._bars:
            return []
        first = max(from_ms, self.history_from_ms)
        first += -first % MINUTE_MS
        return [
            self._candle(symbol, open_ms, min(open_ms + MINUTE_MS, to_ms))
            for open_ms in range(first, to_ms, MINUTE_MS)
        ]

    def _candle(self, symbol: str, open_ms: int, to_ms: int) -> Candle:
        is_whole = to_ms == open_ms + MINUTE_MS
        if is_whole and (self.speed == 1 or open_ms < self.epoch_ms):
            return self._bar(symbol, open_ms)
        readings = [self.price(symbol, at) for at in range(open_ms, to_ms, GRID_MS)]
        first, *later = [reading for reading in readings if reading is not None]
        candle = first_tick(open_ms=open_ms, price_e6=first.price_e6, volume_e3=first.volume_e3)
        for reading in later:
            candle = with_tick(candle, reading.price_e6, volume_e3=reading.volume_e3)
        return candle

    def _bar(self, symbol: str, open_ms: int) -> Candle:
        position, _, is_reversed = self._place(self._unfolded(open_ms))
        bar = self._bars[symbol][position]
        opening, closing = bar.open_e6, bar.close_e6
        if is_reversed:
            opening, closing = closing, opening
        return Candle(
            open_ms=open_ms,
            open_e6=opening,
            high_e6=bar.high_e6,
            low_e6=bar.low_e6,
            close_e6=closing,
            volume_e3=bar.volume_e3,
        )

    def _unfolded(self, wall_ms: int) -> int:
        # Recorded time since the scene's first minute, as if it never turned round.
        elapsed = wall_ms - wall_ms % GRID_MS - self.epoch_ms
        pace = self.speed if elapsed > 0 else 1
        return self.scene.start_ms - self.scene.first_ms + elapsed * pace

    def _place(self, unfolded: int) -> tuple[int, int, bool]:
        length = self.scene.end_ms - self.scene.first_ms
        turn, within = divmod(unfolded, length)
        is_reversed = turn % 2 == 1
        if is_reversed:
            within = length - GRID_MS - within
        position, rest = divmod(within, MINUTE_MS)
        return position, rest // GRID_MS, is_reversed

    def _volume_of_minute(self, symbol: str, publish_ms: int) -> int:
        pace = self.speed if publish_ms >= self.epoch_ms else 1
        now = self._unfolded(publish_ms) + GRID_MS * pace
        opened = self._unfolded(publish_ms - publish_ms % MINUTE_MS)
        return self._volume_until(symbol, now) - self._volume_until(symbol, opened)

    def _volume_until(self, symbol: str, unfolded: int) -> int:
        bars, volumes = self._bars[symbol], self._volumes[symbol]
        turn, within = divmod(unfolded, self.scene.end_ms - self.scene.first_ms)
        whole, rest = divmod(within, MINUTE_MS)
        if turn % 2 == 0:
            done = volumes[whole] + (bars[whole].volume_e3 * rest // MINUTE_MS if rest else 0)
        else:
            done = volumes[-1] - volumes[len(bars) - whole]
            done += bars[len(bars) - 1 - whole].volume_e3 * rest // MINUTE_MS if rest else 0
        return turn * volumes[-1] + done


__all__ = ["GRID_MS", "STEPS", "Reading", "Replay"]
