"""Topics: what a browser may subscribe to.

`ticker:SOL-PERP` is a market's newest figures, `candle:SOL-PERP:60` its running candle of 60 s.
"""

from __future__ import annotations

from dataclasses import dataclass

from quantdesk.adapters.oracle.feeds import BY_SYMBOL
from quantdesk.domain.candle import RESOLUTIONS_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A parsed topic; `resolution_s` is None for a ticker."""

    market: str
    resolution_s: int | None

    @property
    def name(self) -> str:
        """The topic as browsers write it."""
        if self.resolution_s is None:
            return f"ticker:{self.market}"
        return f"candle:{self.market}:{self.resolution_s}"


TOPICS = {
    topic.name: topic
    for market in BY_SYMBOL
    for topic in (
        Topic(market=market, resolution_s=None),
        *(Topic(market=market, resolution_s=span) for span in RESOLUTIONS_S),
    )
}
