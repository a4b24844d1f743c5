"""Connections to Valkey with every wait stated.

The client's own defaults retry a failed command several times and hide for how long: a lost server
would look like a slow one, and an XADD could be written twice. Here a command fails once and at
once, and whoever issued it decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from quantdesk.services.market_ports import PricesUnavailable
from quantdesk.services.ports import PortError

CONNECT_S = 1.0
COMMAND_S = 5.0
"""Must exceed every BLOCK time, or a quiet stream looks like a lost server."""


def connect(url: str, *, name: str) -> Redis:
    """A client with its own pool; `name` shows in CLIENT LIST. Nothing is sent yet."""
    # A burst beyond the pool waits its turn; the default pool would refuse it at once.
    pool = BlockingConnectionPool.from_url(
        url,
        timeout=COMMAND_S,
        decode_responses=True,
        protocol=2,
        client_name=name,
        socket_connect_timeout=CONNECT_S,
        socket_timeout=COMMAND_S,
        socket_keepalive=True,
        health_check_interval=15,
        retry=Retry(NoBackoff(), 0),
        max_connections=20,
    )
    return Redis.from_pool(pool)


@contextmanager
def translated(error: type[PortError] = PricesUnavailable) -> Iterator[None]:
    """Turn the vendor's failures into a port's, and never lose a cancellation.

    Python 3.11's `wait_for`, by which the client sends, keeps a cancellation that arrives together
    with the answer to itself; a worker's loop would then go on for ever.
    """
    try:
        yield
    except (RedisError, OSError, TimeoutError) as failure:
        _stop_when_cancelled()
        raise error(f"Valkey did not answer: {failure!r}") from failure
    _stop_when_cancelled()


def _stop_when_cancelled() -> None:
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
