"""Valkey adapters against the real server, also when it dies and comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, suppress

import pytest
from redis.asyncio import Redis

from quantdesk.adapters.redis.account_channel import AccountChange, AccountChannel
from quantdesk.adapters.redis.connection import connect, translated
from quantdesk.adapters.redis.heartbeat import beat_for_ever, beat_key
from quantdesk.adapters.redis.market_state import MarketStates
from quantdesk.adapters.redis.prices import STREAM, MarkBook, PriceStream, mark_key
from quantdesk.services.market_ports import PricesUnavailable, Tick
from quantdesk.services.ports import MarksUnavailable
from tests.adapters.redis.valkey import Valkey, running_valkey


@pytest.fixture(scope="module")
def server() -> Iterator[Valkey]:
    with running_valkey() as valkey:
        yield valkey


@pytest.fixture
async def redis(server: Valkey) -> AsyncIterator[Redis]:
    client = connect(server.url, name="test")
    await client.flushall()
    yield client
    await client.aclose()


def _tick(price_e6: int, *, market: str = "SOL-PERP") -> Tick:
    return Tick(
        market=market,
        price_e6=price_e6,
        conf_e6=50_000,
        publish_ms=1_000 + price_e6,
        received_ms=1_002 + price_e6,
        volume_e3=7,
        prev_publish_s=price_e6 // 1000,
    )


async def test_what_is_appended_is_read_back_in_order_and_is_the_newest_mark(
    redis: Redis,
) -> None:
    stream = PriceStream(redis)
    ticks = [_tick(150_000_000), _tick(151_000_000), _tick(99_000_000_000, market="BTC-PERP")]

    await stream.append(ticks)

    assert [entry.tick for entry in await stream.read("0-0", block_ms=10)] == ticks
    assert await stream.newest(["SOL-PERP", "BTC-PERP", "ETH-PERP"]) == ticks[1:]
    mark = await MarkBook(redis).latest("SOL-PERP")
    assert mark is not None
    assert (mark.price_e6, mark.conf_e6, mark.publish_ms) == (151_000_000, 50_000, 151_001_000)


async def test_a_market_without_a_price_has_no_mark(redis: Redis) -> None:
    assert await MarkBook(redis).latest("SOL-PERP") is None


async def test_a_waiting_reader_wakes_up_once_with_everything_of_one_message(
    redis: Redis,
) -> None:
    stream = PriceStream(redis)
    reading = asyncio.create_task(stream.read("$", block_ms=2_000))
    await asyncio.sleep(0.1)

    await stream.append([_tick(150_000_000), _tick(99_000_000_000, market="BTC-PERP")])

    assert len(await reading) == 2


async def test_a_quiet_stream_gives_nothing_and_is_no_failure(redis: Redis) -> None:
    assert await PriceStream(redis).read("$", block_ms=50) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"x": "1"},
        {"market": "SOL-PERP"},
        {"market": "SOL-PERP", "price_e6": "abc"},
        {"market": "SOL-PERP", "price_e6": "-5"},
        {"market": "SOL-PERP", "price_e6": "5", "conf_e6": "-1"},
    ],
)
async def test_a_strange_entry_is_passed_over(redis: Redis, fields: dict[str, str]) -> None:
    await redis.xadd(STREAM, fields)  # type: ignore[arg-type]
    await PriceStream(redis).append([_tick(150_000_000)])

    entries = await PriceStream(redis).read("0-0", block_ms=10)

    assert [entry.tick for entry in entries] == [None, _tick(150_000_000)]


async def test_a_strange_mark_counts_as_none(redis: Redis) -> None:
    await redis.hset(mark_key("SOL-PERP"), mapping={"market": "SOL-PERP", "price_e6": "x"})  # type: ignore[misc]

    assert await MarkBook(redis).latest("SOL-PERP") is None


async def test_the_stream_keeps_a_bounded_number_of_ticks(redis: Redis) -> None:
    stream = PriceStream(redis)
    for start in range(0, 25_000, 1_000):
        await stream.append([_tick(1_000_000 + start + step) for step in range(1_000)])

    assert 20_000 <= await redis.xlen(STREAM) <= 20_200


async def test_market_state_is_merged_and_read_as_integers(redis: Redis) -> None:
    states = MarketStates(redis)

    await states.write("SOL-PERP", {"long_e9": 5, "funding_rate_e6": -12})
    await states.write("SOL-PERP", {"long_e9": 6})
    await redis.hset("market_state:SOL-PERP", "note", "text")  # type: ignore[misc]

    assert await states.read(["SOL-PERP", "BTC-PERP"]) == {
        "SOL-PERP": {"long_e9": 6, "funding_rate_e6": -12},
        "BTC-PERP": {},
    }


async def test_a_private_change_reaches_the_listener_and_a_malformed_one_does_not(
    redis: Redis, server: Valkey
) -> None:
    listener = connect(server.url, name="listener")
    async with asyncio.timeout(5), aclosing(AccountChannel(listener).changes()) as changes:
        first = asyncio.ensure_future(anext(changes))
        while await redis.pubsub_numpat() == 0:  # noqa: ASYNC110 - the other side is a server
            await asyncio.sleep(0.01)

        await redis.publish("account:Alice", "not json")
        await redis.publish("account:Alice", '{"kind":"gossip"}')
        await AccountChannel(redis).publish("Alice", "trade", at_ms=7, signature="abc")

        assert await first == AccountChange(
            owner="Alice", kind="trade", at_ms=7, ids={"signature": "abc"}
        )
    await listener.aclose()


async def test_a_dead_server_is_reported_within_two_seconds_and_used_again_when_back() -> None:
    with running_valkey() as valkey:
        client = connect(valkey.url, name="test")
        stream, marks = PriceStream(client), MarkBook(client)
        await stream.append([_tick(150_000_000)])
        # AOF is written each second; only what it holds may be asked for afterwards.
        await asyncio.sleep(1.2)

        valkey.kill()
        started = time.monotonic()
        with pytest.raises(PricesUnavailable):
            await stream.append([_tick(151_000_000)])
        with pytest.raises(PricesUnavailable):
            await stream.read("$", block_ms=100)
        with pytest.raises(MarksUnavailable):
            await marks.latest("SOL-PERP")
        assert time.monotonic() - started < 2

        valkey.start()
        await _until_answering(client)
        await stream.append([_tick(152_000_000)])
        prices = [entry.tick.price_e6 for entry in await _all(stream) if entry.tick]
        assert prices == [150_000_000, 152_000_000]
        await client.aclose()


async def test_a_cancellation_that_the_client_kept_to_itself_still_stops_the_worker() -> None:
    async def worker() -> None:
        while True:
            with translated(), suppress(asyncio.CancelledError):
                await asyncio.sleep(60)

    task = asyncio.create_task(worker())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, timeout=2)


async def test_the_heartbeat_outlives_its_server() -> None:
    with running_valkey() as valkey:
        client = connect(valkey.url, name="test")
        beats = asyncio.create_task(beat_for_ever(client, "tester"))
        await asyncio.sleep(0.2)
        valkey.kill()
        await asyncio.sleep(1.2)
        valkey.start()
        await _until_answering(client)
        await client.delete(beat_key("tester"))
        await asyncio.sleep(1.5)

        beat_ms = int(await client.get(beat_key("tester")) or 0)

        assert abs(time.time() * 1000 - beat_ms) < 2_000
        beats.cancel()
        await client.aclose()


async def _until_answering(client: Redis) -> None:
    for _ in range(100):
        try:
            await client.set("probe", 1)
        except Exception:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError("Valkey did not come back")


async def _all(stream: PriceStream) -> list:  # type: ignore[type-arg]
    return await stream.read("0-0", block_ms=10)
