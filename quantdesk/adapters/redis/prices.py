"""Prices in Valkey: a stream of every tick, and a hash with the newest of each market."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from redis.asyncio import Redis

from quantdesk.adapters.redis.connection import translated
from quantdesk.services.market_ports import Tick
from quantdesk.services.ports import Mark, MarksUnavailable

STREAM = "prices"
STREAM_LENGTH = 20_000
BLOCK_MS_MAX = 2_000
_NUMBERS = ("price_e6", "conf_e6", "publish_ms", "received_ms", "volume_e3", "prev_publish_s")


def mark_key(market: str) -> str:
    """Where the newest tick of a market is kept."""
    return f"mark:{market}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A tick with its place in the stream; `tick` is None when the entry is not one of ours."""

    id: str
    tick: Tick | None


class PriceStream:
    """Writes and reads ticks. Every method raises `PricesUnavailable`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def append(self, ticks: Sequence[Tick]) -> None:
        """Add ticks and make them the newest of their markets, in one round trip.

        A transaction, so that a waiting reader wakes up once with all of them.
        """
        pipeline = self._redis.pipeline(transaction=True)
        for tick in ticks:
            fields = _fields(tick)
            pipeline.xadd(STREAM, fields, maxlen=STREAM_LENGTH, approximate=True)
            pipeline.hset(mark_key(tick.market), mapping=fields)
        with translated():
            await pipeline.execute()

    async def read(self, after: str, *, block_ms: int, count: int = 500) -> list[Entry]:
        """Entries after an id (`$`: only new ones), waiting up to `block_ms` for the first."""
        assert 0 < block_ms <= BLOCK_MS_MAX, block_ms
        with translated():
            answer = await self._redis.xread({STREAM: after}, count=count, block=block_ms)
        entries = answer[0][1] if answer else []
        return [Entry(id=entry_id, tick=_tick_or_none(fields)) for entry_id, fields in entries]

    async def last_id(self) -> str:
        """Id of the newest entry, `0-0` when there is none."""
        with translated():
            newest = await self._redis.xrevrange(STREAM, count=1)
        return str(newest[0][0]) if newest else "0-0"

    async def newest(self, markets: Sequence[str]) -> list[Tick]:
        """The newest tick of each market that has one."""
        pipeline = self._redis.pipeline(transaction=False)
        for market in markets:
            pipeline.hgetall(mark_key(market))
        with translated():
            answers = await pipeline.execute()
        ticks = [_tick_or_none(fields) for fields in answers]
        return [tick for tick in ticks if tick is not None]


class MarkBook:
    """The port `Marks`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def latest(self, market: str) -> Mark | None:
        """The newest mark; None when none was ever received. Raises `MarksUnavailable`."""
        with translated(MarksUnavailable):
            # The client's types serve its synchronous twin too.
            fields = await cast("Awaitable[dict[str, str]]", self._redis.hgetall(mark_key(market)))
        tick = _tick_or_none(fields)
        if tick is None:
            return None
        return Mark(
            market=tick.market,
            price_e6=tick.price_e6,
            conf_e6=tick.conf_e6,
            publish_ms=tick.publish_ms,
            received_ms=tick.received_ms,
        )


def _fields(tick: Tick) -> dict[Any, Any]:
    return {
        "market": tick.market,
        "price_e6": tick.price_e6,
        "conf_e6": tick.conf_e6,
        "publish_ms": tick.publish_ms,
        "received_ms": tick.received_ms,
        "volume_e3": tick.volume_e3,
        "prev_publish_s": tick.prev_publish_s,
    }


def _tick_or_none(fields: dict[str, str] | None) -> Tick | None:
    if not fields or "market" not in fields:
        return None
    try:
        numbers = {name: int(fields.get(name, "0")) for name in _NUMBERS}
    except ValueError:
        return None
    if numbers["price_e6"] <= 0 or min(numbers.values()) < 0:
        return None
    return Tick(market=fields["market"], **numbers)
