"""Live figures and the chart: everything that moves without passing through Reflex state.

All of it hangs on one `feed.js` per page, hence on one socket per tab. The JavaScript lies beside
this file and is shared from here only, because a second copy would open a second socket.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reflex as rx

FEED = rx.asset("feed.js", shared=True)
FORMAT = rx.asset("format.js", shared=True)
LIVE = rx.asset("live.jsx", shared=True)
CHART = rx.asset("chart.jsx", shared=True)
CHART_PARTS = [
    rx.asset(name, shared=True)
    for name in ("chart_bars.js", "chart_lines.js", "chart_marks.js", "chart_theme.js")
]

MARKETS = ["SOL-PERP", "BTC-PERP", "ETH-PERP"]

Text = str | rx.Var[str]
Integer = int | rx.Var[int]
Exposures = Sequence[dict[str, Any]] | rx.Var[list[dict[str, Any]]]


class _Live(rx.Component):
    # Rendered on the server too (as "-"), so that nothing jumps when the script arrives.
    library = LIVE.importable_path

    market: rx.Var[str]


class _LivePrice(_Live):
    tag = "LivePrice"


class _LiveStat(_Live):
    tag = "LiveStat"

    field: rx.Var[str]


class _LiveChange(_Live):
    tag = "LiveChange"

    is_percent_only: rx.Var[bool]


class _LivePnl(_Live):
    tag = "LivePnl"

    size_e9: rx.Var[int]
    entry_e6: rx.Var[int]
    margin_e6: rx.Var[int]


class _LiveNotional(_Live):
    tag = "LiveNotional"

    size_e9: rx.Var[int]


class _LiveDistance(_Live):
    tag = "LiveDistance"

    price_e6: rx.Var[int]


class _LiveEquity(_Live):
    tag = "LiveEquity"

    balance_e6: rx.Var[int]
    exposures: rx.Var[list[dict[str, Any]]]


class _LiveUnrealized(_Live):
    tag = "LiveUnrealized"

    exposures: rx.Var[list[dict[str, Any]]]


class _AgeChip(_Live):
    tag = "AgeChip"


class _FeedStatus(_Live):
    tag = "FeedStatus"

    markets: rx.Var[list[str]]


class _FeedBanner(_Live):
    tag = "FeedBanner"


class _LiveTitle(_Live):
    tag = "LiveTitle"


class _SceneLabel(_Live):
    tag = "SceneLabel"


class _UtcClock(_Live):
    tag = "UtcClock"


class _CandleChart(rx.NoSSRComponent):
    library = CHART.importable_path
    tag = "CandleChart"
    # Reflex reads this from the class and never changes it.
    lib_dependencies: list[str] = ["lightweight-charts@5.2.1"]  # noqa: RUF012

    market: rx.Var[str]
    resolution_s: rx.Var[int]
    lines: rx.Var[list[dict[str, Any]]]
    marks: rx.Var[list[dict[str, Any]]]


def live_price(market: Text, **props: Any) -> rx.Component:
    """The mark with its tick's decimals; `data-dir` says which way it moved last."""
    return _LivePrice.create(market=market, **props)


def live_stat(market: Text, field: str, **props: Any) -> rx.Component:
    """One figure of a market.

    `field`: change_24h, change_24h_percent, range_24h, volume_24h, volume_24h_compact,
    open_interest, funding_1h, oracle.
    """
    if field.startswith("change_24h"):
        is_percent_only = field.endswith("_percent")
        return _LiveChange.create(market=market, is_percent_only=is_percent_only, **props)
    return _LiveStat.create(market=market, field=field, **props)


def live_pnl(
    market: Text, size_e9: Integer, entry_e6: Integer, margin_e6: Integer = 0, **props: Any
) -> rx.Component:
    """Unrealised profit of a signed size with a signed entry cost; also in % of a margin."""
    return _LivePnl.create(
        market=market, size_e9=size_e9, entry_e6=entry_e6, margin_e6=margin_e6, **props
    )


def live_notional(market: Text, size_e9: Integer, **props: Any) -> rx.Component:
    """Unsigned value of a size at the mark, USD."""
    return _LiveNotional.create(market=market, size_e9=size_e9, **props)


def live_distance(market: Text, price_e6: Integer, **props: Any) -> rx.Component:
    """How far a price is from the mark, in % of the mark; nothing for price 0."""
    return _LiveDistance.create(market=market, price_e6=price_e6, **props)


def live_equity(balance_e6: Integer, exposures: Exposures, **props: Any) -> rx.Component:
    """Balance plus unrealised profit less funding owed.

    `exposures`: dicts of market, size_e9, entry_e6, funding_e6.
    """
    return _LiveEquity.create(balance_e6=balance_e6, exposures=exposures, **props)


def live_unrealized(exposures: Exposures, **props: Any) -> rx.Component:
    """Unrealised profit over all exposures, before funding."""
    return _LiveUnrealized.create(exposures=exposures, **props)


def age_chip(market: Text, **props: Any) -> rx.Component:
    """How old a market's price is; `data-grade` is live, late, stale or offline."""
    return _AgeChip.create(market=market, **props)


def feed_status(**props: Any) -> rx.Component:
    """Operational, degraded or offline, with the age of the newest price."""
    return _FeedStatus.create(markets=MARKETS, **props)


def feed_banner(**props: Any) -> rx.Component:
    """A line that appears while the feed is lost and for a moment after it is back."""
    return _FeedBanner.create(**props)


def live_title(market: Text) -> rx.Component:
    """Puts the live price into the tab's title; draws nothing."""
    return _LiveTitle.create(market=market)


def scene_label(**props: Any) -> rx.Component:
    """Where the prices come from when they are recorded, and what in them is simulated."""
    return _SceneLabel.create(**props)


def utc_clock(**props: Any) -> rx.Component:
    """The publisher's clock, `11:41:52`."""
    return _UtcClock.create(**props)


def candle_chart(
    market: Text,
    resolution_s: Integer,
    lines: Exposures,
    marks: Exposures,
    **props: Any,
) -> rx.Component:
    """Candles and volume, filling the parent.

    `lines`: dicts of kind (position, limit, stop, take, liquidation, draft), side (long, short),
    price_e6, label, note; a position with size_e9 and entry_e6 shows its live profit as note, a
    liquidation its live distance. `marks`: dicts of side, at_s, price_e6, note, one for each fill.
    """
    return _CandleChart.create(
        market=market, resolution_s=resolution_s, lines=lines, marks=marks, **props
    )
