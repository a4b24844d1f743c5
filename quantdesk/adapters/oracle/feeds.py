"""Feeds: which published price belongs to which market.

Feed ids are Pyth's own and the same on every network; never match a feed by its name.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One market's price feed; `feed_id` is 32 bytes in lower-case hex."""

    symbol: str
    market_index: int
    feed_id: str
    pair: str


FEEDS = (
    Feed(
        symbol="SOL-PERP",
        market_index=0,
        feed_id="ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d",
        pair="SOL/USD",
    ),
    Feed(
        symbol="BTC-PERP",
        market_index=1,
        feed_id="e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43",
        pair="BTC/USD",
    ),
    Feed(
        symbol="ETH-PERP",
        market_index=2,
        feed_id="ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace",
        pair="ETH/USD",
    ),
)
BY_SYMBOL = {feed.symbol: feed for feed in FEEDS}
BY_ID = {feed.feed_id: feed for feed in FEEDS}
