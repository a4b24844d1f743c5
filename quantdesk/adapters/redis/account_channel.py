"""Private changes: a word to whoever shows an account that it should look again.

A message says what changed and where, never the new values: those are read from Postgres by
someone who may see them. A lost message costs freshness only.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis

from quantdesk.adapters.redis.connection import translated
from quantdesk.services.market_ports import PricesUnavailable

KINDS = frozenset({"order", "trade", "position", "balance", "transaction"})
PREFIX = "account:"
PAUSE_S = 0.5

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """Something of `owner` (base58) changed; `ids` name the rows."""

    owner: str
    kind: str
    at_ms: int
    ids: dict[str, object]


class AccountChannel:
    """Publishes and hears changes."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def publish(self, owner: str, kind: str, *, at_ms: int, **ids: object) -> None:
        """Tell everyone who shows this owner. Raises `PricesUnavailable`."""
        assert kind in KINDS, kind
        with translated():
            await self._redis.publish(
                f"{PREFIX}{owner}", json.dumps({"kind": kind, "at_ms": at_ms, **ids})
            )

    async def changes(self) -> AsyncGenerator[AccountChange, None]:
        """Changes of every account for ever; reconnects by itself."""
        while True:
            try:
                async for change in self._subscription():
                    yield change
            except PricesUnavailable as error:
                log.warning("account_channel_lost", error=str(error))
                await asyncio.sleep(PAUSE_S)

    async def _subscription(self) -> AsyncGenerator[AccountChange, None]:
        pubsub = self._redis.pubsub(ignore_subscribe_messages=True)
        try:
            with translated():
                await pubsub.psubscribe(f"{PREFIX}*")
            while True:
                with translated():
                    message = await pubsub.get_message(timeout=1.0)
                change = _change_or_none(message) if message else None
                if change is not None:
                    yield change
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]


def _change_or_none(message: dict[str, str]) -> AccountChange | None:
    try:
        body = json.loads(message["data"])
    except ValueError:
        body = None
    if not isinstance(body, dict) or body.get("kind") not in KINDS:
        log.warning("account_change_malformed", channel=message["channel"])
        return None
    at_ms = body.pop("at_ms", 0)
    return AccountChange(
        owner=message["channel"].removeprefix(PREFIX),
        kind=body.pop("kind"),
        at_ms=at_ms if isinstance(at_ms, int) else 0,
        ids=body,
    )
