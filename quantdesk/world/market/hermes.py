"""How the recorded market words its prices: Pyth Hermes v2 messages.

Numbers are strings with exponent −8 and times are seconds, as Hermes has it. `metadata` carries
what Hermes does not know: the publish time in ms and the base volume of the running minute.
"""

from __future__ import annotations

from quantdesk.adapters.oracle.feeds import Feed
from quantdesk.world.market.path import GRID_MS
from quantdesk.world.market.replay import Reading

EXPONENT = -8
_SCALE = 10 ** (-EXPONENT - 6)

Json = dict[str, object]


def parsed_price(feed: Feed, reading: Reading, *, previous_ms: int) -> Json:
    """One element of `parsed`; the publication before was at `previous_ms`."""
    seconds = reading.publish_ms // 1000
    return {
        "id": feed.feed_id,
        "price": _price(reading.price_e6, reading.conf_e6, seconds),
        "ema_price": _price(reading.average_e6, reading.conf_e6, seconds),
        "metadata": {
            "slot": reading.publish_ms // GRID_MS,
            "proof_available_time": seconds,
            "prev_publish_time": previous_ms // 1000,
            "publish_time_ms": reading.publish_ms,
            "volume_e3": reading.volume_e3,
        },
    }


def update(parsed: list[Json]) -> Json:
    """A whole answer; a recording has no signatures, so `binary` is empty."""
    return {"binary": {"encoding": "hex", "data": []}, "parsed": parsed}


def listed(feed: Feed) -> Json:
    """One element of `/v2/price_feeds`."""
    base, quote = feed.pair.split("/")
    return {
        "id": feed.feed_id,
        "attributes": {
            "asset_type": "Crypto",
            "base": base,
            "quote_currency": quote,
            "display_symbol": feed.pair,
            "symbol": f"Crypto.{feed.pair}",
        },
    }


def _price(price_e6: int, conf_e6: int, seconds: int) -> Json:
    return {
        "price": str(price_e6 * _SCALE),
        "conf": str(conf_e6 * _SCALE),
        "expo": EXPONENT,
        "publish_time": seconds,
    }
