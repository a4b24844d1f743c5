"""Candles in Postgres: minutes are stored, every longer resolution is a query over them.

Two ways to write: `replace` for bars from whoever recorded them, which are the truth, and `widen`
for bars folded from live prices, which may have missed some. Repeating either changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quantdesk.adapters.postgres.database import GUEST, SERVICE, Database
from quantdesk.domain.candle import MINUTE_MS, RESOLUTIONS_S, Candle
from quantdesk.services.ports import Candle as Bar

LIMIT_MAX = 1_500
DAY_MS = 86_400_000
_ROWS = """
insert into candles_1m as stored
  (market_index, open_at, open_e6, high_e6, low_e6, close_e6, volume)
select %(market)s, to_timestamp(ms / 1000.0), o, h, l, c, v
from unnest(%(open_ms)s::bigint[], %(open)s::bigint[], %(high)s::bigint[], %(low)s::bigint[],
            %(close)s::bigint[], %(volume)s::float8[]) as new(ms, o, h, l, c, v)
on conflict (market_index, open_at) do update set
"""
_REPLACE = (
    _ROWS
    + """
  open_e6 = excluded.open_e6, high_e6 = excluded.high_e6, low_e6 = excluded.low_e6,
  close_e6 = excluded.close_e6, volume = excluded.volume
where (stored.open_e6, stored.high_e6, stored.low_e6, stored.close_e6, stored.volume) is distinct
  from (excluded.open_e6, excluded.high_e6, excluded.low_e6, excluded.close_e6, excluded.volume)
"""
)
_WIDEN = (
    _ROWS
    + """
  high_e6 = greatest(stored.high_e6, excluded.high_e6),
  low_e6 = least(stored.low_e6, excluded.low_e6),
  close_e6 = excluded.close_e6, volume = greatest(stored.volume, excluded.volume)
"""
)
_READ = """
select (extract(epoch from bucket) * 1000)::bigint as open_ms,
       (array_agg(open_e6 order by open_at))[1] as open_e6,
       max(high_e6) as high_e6, min(low_e6) as low_e6,
       (array_agg(close_e6 order by open_at desc))[1] as close_e6,
       sum(volume) as volume
from (
  select *, date_bin(make_interval(secs => %(seconds)s), open_at, 'epoch') as bucket
  from candles_1m
  where market_index = %(market)s
    and open_at >= to_timestamp(%(from_ms)s / 1000.0)
    and open_at < to_timestamp(%(to_ms)s / 1000.0)
) as minutes
group by bucket order by bucket
"""
_MINUTES = """
select (extract(epoch from open_at) * 1000)::bigint as open_ms, open_e6, high_e6, low_e6, close_e6,
       round(volume * 1000)::bigint as volume_e3
from candles_1m
where market_index = %(market)s and open_at >= to_timestamp(%(from_ms)s / 1000.0)
order by open_at limit 1441
"""
_DAY = """
select min(low_e6) as low_e6, max(high_e6) as high_e6,
       (array_agg(open_e6 order by open_at))[1] as open_e6,
       (extract(epoch from min(open_at)) * 1000)::bigint as first_ms,
       sum(volume * close_e6 / 1e6) as volume_usd
from candles_1m
where market_index = %(market)s and open_at >= to_timestamp(%(from_ms)s / 1000.0)
"""
_NEWEST = """
select (extract(epoch from max(open_at)) * 1000)::bigint as newest_ms
from candles_1m where market_index = %(market)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The last 24 hours of a market; `first_ms` is later than 24 h ago when data is short."""

    open_e6: int
    high_e6: int
    low_e6: int
    first_ms: int
    volume_usd: float


class CandleStore:
    """The ports `Candles` and `MarketHistory`; every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replace(self, market_index: int, candles: Sequence[Candle]) -> None:
        """Insert bars or overwrite what differs."""
        await self._write(_REPLACE, market_index, candles)

    async def widen(self, market_index: int, candles: Sequence[Candle]) -> None:
        """Insert bars or extend the stored ones; the first stored open stays."""
        await self._write(_WIDEN, market_index, candles)

    async def newest_ms(self, market_index: int) -> int | None:
        """Opening time of the newest stored minute."""
        async with self._database.transaction(SERVICE) as connection:
            cursor = await connection.execute(_NEWEST, {"market": market_index})
            row = await cursor.fetchone()
        return None if row is None else row["newest_ms"]

    async def candles(
        self, market_index: int, *, resolution_s: int, limit: int, before_ms: int
    ) -> list[Bar]:
        """At most `limit` candles that open before `before_ms`, oldest first.

        Buckets count from 1970 UTC, so a day candle opens at midnight UTC.
        """
        if resolution_s not in RESOLUTIONS_S or not 0 < limit <= LIMIT_MAX:
            raise ValueError(f"resolution_s one of {RESOLUTIONS_S}, limit 1 to {LIMIT_MAX}")
        span_ms = resolution_s * 1000
        to_ms = before_ms + -before_ms % span_ms
        parameters = {
            "market": market_index,
            "seconds": resolution_s,
            "from_ms": to_ms - limit * span_ms,
            "to_ms": to_ms,
        }
        async with self._database.transaction(GUEST) as connection:
            cursor = await connection.execute(_READ, parameters)
            rows = await cursor.fetchall()
        return [Bar(**row) for row in rows]

    async def minutes(self, market_index: int, *, from_ms: int) -> list[Candle]:
        """Minutes that open at or after `from_ms`, oldest first, at most a day and one."""
        async with self._database.transaction(GUEST) as connection:
            cursor = await connection.execute(
                _MINUTES, {"market": market_index, "from_ms": from_ms}
            )
            return [Candle(**row) for row in await cursor.fetchall()]

    async def day(self, market_index: int, *, now_ms: int) -> Day | None:
        """Open, high, low and traded value of the last 24 hours; None without any candle."""
        from_ms = now_ms - DAY_MS
        from_ms += -from_ms % MINUTE_MS
        parameters = {"market": market_index, "from_ms": from_ms}
        async with self._database.transaction(GUEST) as connection:
            cursor = await connection.execute(_DAY, parameters)
            row = await cursor.fetchone()
        return None if row is None or row["open_e6"] is None else Day(**row)

    async def _write(self, statement: str, market_index: int, candles: Sequence[Candle]) -> None:
        if not candles:
            return
        parameters = {
            "market": market_index,
            "open_ms": [candle.open_ms for candle in candles],
            "open": [candle.open_e6 for candle in candles],
            "high": [candle.high_e6 for candle in candles],
            "low": [candle.low_e6 for candle in candles],
            "close": [candle.close_e6 for candle in candles],
            "volume": [candle.volume_e3 / 1000 for candle in candles],
        }
        async with self._database.transaction(SERVICE) as connection:
            await connection.execute(statement, parameters)
