"""Heartbeats: each worker writes the wall time to Valkey every second."""

import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_S = 1.0


def beat_ages_ms(redis_url: str, names: list[str]) -> dict[str, int]:
    """Milliseconds since each worker's last beat; without those that never beat."""
    try:
        with redis.Redis.from_url(
            redis_url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        ) as valkey:
            found = valkey.mget([f"worker:{name}:beat" for name in names])
    except redis.RedisError:
        return {}
    assert isinstance(found, list)
    now_ms = time.time_ns() // 1_000_000
    beats = zip(names, found, strict=True)
    return {name: now_ms - int(beat) for name, beat in beats if beat is not None}


def has_beaten(redis_url: str, name: str, since_s: float) -> bool:
    """True when the worker has beaten after `since_s` (Unix seconds)."""
    age_ms = beat_ages_ms(redis_url, [name]).get(name)
    return age_ms is not None and time.time() - age_ms / 1000 >= since_s
