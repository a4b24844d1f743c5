"""Ports of market data: where prices come from and where candles are kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from quantdesk.domain.candle import Candle
from quantdesk.services.ports import PortError


class PricesUnavailable(PortError):
    """The hot price store did not answer."""


class HistoryUnavailable(PortError):
    """The source of past candles did not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One published price of a market, already checked.

    `volume_e3` is the base volume of its minute so far; `slot` orders prices of one instant.
    `prev_publish_s` dates the feed's publication before this one, in unix seconds; 0: not told.
    """

    market: str
    price_e6: int
    conf_e6: int
    publish_ms: int
    received_ms: int
    volume_e3: int = 0
    slot: int = 0
    prev_publish_s: int = 0

    def __post_init__(self) -> None:
        assert self.price_e6 > 0, self
        assert self.conf_e6 >= 0, self
        assert 0 <= self.prev_publish_s <= self.publish_ms // 1000, self


class PriceSource(Protocol):
    """A stream of prices that never ends: it reconnects by itself."""

    def batches(self) -> AsyncGenerator[list[Tick], None]:
        """Prices as they are published; those of one message come together."""
        ...


class PriceStore(Protocol):
    """Takes prices for everyone else to read."""

    async def append(self, ticks: Sequence[Tick]) -> None:
        """Keep ticks, oldest first. Raises `PricesUnavailable`."""
        ...


class CandleHistory(Protocol):
    """Past minutes of a market, from whoever recorded them."""

    async def candles(self, market: str, *, from_ms: int, to_ms: int) -> list[Candle]:
        """Minute candles that open in `[from_ms, to_ms)`, oldest first; empty when unknown."""
        ...


class Candles(Protocol):
    """The stored minute candles."""

    async def replace(self, market_index: int, candles: Sequence[Candle]) -> None:
        """Insert bars or overwrite what differs."""
        ...

    async def widen(self, market_index: int, candles: Sequence[Candle]) -> None:
        """Insert bars or extend the stored ones."""
        ...

    async def newest_ms(self, market_index: int) -> int | None:
        """Opening time of the newest stored minute."""
        ...
