"""`/ws/market`: who may connect, and what happens to those who misbehave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer

from quantdesk.services.market_ports import Tick
from quantdesk.workers.feed import door as door_module
from quantdesk.workers.feed.board import Board
from quantdesk.workers.feed.door import Allowance, Door
from quantdesk.workers.feed.hub import Hub

ORIGIN = "https://desk.example"
SOL = "ticker:SOL-PERP"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class Feed:
    def __init__(self) -> None:
        self.board = Board()
        self.hub = Hub(self.board, clock=_now_ms)
        self.door = Door(
            self.hub,
            origin=ORIGIN,
            hello=lambda: {"beat_ms": 250, "scene": None},
            health=lambda: {"clients": len(self.hub)},
            clock=_now_ms,
        )

    def price(self, price_e6: int) -> None:
        now_ms = _now_ms()
        tick = Tick(
            market="SOL-PERP",
            price_e6=price_e6,
            conf_e6=1,
            publish_ms=now_ms,
            received_ms=now_ms,
        )
        self.hub.publish(set(self.board.add_tick(tick)))


Browser = TestClient[web.Request, web.Application]
Served = tuple[Feed, Browser]


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    feed = Feed()
    async with TestClient(TestServer(feed.door.application())) as client:
        yield feed, client


async def _greeted(client: Browser, origin: str | None = ORIGIN) -> ClientWebSocketResponse:
    socket = await client.ws_connect("/ws/market", origin=origin)
    assert (await socket.receive_json(timeout=2))["type"] == "hello"
    return socket


async def test_our_page_subscribes_and_receives_snapshot_then_beats(served: Served) -> None:
    feed, client = served
    socket = await _greeted(client)

    await socket.send_json({"op": "subscribe", "topics": [SOL]})
    snapshot = await socket.receive_json(timeout=2)
    feed.price(150_000_000)
    beat = await socket.receive_json(timeout=2)

    assert (snapshot["type"], snapshot["seq"]) == ("snapshot", 0)
    (update,) = beat["updates"]
    assert (update["topic"], update["seq"]) == (SOL, 1)
    assert update["data"]["mark_e6"] == 150_000_000


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://desk.example", ""])
async def test_a_page_of_another_origin_is_refused(served: Served, origin: str) -> None:
    feed, client = served

    with pytest.raises(WSServerHandshakeError) as refusal:
        await client.ws_connect("/ws/market", headers={"origin": origin})

    assert refusal.value.status == 403
    assert len(feed.hub) == 0


async def test_a_program_without_an_origin_may_read(served: Served) -> None:
    _, client = served

    socket = await _greeted(client, origin=None)

    assert not socket.closed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "null",
        '{"op":"delete","topics":[]}',
        '{"op":"subscribe"}',
        '{"op":"subscribe","topics":"ticker:SOL-PERP"}',
        '{"op":"subscribe","topics":[1]}',
        '{"op":{},"topics":[]}',
        "[" * 2_000,
    ],
)
async def test_nonsense_closes_the_connection_with_a_policy_violation(
    served: Served, text: str
) -> None:
    feed, client = served
    socket = await _greeted(client)

    await socket.send_str(text)
    message = await socket.receive(timeout=2)

    assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
    assert socket.close_code == 1008
    await asyncio.sleep(0.05)
    assert len(feed.hub) == 0


async def test_binary_and_oversized_messages_close_the_connection(served: Served) -> None:
    _, client = served
    binary, oversized = await _greeted(client), await _greeted(client)

    await binary.send_bytes(b"\x00")
    await oversized.send_str('{"op":"subscribe","topics":["' + "x" * 5_000 + '"]}')
    await binary.receive(timeout=2)
    await oversized.receive(timeout=2)

    assert (binary.close_code, oversized.close_code) == (1008, 1009)


async def test_a_flood_of_messages_closes_the_connection(served: Served) -> None:
    _, client = served
    socket = await _greeted(client)

    for _ in range(door_module.BURST + 5):
        await socket.send_json({"op": "unsubscribe", "topics": [SOL]})
    message = await socket.receive(timeout=2)

    assert message.type is WSMsgType.CLOSE
    assert socket.close_code == 1008


async def test_beyond_the_limit_of_clients_the_next_is_told_to_come_later(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, client = served
    monkeypatch.setattr(door_module, "CLIENTS_MAX", 1)
    await _greeted(client)

    with pytest.raises(WSServerHandshakeError) as refusal:
        await client.ws_connect("/ws/market", origin=ORIGIN)

    assert refusal.value.status == 503


async def test_a_client_that_leaves_is_forgotten(served: Served) -> None:
    feed, client = served
    socket = await _greeted(client)
    assert len(feed.hub) == 1

    await socket.close()
    await asyncio.sleep(0.05)

    assert len(feed.hub) == 0
    feed.price(150_000_000)


def test_an_allowance_refills_with_time() -> None:
    now = [0]
    allowance = Allowance(now_ms=lambda: now[0])
    assert all(allowance.take() for _ in range(door_module.BURST))
    assert not allowance.take()

    now[0] += 100

    assert allowance.take()
    assert not allowance.take()
