"""Market state in Valkey: open interest, funding and limits, written by the indexer."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, cast

from redis.asyncio import Redis

from quantdesk.adapters.redis.connection import translated


class MarketStates:
    """One hash of integers per market, `market_state:{symbol}`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def write(self, market: str, state: Mapping[str, int]) -> None:
        """Replace the given fields, for example long_e9, short_e9, funding_rate_e6."""
        mapping: dict[Any, Any] = dict(state)
        with translated():
            # The client's types serve its synchronous twin too.
            await cast(
                "Awaitable[int]", self._redis.hset(f"market_state:{market}", mapping=mapping)
            )

    async def read(self, markets: Sequence[str]) -> dict[str, dict[str, int]]:
        """State of each market, empty when unknown; fields that are no integers are left out."""
        pipeline = self._redis.pipeline(transaction=False)
        for market in markets:
            pipeline.hgetall(f"market_state:{market}")
        with translated():
            answers = await pipeline.execute()
        return {
            market: {name: int(text) for name, text in fields.items() if _is_integer(text)}
            for market, fields in zip(markets, answers, strict=True)
        }


def _is_integer(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit()
