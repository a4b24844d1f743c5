"""Oracle: a published price, its grade, and the worst grade each action accepts.

A price is judged against the clock, its own confidence and the last valid price; the worst fault
found is the grade. Grades are ordered, so an action accepts everything up to its own limit.
"""

from dataclasses import dataclass, replace
from enum import Enum, IntEnum

from quantdesk.domain.market import MarketState
from quantdesk.domain.money import FRACTION_ONE, Round, div
from quantdesk.domain.refusal import Refusal

FUTURE_TOLERANCE_S = 2
FIRST_WINDOW_S = 2
JUMP_WINDOW_S = 5
SILENCE_S = 60
"""After so long without a valid price the first one only announces itself; the second counts.
After so long without any a market elsewhere keeps nobody from being liquidated."""
CONFIRM_WINDOW_S = 60
UNREADABLE = 2**53
"""Prices and confidences from here on are refused as malformed."""
JUMP_PARTS = 10
"""A move of more than one part in ten within the window needs a second publication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceReading:
    """One published price: USD e6 per base with a confidence of the same unit, unix seconds.

    `previous_at` dates the feed's publication before this one; None: not told, as late as this one.
    """

    price_e6: int
    conf_e6: int
    publish_time: int
    previous_at: int | None = None

    @property
    def prev_publish_time(self) -> int:
        """Unix second of the publication before."""
        return self.publish_time if self.previous_at is None else self.previous_at


class Grade(IntEnum):
    """How far a reading can be trusted; larger is worse. The values are the program's codes."""

    VALID = 0
    WIDE = 1
    STALE = 2
    JUMPED = 3
    NEGATIVE = 4
    FUTURE = 5


class Action(Enum):
    """What a price is wanted for."""

    GROW = "grow"
    REDUCE = "reduce"
    LIQUIDATE = "liquidate"
    WITHDRAW = "withdraw"
    FUND = "fund"


WORST_ACCEPTED = {
    Action.GROW: Grade.VALID,
    Action.REDUCE: Grade.WIDE,
    Action.LIQUIDATE: Grade.WIDE,
    Action.WITHDRAW: Grade.VALID,
    Action.FUND: Grade.VALID,
}

REFUSALS = {
    Grade.WIDE: Refusal.WIDE_PRICE,
    Grade.STALE: Refusal.STALE_PRICE,
    Grade.JUMPED: Refusal.PRICE_JUMPED,
    Grade.NEGATIVE: Refusal.NEGATIVE_PRICE,
    Grade.FUTURE: Refusal.FUTURE_PRICE,
}


def reading_of(*, price: int, conf: int, exponent: int, publish_time: int) -> PriceReading:
    """A publisher's mantissas as e6: the price rounds down, its confidence up.

    A price that is not positive reads as zero. Raises ValueError beyond the readable range.
    """
    if not -12 <= exponent <= 0:
        raise ValueError(f"expected an exponent from -12 to 0, found {exponent}")
    if price <= 0:
        return PriceReading(price_e6=0, conf_e6=0, publish_time=publish_time)
    scale = 10 ** (exponent + 12)
    price_e6 = div(price * scale, 10**6, Round.DOWN)
    conf_e6 = div(conf * scale, 10**6, Round.UP)
    if max(price_e6, conf_e6) >= UNREADABLE:
        raise ValueError(f"expected less than {UNREADABLE}, found {price_e6} and {conf_e6}")
    return PriceReading(price_e6=price_e6, conf_e6=conf_e6, publish_time=publish_time)


def grade(reading: PriceReading, market: MarketState, *, action: Action, now: int) -> Grade:
    """The worst fault of `reading` for `action` at unix second `now`."""
    if reading.publish_time > now + FUTURE_TOLERANCE_S:
        return Grade.FUTURE
    if reading.price_e6 <= 0:
        return Grade.NEGATIVE
    if has_jumped(reading, market):
        return Grade.JUMPED
    if now - reading.publish_time > age_limit_s(market, action):
        return Grade.STALE
    if reading.publish_time < market.last_publish_time:
        return Grade.STALE
    if reading.conf_e6 * FRACTION_ONE > market.params.conf_gate_e6 * reading.price_e6:
        return Grade.WIDE
    return Grade.VALID


def is_late(reading: PriceReading, *, placed_at: int) -> bool:
    """Whether an executor could have chosen `reading` among several published after an order.

    The first publication after the order is nobody's choice; seconds are the grain of a feed, so
    those of the first two count as one.
    """
    is_first = reading.prev_publish_time <= placed_at
    return not is_first and reading.publish_time > placed_at + FIRST_WINDOW_S


def refusal_of(
    reading: PriceReading, market: MarketState, *, action: Action, now: int
) -> Refusal | None:
    """Why `action` may not use `reading`, or None when it may."""
    found = grade(reading, market, action=action, now=now)
    return REFUSALS[found] if found > WORST_ACCEPTED[action] else None


def has_lapsed(reading: PriceReading, market: MarketState, *, action: Action, now: int) -> bool:
    """Whether a position in another market counts for `action` although its price is refused.

    Nobody has posted one for longer than a silence, and a liquidation must not wait for it.
    """
    if action is not Action.LIQUIDATE or reading.price_e6 <= 0:
        return False
    is_silent = now - reading.publish_time > SILENCE_S
    return is_silent and refusal_of(reading, market, action=action, now=now) is not None


def age_limit_s(market: MarketState, action: Action) -> int:
    """Oldest price in seconds that `action` may use."""
    if action is Action.REDUCE:
        return market.params.age_reduce_s
    if action is Action.LIQUIDATE:
        return market.params.age_liquidate_s
    return market.params.age_grow_s


def has_jumped(reading: PriceReading, market: MarketState) -> bool:
    """Whether a new price came too far too fast, or after silence, and nothing confirms it yet."""
    since_s = reading.publish_time - market.last_publish_time
    if market.last_price_e6 == 0 or since_s <= 0:
        return False
    leapt = since_s <= JUMP_WINDOW_S and _is_far(reading.price_e6, market.last_price_e6)
    return (leapt or since_s > SILENCE_S) and not _is_confirmed(reading, market)


def recorded(
    reading: PriceReading, market: MarketState, *, action: Action, now: int
) -> MarketState:
    """The market with a newer valid reading as its last price; else the market as it is."""
    is_newer = reading.publish_time > market.last_publish_time
    if not is_newer or grade(reading, market, action=action, now=now) is not Grade.VALID:
        return market
    return replace(
        market,
        last_price_e6=reading.price_e6,
        last_conf_e6=reading.conf_e6,
        last_publish_time=reading.publish_time,
        pending_price_e6=0,
        pending_publish_time=0,
    )


def funding_price_e6(reading: PriceReading, market: MarketState, *, now: int) -> int:
    """Price at which elapsed time is credited: a valid reading's, else the last valid one."""
    is_valid = grade(reading, market, action=Action.FUND, now=now) is Grade.VALID
    return reading.price_e6 if is_valid else market.last_price_e6


def _is_confirmed(reading: PriceReading, market: MarketState) -> bool:
    after_s = reading.publish_time - market.pending_publish_time
    return (
        market.pending_price_e6 != 0
        and market.pending_publish_time > market.last_publish_time
        and 0 < after_s <= CONFIRM_WINDOW_S
        and not _is_far(reading.price_e6, market.pending_price_e6)
    )


def _is_far(price_e6: int, reference_e6: int) -> bool:
    return abs(price_e6 - reference_e6) * JUMP_PARTS > reference_e6
