"""Wiring: the one place where adapters meet what needs them.

Every function imports its adapter itself, so a process pays only for what it uses.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from quantdesk.settings import Settings

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from quantdesk.adapters.postgres.candles import CandleStore
    from quantdesk.adapters.postgres.database import Database
    from quantdesk.adapters.redis.account_channel import AccountChannel
    from quantdesk.adapters.redis.market_state import MarketStates
    from quantdesk.adapters.redis.prices import MarkBook, PriceStream
    from quantdesk.services.market_ports import CandleHistory, PriceSource


@asynccontextmanager
async def alive(settings: Settings, *, worker: str) -> AsyncIterator[Redis]:
    """A worker's Valkey client; its heartbeat is written as long as the block runs."""
    from quantdesk.adapters.redis.connection import connect
    from quantdesk.adapters.redis.heartbeat import beat_for_ever

    valkey = connect(settings.redis_url, name=worker)
    beats = asyncio.create_task(beat_for_ever(valkey, worker))
    try:
        yield valkey
    finally:
        beats.cancel()
        await valkey.aclose()


@asynccontextmanager
async def database(settings: Settings, *, size_max: int = 2) -> AsyncIterator[Database]:
    """A pool of Postgres connections, closed at the end of the block."""
    from quantdesk.adapters.postgres.database import Database

    pool = await Database.connect(settings.database_url, size_max=size_max)
    try:
        yield pool
    finally:
        await pool.close()


def price_source(settings: Settings) -> PriceSource:
    """Where prices come from."""
    from quantdesk.adapters.oracle.hermes import Hermes

    return Hermes(settings.pyth_hermes_url, api_key=settings.pyth_api_key)


def price_stream(valkey: Redis) -> PriceStream:
    """Every tick, for workers."""
    from quantdesk.adapters.redis.prices import PriceStream

    return PriceStream(valkey)


def marks(valkey: Redis) -> MarkBook:
    """The newest mark of each market."""
    from quantdesk.adapters.redis.prices import MarkBook

    return MarkBook(valkey)


def market_states(valkey: Redis) -> MarketStates:
    """Open interest, funding and limits of each market."""
    from quantdesk.adapters.redis.market_state import MarketStates

    return MarketStates(valkey)


def account_channel(valkey: Redis) -> AccountChannel:
    """Who should look at an account again."""
    from quantdesk.adapters.redis.account_channel import AccountChannel

    return AccountChannel(valkey)


def candle_store(pool: Database) -> CandleStore:
    """Stored candles."""
    from quantdesk.adapters.postgres.candles import CandleStore

    return CandleStore(pool)


def candle_history(settings: Settings) -> CandleHistory:
    """Candles from before this world began."""
    from quantdesk.adapters.market_data.history import RecordedHistory

    return RecordedHistory(settings.pyth_hermes_url)
