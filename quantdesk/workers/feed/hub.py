"""The hub: who subscribed to what, and one frame per client and beat.

A topic is encoded once per beat and a frame once per distinct set of topics. A client that cannot
keep up is not queued for: it is skipped until its socket drains and then gets the newest values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from quantdesk.workers.feed import frames
from quantdesk.workers.feed.board import Board
from quantdesk.workers.feed.topics import TOPICS, Topic

BUFFER_BYTES_MAX = 64_000
SLOW_MS_MAX = 15_000
IDLE_MS = 1_000
TOPICS_MAX = 32


class Socket(Protocol):
    """The writing side of a connection."""

    def write(self, data: bytes) -> None:
        """Hand over bytes without waiting."""
        ...

    def get_write_buffer_size(self) -> int:
        """Bytes handed over and not yet sent."""
        ...

    def abort(self) -> None:
        """Drop the connection at once."""
        ...


@dataclass(slots=True, eq=False)
class Client:
    """One browser tab."""

    socket: Socket
    topics: set[Topic] = field(default_factory=set)
    owed: set[Topic] = field(default_factory=set)
    sent_ms: int = 0
    slow_since_ms: int | None = None


class Hub:
    """All clients; `clock` gives milliseconds since 1970 UTC."""

    def __init__(self, board: Board, *, clock: Callable[[], int]) -> None:
        self._board = board
        self._clock = clock
        self._clients: set[Client] = set()
        self._seq: dict[Topic, int] = dict.fromkeys(TOPICS.values(), 0)
        self.conflated = 0
        self.dropped_clients = 0

    def __len__(self) -> int:
        return len(self._clients)

    def join(self, client: Client, *, hello: dict[str, object]) -> None:
        """Greet a new client."""
        self._clients.add(client)
        client.sent_ms = self._clock()
        client.socket.write(frames.message(type="hello", server_ms=client.sent_ms, **hello))

    def leave(self, client: Client) -> None:
        """Forget a client."""
        self._clients.discard(client)

    def subscribe(self, client: Client, names: Iterable[str]) -> None:
        """Add topics and send a snapshot of each, also of those already subscribed."""
        for name in names:
            topic = TOPICS.get(name)
            if topic is None:
                self._refuse(client, "unknown_topic", name)
                continue
            if topic not in client.topics and len(client.topics) >= TOPICS_MAX:
                self._refuse(client, "too_many_topics", name)
                continue
            client.topics.add(topic)
            client.owed.discard(topic)
            client.socket.write(
                frames.message(
                    type="snapshot",
                    topic=name,
                    seq=self._seq[topic],
                    data=self._board.data(topic, now_ms=self._clock()),
                )
            )

    def unsubscribe(self, client: Client, names: Iterable[str]) -> None:
        """Remove topics; unknown ones are ignored."""
        gone = {TOPICS[name] for name in names if name in TOPICS}
        client.topics -= gone
        client.owed -= gone

    def publish(self, changed: set[Topic]) -> None:
        """Send one beat to every client that wants some of the changed topics."""
        now_ms = self._clock()
        for topic in changed:
            self._seq[topic] += 1
        encoded: dict[Topic, bytes] = {}
        built: dict[frozenset[Topic], bytes] = {}
        for client in list(self._clients):
            client.owed |= changed & client.topics
            if not client.owed or not self._can_take(client, now_ms):
                continue
            wanted = frozenset(client.owed)
            if wanted not in built:
                built[wanted] = self._frame(wanted, encoded, now_ms)
            client.owed.clear()
            self._send(client, built[wanted], now_ms)

    def keep_alive(self) -> None:
        """Send an empty beat where nothing was sent for a second, so that silence means trouble."""
        now_ms = self._clock()
        empty = frames.beat((), server_ms=now_ms)
        for client in list(self._clients):
            if now_ms - client.sent_ms >= IDLE_MS and self._can_take(client, now_ms):
                self._send(client, empty, now_ms)

    def _frame(self, wanted: frozenset[Topic], encoded: dict[Topic, bytes], now_ms: int) -> bytes:
        for topic in wanted - encoded.keys():
            data = self._board.data(topic, now_ms=now_ms)
            encoded[topic] = frames.update(topic.name, seq=self._seq[topic], data=data)
        return frames.beat((encoded[topic] for topic in wanted), server_ms=now_ms)

    def _can_take(self, client: Client, now_ms: int) -> bool:
        if client.socket.get_write_buffer_size() <= BUFFER_BYTES_MAX:
            client.slow_since_ms = None
            return True
        self.conflated += 1
        if client.slow_since_ms is None:
            client.slow_since_ms = now_ms
        elif now_ms - client.slow_since_ms > SLOW_MS_MAX:
            self.dropped_clients += 1
            self.leave(client)
            client.socket.abort()
        return False

    def _send(self, client: Client, frame: bytes, now_ms: int) -> None:
        client.sent_ms = now_ms
        client.socket.write(frame)

    def _refuse(self, client: Client, code: str, topic: str) -> None:
        client.socket.write(frames.message(type="error", code=code, topic=topic[:80]))
