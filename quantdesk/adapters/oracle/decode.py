"""Decodes Hermes v2 messages; nothing leaves here that is not a sane price of a known feed.

A message that is not Hermes at all raises `MalformedMessage`. A message with some bad prices
yields the good ones and a reason for each bad one, because one broken feed must not blind the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

import orjson

from quantdesk.adapters.oracle.feeds import BY_ID
from quantdesk.services.market_ports import Tick

MESSAGE_BYTES_MAX = 1_000_000
FUTURE_MS_MAX = 2_000
PRICE_E6_MAX = 10**15
"""One thousand million dollars: above every real price, far below what integers in SQL hold."""
_DIGITS = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_ID = re.compile(r"(0x)?[0-9a-f]{64}", re.ASCII)


class MalformedMessage(Exception):
    """The bytes are not a Hermes price message."""


class BadPrice(Enum):
    """Why one price of a message was refused."""

    MALFORMED = "malformed"
    UNKNOWN_FEED = "unknown_feed"
    NOT_POSITIVE = "not_positive"
    HUGE = "huge"
    WIDER_THAN_PRICE = "wider_than_price"
    FUTURE = "future"


class _Refused(Exception):
    def __init__(self, reason: BadPrice) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What one message held."""

    ticks: list[Tick]
    refused: list[BadPrice]


def decode_update(body: bytes, *, received_ms: int) -> Decoded:
    """Prices of a `latest` answer or a stream event; raises `MalformedMessage`."""
    if len(body) > MESSAGE_BYTES_MAX:
        raise MalformedMessage(f"{len(body)} bytes, at most {MESSAGE_BYTES_MAX} expected")
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedMessage(f"not JSON: {error}") from error
    if not isinstance(message, dict) or not isinstance(message.get("parsed"), list):
        raise MalformedMessage("expected an object with a list `parsed`")
    ticks: list[Tick] = []
    refused: list[BadPrice] = []
    for item in message["parsed"]:
        try:
            ticks.append(_tick(item, received_ms=received_ms))
        except _Refused as refusal:
            refused.append(refusal.reason)
    return Decoded(ticks=ticks, refused=refused)


def _tick(item: object, *, received_ms: int) -> Tick:
    fields = _object(item)
    feed_id = fields.get("id")
    if not isinstance(feed_id, str) or not _ID.fullmatch(feed_id):
        raise _Refused(BadPrice.MALFORMED)
    feed = BY_ID.get(feed_id.removeprefix("0x"))
    if feed is None:
        raise _Refused(BadPrice.UNKNOWN_FEED)
    price = _object(fields.get("price"))
    metadata = _object(fields.get("metadata", {}))
    publish_ms = _publish_ms(price, metadata)
    if publish_ms > received_ms + FUTURE_MS_MAX:
        raise _Refused(BadPrice.FUTURE)
    prev_publish_s = _optional(metadata, "prev_publish_time")
    if prev_publish_s > publish_ms // 1000:
        raise _Refused(BadPrice.MALFORMED)
    price_e6, conf_e6 = _price_and_conf(price)
    return Tick(
        market=feed.symbol,
        price_e6=price_e6,
        conf_e6=conf_e6,
        publish_ms=publish_ms,
        received_ms=received_ms,
        volume_e3=_optional(metadata, "volume_e3"),
        slot=_optional(metadata, "slot"),
        prev_publish_s=prev_publish_s,
    )


def _price_and_conf(price: dict[str, object]) -> tuple[int, int]:
    exponent = price.get("expo")
    if type(exponent) is not int or not -12 <= exponent <= 0:
        raise _Refused(BadPrice.MALFORMED)
    scale = 10 ** (exponent + 12)
    price_e6 = _digits(price.get("price")) * scale // 10**6
    conf_e6 = -(-_digits(price.get("conf")) * scale // 10**6)
    if price_e6 <= 0:
        raise _Refused(BadPrice.NOT_POSITIVE)
    if price_e6 > PRICE_E6_MAX:
        raise _Refused(BadPrice.HUGE)
    if not 0 <= conf_e6 <= price_e6:
        raise _Refused(BadPrice.WIDER_THAN_PRICE)
    return price_e6, conf_e6


def _publish_ms(price: dict[str, object], metadata: dict[str, object]) -> int:
    seconds = price.get("publish_time")
    if type(seconds) is not int or not 0 < seconds < 10**11:
        raise _Refused(BadPrice.MALFORMED)
    precise_ms = _optional(metadata, "publish_time_ms")
    # Hermes itself knows seconds only; a finer time is believed when it says the same second.
    return precise_ms if precise_ms // 1000 == seconds else seconds * 1000


def _optional(metadata: dict[str, object], name: str) -> int:
    value = metadata.get(name)
    if value is None:
        return 0  # Hermes writes null for what it does not know.
    if type(value) is not int or not 0 <= value < 2**63:
        raise _Refused(BadPrice.MALFORMED)
    return value


def _digits(value: object) -> int:
    if not isinstance(value, str) or not _DIGITS.fullmatch(value):
        raise _Refused(BadPrice.MALFORMED)
    return int(value)


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _Refused(BadPrice.MALFORMED)
    return value
