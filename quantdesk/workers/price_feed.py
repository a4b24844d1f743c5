"""Price feed: every published price goes from the oracle network into the Valkey stream.

Prices age within seconds, so none is kept for later: what Valkey does not take is counted and
dropped, and the next one is tried.
"""

from __future__ import annotations

import structlog

from quantdesk import wiring
from quantdesk.services.market_ports import PriceSource, PriceStore, PricesUnavailable
from quantdesk.settings import Settings

log = structlog.get_logger()


async def forward(source: PriceSource, store: PriceStore) -> None:
    """Copy batches from the source to the store until cancelled."""
    dropped = 0
    async for ticks in source.batches():
        try:
            await store.append(ticks)
        except PricesUnavailable as error:
            if dropped == 0:
                log.warning("prices_dropped", error=str(error))
            dropped += len(ticks)
            continue
        if dropped:
            log.info("prices_flow_again", dropped=dropped)
            dropped = 0


async def run(settings: Settings) -> None:
    """Feed until cancelled."""
    async with wiring.alive(settings, worker="price_feed") as valkey:
        log.info("price_feed_ready")
        await forward(wiring.price_source(settings), wiring.price_stream(valkey))
