"""The nursery: libraries that several pieces need, imported once before they are forked.

Shared pages count once in the machine's memory and cost no start-up time in a restarted worker.
`gc.freeze` keeps the collector from touching, and so copying, what was there before the fork.
"""

import gc
import importlib
import threading

LIBRARIES = (
    "asyncio",
    "structlog",
    "orjson",
    "psycopg",
    "psycopg_pool",
    "redis.asyncio",
    "aiohttp",
    "aiohttp.web",
    "solders.pubkey",
    "quantdesk.world.process",
)


def fill() -> None:
    """Import the shared libraries; the process must still be a single thread afterwards."""
    for name in LIBRARIES:
        importlib.import_module(name)
    assert threading.active_count() == 1, "a thread before the fork would be lost in the children"
    gc.collect()
    gc.freeze()
