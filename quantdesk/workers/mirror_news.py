"""Mirror news: who must look again after rows were committed, and the markets' present state.

Nothing here is truth; a message that is lost costs freshness only.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

import structlog

from quantdesk.adapters.postgres.chain_mirror import ChainMirror
from quantdesk.adapters.redis.account_channel import AccountChannel
from quantdesk.adapters.redis.market_state import MarketStates
from quantdesk.domain.funding import funding_rate_e6
from quantdesk.domain.market import MarketState
from quantdesk.services.chain_changes import ChainTransaction
from quantdesk.services.mirror_events import accounts_touched, markets_touched
from quantdesk.services.ports import Exchange, PortError

KINDS_OF_EVENT: Mapping[str, tuple[str, ...]] = {
    "UserAccountCreated": ("balance",),
    "Deposited": ("balance",),
    "Withdrawn": ("balance",),
    "OrderPlaced": ("order",),
    "OrderCancelled": ("order",),
    "OrderExecuted": ("order", "trade", "position", "balance"),
    "FundingPaid": ("position", "balance"),
    "Liquidated": ("trade", "position", "balance"),
    "BankruptcyResolved": ("balance",),
    "Transferred": ("balance",),
    "WatermarkMoved": ("order",),
}

log = structlog.get_logger()


class MirrorNews:
    """Tells browsers and the price publisher what the indexer has written."""

    def __init__(
        self,
        mirror: ChainMirror,
        exchange: Exchange,
        states: MarketStates,
        channel: AccountChannel,
    ) -> None:
        self._mirror = mirror
        self._exchange = exchange
        self._states = states
        self._channel = channel

    async def announce(self, batch: Sequence[ChainTransaction]) -> None:
        """Publish a word per owner and kind of change; refresh the markets that moved."""
        try:
            await self._tell_owners(batch)
            if markets_touched(batch):
                await self.refresh_states()
        except PortError as fault:
            log.warning("news_lost", fault=str(fault))

    async def keep_states_fresh(self, period_s: float) -> None:
        """Write every market's state again and again: Valkey may have lost it."""
        while True:
            try:
                await self.refresh_states()
            except PortError as fault:
                log.warning("market_states_wait", fault=str(fault))
            await asyncio.sleep(period_s)

    async def refresh_states(self) -> None:
        """Write open interest, funding and limits of every market."""
        exchange = await self._exchange.state()
        for market in exchange.markets:
            await self._states.write(market.params.symbol, state_fields(market))
            await self._mirror.describe_market(
                market.params.index, terms(market), market.status.name.lower()
            )

    async def _tell_owners(self, batch: Sequence[ChainTransaction]) -> None:
        touched = accounts_touched(batch)
        if not touched:
            return
        owners = await self._mirror.owners(sorted(touched))
        now_ms = time.time_ns() // 1_000_000
        for account, kind, signature in _news(batch):
            owner = owners.get(account)
            if owner is not None:
                await self._channel.publish(
                    owner, kind, at_ms=now_ms, account=account, signature=signature
                )


def state_fields(market: MarketState) -> dict[str, int]:
    """What the price publisher adds to a market's ticker."""
    return {
        "long_e9": market.long_e9,
        "short_e9": market.short_e9,
        "funding_rate_e6": funding_rate_e6(market.params, market.skew_e9),
        "max_leverage": max(tier.max_leverage for tier in market.params.tiers),
    }


def terms(market: MarketState) -> dict[str, object]:
    """The settled terms of a market, as JSON; integers beyond 2^53 as text."""
    params = market.params
    plain: dict[str, object] = {
        name: getattr(params, name) for name in params.__slots__ if name != "tiers"
    }
    tiers = [{name: _exact(getattr(t, name)) for name in t.__slots__} for t in params.tiers]
    return {**{name: _exact(value) for name, value in plain.items()}, "tiers": tiers}


def _exact(value: object) -> object:
    return str(value) if isinstance(value, int) and abs(value) >= 1 << 53 else value


def _news(batch: Sequence[ChainTransaction]) -> list[tuple[str, str, str]]:
    """(account, kind, newest signature), each pair once."""
    found: dict[tuple[str, str], str] = {}
    for transaction in batch:
        for event in transaction.events:
            for kind in KINDS_OF_EVENT.get(event.name, ()):
                found[str(event.fields["user_account"]), kind] = transaction.signature
    return [(account, kind, signature) for (account, kind), signature in found.items()]
