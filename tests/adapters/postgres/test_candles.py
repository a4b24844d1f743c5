"""Stored candles: written as often as you like, read at every resolution, alike each time."""

from __future__ import annotations

import psycopg
import pytest

from quantdesk.adapters.postgres.candles import CandleStore
from quantdesk.adapters.postgres.database import GUEST, Database
from quantdesk.domain.candle import MINUTE_MS, Candle, resampled
from quantdesk.services.ports import Candle as Bar
from quantdesk.world.market.recording import load
from tests.adapters.postgres.server import Server

DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def _empty(server: Server, database_name: str) -> None:
    with psycopg.connect(server.admin_url(database_name), autocommit=True) as connection:
        connection.execute("truncate candles_1m")


def _candle(open_ms: int, price: int = 100, *, volume_e3: int = 1_000) -> Candle:
    return Candle(
        open_ms=open_ms,
        open_e6=price,
        high_e6=price + 10,
        low_e6=price - 10,
        close_e6=price + 5,
        volume_e3=volume_e3,
    )


async def test_the_same_bars_written_twice_are_stored_once(database: Database) -> None:
    store = CandleStore(database)
    bars = [_candle(minute * MINUTE_MS) for minute in range(5)]

    await store.replace(0, bars)
    await store.widen(0, bars)
    await store.replace(0, bars)

    assert await store.minutes(0, from_ms=0) == bars


async def test_a_live_bar_widens_and_never_narrows_what_is_stored(database: Database) -> None:
    store = CandleStore(database)
    await store.widen(0, [_candle(0, 100, volume_e3=900)])

    await store.widen(0, [_candle(0, 97, volume_e3=400)])

    (stored,) = await store.minutes(0, from_ms=0)
    assert (stored.open_e6, stored.high_e6, stored.low_e6) == (100, 110, 87)
    assert (stored.close_e6, stored.volume_e3) == (102, 900)


async def test_a_recorded_bar_replaces_a_live_one(database: Database) -> None:
    store = CandleStore(database)
    await store.widen(0, [_candle(0, 100)])

    await store.replace(0, [_candle(0, 200)])

    assert await store.minutes(0, from_ms=0) == [_candle(0, 200)]


async def test_unchanged_bars_are_not_written_again(
    database: Database, server: Server, database_name: str
) -> None:
    store = CandleStore(database)
    await store.replace(0, [_candle(0)])
    with psycopg.connect(server.admin_url(database_name)) as connection:
        before = connection.execute("select xmin::text from candles_1m").fetchone()

    await store.replace(0, [_candle(0)])

    with psycopg.connect(server.admin_url(database_name)) as connection:
        assert connection.execute("select xmin::text from candles_1m").fetchone() == before


@pytest.mark.parametrize("resolution_s", [60, 300, 900, 3_600, 14_400, 86_400])
async def test_longer_candles_are_those_of_the_recording(
    database: Database, resolution_s: int
) -> None:
    store = CandleStore(database)
    minutes = list(load("calm-SOL").bars[:4_000])
    await store.replace(0, minutes)

    bars = await store.candles(
        0, resolution_s=resolution_s, limit=1_500, before_ms=minutes[-1].open_ms + 1
    )

    expected = resampled(minutes, resolution_s=resolution_s)[-1_500:]
    assert [_fields(bar) for bar in bars] == [_fields(candle) for candle in expected]


def _fields(bar: Bar | Candle) -> tuple[int, ...]:
    volume_e3 = bar.volume_e3 if isinstance(bar, Candle) else round(bar.volume * 1_000)
    return (bar.open_ms, bar.open_e6, bar.high_e6, bar.low_e6, bar.close_e6, volume_e3)


async def test_pages_meet_without_overlap(database: Database) -> None:
    store = CandleStore(database)
    await store.replace(0, [_candle(minute * MINUTE_MS) for minute in range(100)])

    newest = await store.candles(0, resolution_s=300, limit=8, before_ms=100 * MINUTE_MS)
    older = await store.candles(0, resolution_s=300, limit=8, before_ms=newest[0].open_ms)

    opened = [bar.open_ms for bar in older + newest]
    assert opened == [start * 300_000 for start in range(4, 20)]


async def test_markets_do_not_mix(database: Database) -> None:
    store = CandleStore(database)
    await store.replace(0, [_candle(0, 100)])
    await store.replace(1, [_candle(0, 500)])

    bars = await store.candles(1, resolution_s=60, limit=10, before_ms=MINUTE_MS)

    assert [bar.open_e6 for bar in bars] == [500]


async def test_the_day_looks_back_exactly_24_hours(database: Database) -> None:
    store = CandleStore(database)
    now_ms = 3 * DAY_MS
    await store.replace(0, [_candle(now_ms - DAY_MS - MINUTE_MS, 900)])
    await store.replace(0, [_candle(now_ms - DAY_MS, 400, volume_e3=2_000)])
    await store.replace(0, [_candle(now_ms - MINUTE_MS, 300, volume_e3=1_000)])

    day = await store.day(0, now_ms=now_ms)

    assert day is not None
    assert (day.open_e6, day.high_e6, day.low_e6) == (400, 410, 290)
    assert day.first_ms == now_ms - DAY_MS
    assert day.volume_usd == pytest.approx((2 * 405 + 305) / 1e6)


async def test_a_market_without_candles_has_no_day_and_no_newest_minute(
    database: Database,
) -> None:
    store = CandleStore(database)

    assert await store.day(2, now_ms=DAY_MS) is None
    assert await store.newest_ms(2) is None
    assert await store.candles(2, resolution_s=60, limit=10, before_ms=DAY_MS) == []


@pytest.mark.parametrize(("resolution_s", "limit"), [(61, 10), (0, 10), (60, 0), (60, 1_501)])
async def test_an_unknown_resolution_or_limit_is_refused(
    database: Database, resolution_s: int, limit: int
) -> None:
    with pytest.raises(ValueError, match="limit 1 to 1500"):
        await CandleStore(database).candles(0, resolution_s=resolution_s, limit=limit, before_ms=1)


async def test_a_guest_may_read_candles_and_not_write_them(database: Database) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.transaction(GUEST) as connection:
            await connection.execute("delete from candles_1m")
