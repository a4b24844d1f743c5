"""Heartbeats: each worker says once a second that it is alive."""

from __future__ import annotations

import asyncio
import time

import structlog
from redis.asyncio import Redis

from quantdesk.adapters.redis.connection import translated
from quantdesk.services.market_ports import PricesUnavailable

PERIOD_S = 1.0

log = structlog.get_logger()


def beat_key(worker: str) -> str:
    """Where a worker's last sign of life is kept, in milliseconds since 1970 UTC."""
    return f"worker:{worker}:beat"


async def beat_for_ever(redis: Redis, worker: str) -> None:
    """Write the beat each second; an unreachable Valkey is reported once and then waited for."""
    is_lost = False
    while True:
        try:
            with translated():
                await redis.set(beat_key(worker), time.time_ns() // 1_000_000)
            is_lost = False
        except PricesUnavailable as error:
            if not is_lost:
                log.warning("heartbeat_lost", worker=worker, error=str(error))
            is_lost = True
        await asyncio.sleep(PERIOD_S)
