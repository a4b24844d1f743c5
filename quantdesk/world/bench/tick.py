"""Tick: from the oracle's message to a browser's socket, beside a bare broadcast server.

Ours passes price feed, Valkey and publisher; the peer only copies the same source to its sockets.
Both serve the same crowd, one after the other, from the same messages.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from quantdesk.world.bench.figure import Figure, compared, percentile
from quantdesk.world.bench.scratch_world import scratch_world

CROWDS = (1, 500)
LISTEN_S = 15.0
SETTLE_S = 3.0
"""The first frames of a crowd carry snapshots and connecting; they are not counted."""
RIG = "quantdesk.world.bench.tick_rig"
METHOD = (
    "one SOL price each 200 ms from a Hermes server; time until each client's socket has its frame;"
    " ours: price_feed, Valkey stream, publisher (at most one frame per beat); peer: aiohttp server"
    " that copies the same stream to its sockets; same client process, same run"
)


def measure_tick() -> Iterator[Figure]:
    """p50 and p99 at each crowd size, ours beside the peer."""
    with tempfile.TemporaryFile("w+") as told, _rig("source", _free_port(), output=told) as source:
        source_url = f"http://127.0.0.1:{source}"
        with (
            _rig("bare", _free_port(), source_url) as bare,
            scratch_world(PYTH_HERMES_URL=source_url) as world,
        ):
            world.up()
            for clients in CROWDS:
                peer = _listen(f"ws://127.0.0.1:{bare}/ws/market", clients)
                ours = _listen(world.settings.feed_url, clients)
                sent = _sent(told)
                yield from _figures(clients, _waits_ms(ours, sent), _waits_ms(peer, sent))


def _figures(clients: int, ours: list[float], peer: list[float]) -> Iterator[Figure]:
    for percent in (50, 99):
        yield compared(
            f"tick.p{percent}.{clients}_clients",
            percentile(ours, percent),
            "ms",
            peer=("bare aiohttp broadcast", percentile(peer, percent)),
            method=f"{METHOD}; {len(ours)} frames ours, {len(peer)} peer",
        )


def _waits_ms(seen: list[tuple[int, int]], sent: Mapping[int, int]) -> list[float]:
    """Frames after the first seconds, each price once per client."""
    start_ns = min(at_ns for _, at_ns in seen) + int(SETTLE_S * 1e9)
    waits = [
        (at_ns - sent[price]) / 1e6
        for price, at_ns in seen
        if price in sent and sent[price] > start_ns
    ]
    assert waits, "no frame could be matched with its message"
    return waits


def _sent(told: IO[str]) -> dict[int, int]:
    told.flush()
    told.seek(0)
    pairs = (line.split() for line in told.read().splitlines())
    return {int(pair[0]): int(pair[1]) for pair in pairs if len(pair) == 2}


def _listen(url: str, clients: int) -> list[tuple[int, int]]:
    done = subprocess.run(
        [sys.executable, "-m", RIG, "clients", url, str(clients), str(LISTEN_S)],
        capture_output=True,
        text=True,
        check=True,
        timeout=LISTEN_S + 60,
    )
    return [(int(price), int(at_ns)) for price, at_ns in json.loads(done.stdout)]


@contextmanager
def _rig(role: str, port: int, *more: str, output: IO[str] | None = None) -> Iterator[int]:
    """A server of the rig; yields its port once it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", RIG, role, str(port), *more],
        stdout=output or subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    end_s = time.monotonic() + 10
    while time.monotonic() < end_s:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the rig does not listen on port {port}; look at its output")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
