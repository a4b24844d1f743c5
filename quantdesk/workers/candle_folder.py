"""Folds ticks into minute candles that still have to be written."""

from __future__ import annotations

from quantdesk.domain.candle import Candle, bucket_ms, first_tick, with_tick
from quantdesk.services.market_ports import Tick

PENDING_MAX = 5_000


class CandleFolder:
    """Candles by market and minute; those not yet taken wait, the oldest give way when too many."""

    def __init__(self) -> None:
        self._open: dict[str, Candle] = {}
        self._pending: dict[tuple[str, int], Candle] = {}
        self.given_up = 0

    def add(self, tick: Tick) -> None:
        """Count one tick into its minute; ticks of an earlier minute than the open one are old."""
        open_ms = bucket_ms(tick.publish_ms, resolution_s=60)
        current = self._open.get(tick.market)
        if current is not None and open_ms < current.open_ms:
            return
        if current is None or open_ms > current.open_ms:
            candle = first_tick(open_ms=open_ms, price_e6=tick.price_e6, volume_e3=tick.volume_e3)
        else:
            candle = with_tick(current, tick.price_e6, volume_e3=tick.volume_e3)
        self._open[tick.market] = candle
        self._pending[tick.market, open_ms] = candle
        if len(self._pending) > PENDING_MAX:
            del self._pending[next(iter(self._pending))]
            self.given_up += 1

    def pending(self) -> dict[str, list[Candle]]:
        """What waits to be written, oldest first within each market."""
        grouped: dict[str, list[Candle]] = {}
        for (market, _), candle in sorted(self._pending.items()):
            grouped.setdefault(market, []).append(candle)
        return grouped

    def written(self, market: str, candles: list[Candle]) -> None:
        """Forget what was written, unless it changed meanwhile."""
        for candle in candles:
            if self._pending.get((market, candle.open_ms)) == candle:
                del self._pending[market, candle.open_ms]
