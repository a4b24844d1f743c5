"""The hub: snapshot on subscribe, one frame a beat, newest values for those who lag."""

from __future__ import annotations

import json

import pytest

from quantdesk.domain.candle import RESOLUTIONS_S
from quantdesk.services.market_ports import Tick
from quantdesk.workers.feed import hub as hub_module
from quantdesk.workers.feed.board import Board
from quantdesk.workers.feed.hub import Client, Hub

SOL, BTC = "ticker:SOL-PERP", "ticker:BTC-PERP"


class FakeSocket:
    """Keeps frames; `stuck` bytes pretend not to have been sent yet."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.stuck = 0
        self.is_aborted = False

    def write(self, data: bytes) -> None:
        self.frames.append(data)

    def get_write_buffer_size(self) -> int:
        return self.stuck

    def abort(self) -> None:
        self.is_aborted = True

    def messages(self) -> list[dict[str, object]]:
        frames, self.frames = self.frames, []
        return [json.loads(_payload(frame)) for frame in frames]


class World:
    def __init__(self) -> None:
        self.now_ms = 1_000_000
        self.board = Board()
        self.hub = Hub(self.board, clock=lambda: self.now_ms)

    def client(self, *names: str) -> tuple[Client, FakeSocket]:
        socket = FakeSocket()
        client = Client(socket=socket)
        self.hub.join(client, hello={"beat_ms": 250, "scene": None})
        self.hub.subscribe(client, names)
        socket.frames.clear()
        return client, socket

    def price(self, price_e6: int, market: str = "SOL-PERP") -> None:
        self.now_ms += 400
        tick = Tick(
            market=market,
            price_e6=price_e6,
            conf_e6=1,
            publish_ms=self.now_ms,
            received_ms=self.now_ms,
        )
        self.hub.publish(set(self.board.add_tick(tick)))


@pytest.fixture
def world() -> World:
    return World()


def _payload(frame: bytes) -> bytes:
    assert frame[0] == 0x81
    if frame[1] < 126:
        body, size = frame[2:], frame[1]
    elif frame[1] == 126:
        body, size = frame[4:], int.from_bytes(frame[2:4], "big")
    else:
        body, size = frame[10:], int.from_bytes(frame[2:10], "big")
    assert len(body) == size
    return body


def _updates(message: dict[str, object]) -> dict[str, dict[str, object]]:
    updates = message["updates"]
    assert isinstance(updates, list)
    return {update["topic"]: update for update in updates}


def test_a_new_client_is_greeted_and_gets_a_snapshot_of_what_it_asks_for(world: World) -> None:
    world.price(150_000_000)
    socket = FakeSocket()
    client = Client(socket=socket)

    world.hub.join(client, hello={"beat_ms": 250, "scene": {"name": "calm"}})
    world.hub.subscribe(client, [SOL])

    hello, snapshot = socket.messages()
    assert hello == {
        "type": "hello",
        "server_ms": world.now_ms,
        "beat_ms": 250,
        "scene": {"name": "calm"},
    }
    assert (snapshot["type"], snapshot["topic"], snapshot["seq"]) == ("snapshot", SOL, 1)
    assert snapshot["data"]["mark_e6"] == 150_000_000  # type: ignore[index]


def test_beats_carry_only_subscribed_topics_with_consecutive_numbers(world: World) -> None:
    _, socket = world.client(SOL)

    world.price(150_000_000)
    world.price(99_000_000_000, market="BTC-PERP")
    world.price(151_000_000)

    first, second = socket.messages()
    assert _updates(first).keys() == _updates(second).keys() == {SOL}
    assert (_updates(first)[SOL]["seq"], _updates(second)[SOL]["seq"]) == (1, 2)


def test_equal_subscriptions_share_the_very_same_bytes(world: World) -> None:
    _, one = world.client(SOL, "candle:SOL-PERP:60")
    _, other = world.client("candle:SOL-PERP:60", SOL)

    world.price(150_000_000)

    assert one.frames[0] is other.frames[0]


def test_a_client_that_lags_is_skipped_and_then_gets_the_newest_value_only(world: World) -> None:
    _, socket = world.client(SOL)
    socket.stuck = hub_module.BUFFER_BYTES_MAX + 1
    for price in range(150, 160):
        world.price(price * 1_000_000)
    assert socket.frames == []

    socket.stuck = 0
    world.price(99_000_000_000, market="BTC-PERP")

    (beat,) = socket.messages()
    assert _updates(beat)[SOL]["data"]["mark_e6"] == 159_000_000  # type: ignore[index]
    assert _updates(beat)[SOL]["seq"] == 10
    assert world.hub.conflated == 10


def test_a_client_that_lags_too_long_is_dropped_and_others_are_not(world: World) -> None:
    _, slow = world.client(SOL)
    _, quick = world.client(SOL)
    slow.stuck = hub_module.BUFFER_BYTES_MAX + 1

    for _ in range(hub_module.SLOW_MS_MAX // 400 + 2):
        world.price(150_000_000)

    assert slow.is_aborted
    assert not quick.is_aborted
    assert len(world.hub) == 1


def test_silence_is_broken_once_a_second(world: World) -> None:
    _, socket = world.client("ticker:ETH-PERP")
    world.now_ms += 999
    world.hub.keep_alive()
    assert socket.frames == []

    world.now_ms += 1
    world.hub.keep_alive()

    assert socket.messages() == [{"type": "beat", "server_ms": world.now_ms, "updates": []}]


def test_unknown_and_too_many_topics_are_refused_by_name(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "TOPICS_MAX", 1)
    client, socket = world.client()

    world.hub.subscribe(client, ["ticker:DOGE-PERP", SOL, BTC, SOL])

    unknown, snapshot, many, again = socket.messages()
    assert unknown == {"type": "error", "code": "unknown_topic", "topic": "ticker:DOGE-PERP"}
    assert many == {"type": "error", "code": "too_many_topics", "topic": BTC}
    assert snapshot["topic"] == again["topic"] == SOL


def test_an_unsubscribed_topic_is_not_sent_any_more(world: World) -> None:
    client, socket = world.client(SOL, BTC)

    world.hub.unsubscribe(client, [SOL, "nonsense"])
    world.price(150_000_000)

    assert socket.frames == []


def test_every_resolution_is_a_topic(world: World) -> None:
    _, socket = world.client(*(f"candle:SOL-PERP:{span}" for span in RESOLUTIONS_S))
    world.board.candles["SOL-PERP"].seed([], now_ms=world.now_ms)

    world.price(150_000_000)

    (beat,) = socket.messages()
    opened = {update["data"]["resolution_s"] for update in _updates(beat).values()}  # type: ignore[index]
    assert opened == set(RESOLUTIONS_S)


def test_a_price_turns_stale_after_five_seconds_and_the_ticker_says_so(world: World) -> None:
    world.price(150_000_000)
    world.board.regrade(world.now_ms)
    _, socket = world.client(SOL)

    world.now_ms += 5_000
    assert world.board.regrade(world.now_ms) == []
    world.now_ms += 1
    world.hub.publish(set(world.board.regrade(world.now_ms)))

    (beat,) = socket.messages()
    assert _updates(beat)[SOL]["data"]["grade"] == "stale"  # type: ignore[index]


def test_a_figure_that_is_not_known_is_null_and_never_zero(world: World) -> None:
    _, socket = world.client()
    client = Client(socket=socket)

    world.hub.subscribe(client, ["ticker:ETH-PERP"])

    (snapshot,) = socket.messages()
    data = snapshot["data"]
    assert isinstance(data, dict)
    assert data.pop("market") == "ETH-PERP"
    assert data.pop("grade") == "none"
    assert set(data.values()) == {None}
