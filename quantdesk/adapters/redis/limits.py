"""Rate limits: one arrival time per key, moved atomically by the server's own clock.

The generic cell rate algorithm: a key's theoretical arrival time may run ahead of now by at most
the burst. Read and write are one script, so concurrent callers are admitted exactly `burst` times.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import cast

from redis.asyncio import Redis

from quantdesk.adapters.redis.connection import translated
from quantdesk.services.ports import Limit, LimitsUnavailable

GCRA = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local interval = tonumber(ARGV[1])
local ahead_max = tonumber(ARGV[2])
local due = tonumber(redis.call('GET', KEYS[1]) or now)
if due < now then due = now end
local next_due = due + interval
if next_due - now > ahead_max then
  return math.ceil((next_due - now - ahead_max) / 1000)
end
local life_ms = math.ceil(ahead_max / 1000) + 1000
redis.call('SET', KEYS[1], string.format('%.0f', next_due), 'PX', life_ms)
return 0
"""


class RedisRateLimits:
    """The port `RateLimits`."""

    def __init__(self, redis: Redis) -> None:
        self._script = redis.register_script(GCRA)

    async def take(self, limit: Limit, key: str) -> int:
        """Take one; 0 when allowed, else milliseconds to wait. Raises LimitsUnavailable."""
        interval_us = limit.period_ms * 1000 // limit.burst
        with translated(LimitsUnavailable):
            wait_ms = await self._script(
                keys=[f"limit:{limit.name}:{key}"],
                args=[interval_us, interval_us * limit.burst],
            )
        return cast(int, wait_ms)


async def ping(redis: Redis) -> None:
    """Ask whether the server answers. Raises LimitsUnavailable."""
    with translated(LimitsUnavailable):
        await cast("Awaitable[bool]", redis.ping())
