"""The board: the newest known figures of every market, as browsers see them."""

from __future__ import annotations

from quantdesk.adapters.oracle.feeds import BY_SYMBOL
from quantdesk.adapters.postgres.candles import Day
from quantdesk.domain.candle import RESOLUTIONS_S
from quantdesk.services.market_ports import Tick
from quantdesk.workers.feed.live_candles import LiveCandles
from quantdesk.workers.feed.topics import Topic

STALE_MS = 5_000
CONF_GATE_E6 = 5_000
FULL_DAY_SLACK_MS = 30 * 60_000
DAY_MS = 86_400_000

Json = dict[str, object]


class Board:
    """Collects what is known; says which topics a change touches."""

    def __init__(self) -> None:
        self.candles = {market: LiveCandles() for market in BY_SYMBOL}
        self._ticks: dict[str, Tick] = {}
        self._states: dict[str, dict[str, int]] = {}
        self._days: dict[str, Day] = {}
        self._grades: dict[str, str] = {}

    def add_tick(self, tick: Tick) -> list[Topic]:
        """Take a new price; an older one than known changes nothing."""
        known = self._ticks.get(tick.market)
        if tick.market not in BY_SYMBOL:
            return []
        if known is not None and tick.publish_ms < known.publish_ms:
            return []
        self._ticks[tick.market] = tick
        self.candles[tick.market].add(tick)
        return [Topic(market=tick.market, resolution_s=span) for span in (None, *RESOLUTIONS_S)]

    def set_state(self, market: str, state: dict[str, int]) -> list[Topic]:
        """Take open interest, funding and limits."""
        if self._states.get(market) == state:
            return []
        self._states[market] = state
        return [Topic(market=market, resolution_s=None)]

    def set_day(self, market: str, day: Day | None) -> list[Topic]:
        """Take the figures of the last 24 hours."""
        if day is None or self._days.get(market) == day:
            return []
        self._days[market] = day
        return [Topic(market=market, resolution_s=None)]

    def regrade(self, now_ms: int) -> list[Topic]:
        """Judge every price again by the clock; the tickers whose grade changed."""
        changed = []
        for market in BY_SYMBOL:
            grade = self._grade(market, now_ms)
            if self._grades.get(market) != grade:
                self._grades[market] = grade
                changed.append(Topic(market=market, resolution_s=None))
        return changed

    def newest_age_ms(self, now_ms: int) -> int | None:
        """Age of the newest price of any market."""
        published = [tick.publish_ms for tick in self._ticks.values()]
        return now_ms - max(published) if published else None

    def data(self, topic: Topic, *, now_ms: int) -> Json | None:
        """What a topic says now; None when nothing is known."""
        if topic.resolution_s is None:
            return self._ticker(topic.market, now_ms)
        return self._candle(topic.market, topic.resolution_s)

    def _ticker(self, market: str, now_ms: int) -> Json:
        tick = self._ticks.get(market)
        state = self._states.get(market, {})
        return {
            "market": market,
            "mark_e6": None if tick is None else tick.price_e6,
            "conf_e6": None if tick is None else tick.conf_e6,
            "publish_ms": None if tick is None else tick.publish_ms,
            "received_ms": None if tick is None else tick.received_ms,
            "grade": self._grade(market, now_ms),
            **self._day_figures(market, tick, now_ms),
            "long_e9": state.get("long_e9"),
            "short_e9": state.get("short_e9"),
            "funding_rate_e6": state.get("funding_rate_e6"),
            "max_leverage": state.get("max_leverage"),
        }

    def _day_figures(self, market: str, tick: Tick | None, now_ms: int) -> Json:
        day = self._days.get(market)
        if day is None or tick is None:
            names = ("change_24h_e6", "high_24h_e6", "low_24h_e6", "volume_24h_usd")
            return dict.fromkeys(names)
        # A change over less than a day would be called a day's change; better none.
        is_full = day.first_ms <= now_ms - DAY_MS + FULL_DAY_SLACK_MS
        return {
            "change_24h_e6": tick.price_e6 - day.open_e6 if is_full else None,
            "high_24h_e6": max(day.high_e6, tick.price_e6),
            "low_24h_e6": min(day.low_e6, tick.price_e6),
            "volume_24h_usd": round(day.volume_usd),
        }

    def _candle(self, market: str, resolution_s: int) -> Json | None:
        candle = self.candles[market].candle(resolution_s)
        if candle is None:
            return None
        return {
            "market": market,
            "resolution_s": resolution_s,
            "open_ms": candle.open_ms,
            "o_e6": candle.open_e6,
            "h_e6": candle.high_e6,
            "l_e6": candle.low_e6,
            "c_e6": candle.close_e6,
            "volume": candle.volume_e3 / 1000,
        }

    def _grade(self, market: str, now_ms: int) -> str:
        tick = self._ticks.get(market)
        if tick is None:
            return "none"
        if now_ms - tick.publish_ms > STALE_MS:
            return "stale"
        gate_e6 = self._states.get(market, {}).get("conf_gate_e6", CONF_GATE_E6)
        return "wide" if tick.conf_e6 * 10**6 > gate_e6 * tick.price_e6 else "valid"
