"""Startup: how long a person waits for a world, and what an idle one holds in memory."""

from __future__ import annotations

import time
from collections.abc import Iterator

from quantdesk.world.bench.figure import Figure, compared
from quantdesk.world.bench.scratch_world import scratch_world

WARM_STARTS = 3
IDLE_S = 15.0
WARM_TARGET_S = 5.0
MEMORY_TARGET_MB = 400.0
MEMORY = f"proportional set size after {IDLE_S:.0f} s without users, from smaps_rollup"


def measure_startup() -> Iterator[Figure]:
    """Cold and warm starts, then memory of each piece and of all together."""
    with scratch_world() as world:
        cold_s = world.up()
        yield Figure(
            name="startup.cold",
            value=round(cold_s, 2),
            unit="s",
            method="up --detach in an empty home: database, chain genesis, front end if not built",
        )
        warm_s = []
        for _ in range(WARM_STARTS):
            world.down()
            warm_s.append(world.up())
        yield compared(
            "startup.warm",
            sorted(warm_s)[len(warm_s) // 2],
            "s",
            peer=("target", WARM_TARGET_S),
            method=f"down, then up --detach until every piece is ready; median of {WARM_STARTS}",
        )
        time.sleep(IDLE_S)
        sizes = {piece["name"]: piece["pss_bytes"] / 2**20 for piece in world.pieces()}
    for name, size_mb in sizes.items():
        yield Figure(name=f"memory.{name}", value=round(size_mb, 1), unit="MB", method=MEMORY)
    yield compared(
        "memory.total",
        sum(sizes.values()),
        "MB",
        peer=("target", MEMORY_TARGET_MB),
        method=MEMORY,
    )
