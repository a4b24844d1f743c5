"""The limiter admits exactly what it says, however many ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from quantdesk.adapters.redis.connection import connect
from quantdesk.adapters.redis.limits import RedisRateLimits, ping
from quantdesk.services.ports import Limit, LimitsUnavailable, RateLimits
from tests.adapters.redis.valkey import Valkey, running_valkey
from tests.fakes.door import FakeClock, MemoryRateLimits

HOUR = Limit(name="test", burst=50, period_ms=3_600_000)


@pytest.fixture
async def valkey() -> AsyncIterator[tuple[Valkey, Redis]]:
    with running_valkey() as server:
        client = connect(server.url, name="test")
        yield server, client
        await client.aclose()


@pytest.fixture(params=["memory", "valkey"])
def limits(request: pytest.FixtureRequest, valkey: tuple[Valkey, Redis]) -> RateLimits:
    """The script and its in-memory twin, which promise the same."""
    if request.param == "memory":
        return MemoryRateLimits(FakeClock())
    return RedisRateLimits(valkey[1])


async def test_of_four_hundred_at_once_exactly_the_burst_is_admitted(limits: RateLimits) -> None:
    waits = await asyncio.gather(*(limits.take(HOUR, "alice") for _ in range(400)))

    assert sum(wait == 0 for wait in waits) == HOUR.burst


async def test_one_key_does_not_use_up_another(limits: RateLimits) -> None:
    once = Limit(name="once", burst=1, period_ms=3_600_000)

    assert await limits.take(once, "alice") == 0
    assert await limits.take(once, "alice") > 0
    assert await limits.take(once, "bob") == 0
    assert await limits.take(Limit(name="other", burst=1, period_ms=1_000), "alice") == 0


async def test_the_wait_it_tells_is_long_enough_and_not_longer(
    valkey: tuple[Valkey, Redis],
) -> None:
    limits = RedisRateLimits(valkey[1])
    quick = Limit(name="quick", burst=2, period_ms=200)
    assert [await limits.take(quick, "a") for _ in range(2)] == [0, 0]

    wait_ms = await limits.take(quick, "a")

    assert 0 < wait_ms <= 100
    await asyncio.sleep(wait_ms / 1000)
    assert await limits.take(quick, "a") == 0


async def test_a_limiter_that_is_gone_says_so(valkey: tuple[Valkey, Redis]) -> None:
    server, client = valkey
    await ping(client)
    server.kill()

    with pytest.raises(LimitsUnavailable):
        await RedisRateLimits(client).take(HOUR, "alice")
    with pytest.raises(LimitsUnavailable):
        await ping(client)
