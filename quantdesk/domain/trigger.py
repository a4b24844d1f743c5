"""Trigger: when a waiting order wakes, and how a trailing stop follows the price.

A trailing stop's threshold is rounded so that it wakes no earlier than asked.
"""

from dataclasses import replace

from quantdesk.domain.money import Round, mul_div
from quantdesk.domain.order import Kind, Order

BPS = 10_000

STOPS = (Kind.STOP_MARKET, Kind.STOP_LIMIT)


def is_awake(order: Order, price_e6: int) -> bool:
    """Whether the order may fill at `price_e6`; market and limit orders always may.

    A stop wakes when the price has run against its holder, a take profit when it has run for them.
    """
    if order.kind in (Kind.MARKET, Kind.LIMIT):
        return True
    rises = order.is_long if order.kind is not Kind.TAKE_PROFIT else not order.is_long
    threshold = threshold_e6(order)
    return price_e6 >= threshold if rises else price_e6 <= threshold


def threshold_e6(order: Order) -> int:
    """Price at which a waiting order wakes; USD e6."""
    if order.kind is not Kind.TRAILING_STOP:
        return order.trigger_price_e6
    if order.is_long:
        return mul_div(order.watermark_e6, BPS + order.trailing_bps, BPS, Round.UP)
    return mul_div(order.watermark_e6, BPS - order.trailing_bps, BPS, Round.DOWN)


def followed(order: Order, price_e6: int) -> Order | None:
    """A sleeping trailing stop after a better price, or None when nothing moves."""
    if order.kind is not Kind.TRAILING_STOP:
        return None
    best = min if order.is_long else max
    watermark_e6 = best(order.watermark_e6, price_e6)
    if watermark_e6 == order.watermark_e6:
        return None
    return replace(order, watermark_e6=watermark_e6)
