"""Order: what a trader asks for, the grid it must lie on, and the life of an order.

An order never fills when placed: it waits for a price published after it, and its final states are
final.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum

from quantdesk.domain.market import MarketParams
from quantdesk.domain.money import SIZE_ONE, Price, Round, Size, div, mul_div
from quantdesk.domain.refusal import Refusal

MARKET_ORDER_LIFE_S = 30
"""Longest life of a market order in seconds."""


TRAILING_BPS_MAX = 5_000
"""A trailing stop may lag by at most half of the price."""


class Kind(IntEnum):
    """How an order is triggered and priced; values are the program's codes."""

    MARKET = 0
    LIMIT = 1
    STOP_MARKET = 2
    STOP_LIMIT = 3
    TAKE_PROFIT = 4
    TRAILING_STOP = 5


class Side(Enum):
    """Direction of a trade."""

    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        """+1 for long, -1 for short."""
        return 1 if self is Side.LONG else -1


class OrderState(Enum):
    """Life of an order on chain; everything but OPEN is final."""

    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"


class CancelReason(IntEnum):
    """Why an order was closed unfilled; values are the program's codes."""

    USER = 0
    EXPIRED = 1
    SLIPPAGE = 2
    MARGIN = 3
    OPEN_INTEREST = 4
    POOL_RESERVE = 5
    REDUCE_ONLY = 6
    LIQUIDATION = 7
    OCO = 8
    MANDATE = 9
    ORPHAN = 10


class Role(IntEnum):
    """An order's part in a bracket; values are the program's codes."""

    PLAIN = 0
    PARENT = 1
    ASLEEP = 2
    AWAKE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntent:
    """A wish to trade: signed size, and the worst price accepted (also for market orders)."""

    market_index: int
    client_order_id: int
    kind: Kind
    size_e9: int
    limit_price_e6: int
    trigger_price_e6: int = 0
    trailing_bps: int = 0
    reduce_only: bool = False
    expires_at: int = 0

    @property
    def is_long(self) -> bool:
        """Whether the order buys."""
        return self.size_e9 > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as the chain holds it; times in unix seconds, 0 = never expires.

    `placed_at` is not before the last price that its market had accepted by then.

    `link_ids` of a parent are its take profit and its stop, of a leg its sibling and its parent
    (0: none). `opening` is the count of the position's openings that an awake leg belongs to.
    """

    account: str
    market_index: int
    client_order_id: int
    kind: Kind
    size_e9: int
    limit_price_e6: int
    trigger_price_e6: int = 0
    trailing_bps: int = 0
    watermark_e6: int = 0
    reduce_only: bool = False
    placed_at: int = 0
    placed_slot: int = 0
    expires_at: int = 0
    placed_by: str = ""
    role: Role = Role.PLAIN
    link_ids: tuple[int, int] = (0, 0)
    opening: int = 0
    is_mandated: bool = False

    @property
    def is_long(self) -> bool:
        """Whether the order buys."""
        return self.size_e9 > 0

    @property
    def waits_for_its_bound(self) -> bool:
        """Whether the order stays open when its bound is not met.

        What protects a position does, lest one wide or late price end the protection.
        """
        protects = self.reduce_only and self.kind is not Kind.MARKET
        return protects or self.kind in (Kind.LIMIT, Kind.STOP_LIMIT)

    def is_expired(self, now: int) -> bool:
        """Whether the order may no longer fill at unix second `now`."""
        return self.expires_at != 0 and now > self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Why an intent does not fit the market, the field it concerns, and what to do about it."""

    refusal: Refusal
    field: str
    message: str


def misfit(intent: OrderIntent, params: MarketParams, *, position_size_e9: int) -> Misfit | None:
    """First fault of the intent's size and price against the market's grid.

    A reduce-only order for exactly the whole position may be off the lot: liquidations leave
    positions that no lot divides, and they must be closable.
    """
    closes_all = intent.reduce_only and intent.size_e9 == -position_size_e9 != 0
    size_fault = None if closes_all else _size_misfit(intent.size_e9, params)
    return (
        size_fault
        or _price_misfit("limit", intent.limit_price_e6, params)
        or _price_misfit("trigger", intent.trigger_price_e6, params)
    )


def has_its_own_fields(intent: OrderIntent) -> bool:
    """Whether the intent has the fields of its kind and no others."""
    has_trigger, has_trail = intent.trigger_price_e6 != 0, intent.trailing_bps != 0
    if intent.kind is Kind.TRAILING_STOP:
        return not has_trigger and 1 <= intent.trailing_bps <= TRAILING_BPS_MAX
    if intent.kind in (Kind.MARKET, Kind.LIMIT):
        return not has_trigger and not has_trail
    return has_trigger and not has_trail


def expiry(intent: OrderIntent, now: int) -> int:
    """Unix second at which the order placed `now` ends; market orders live 30 s at most."""
    if intent.kind is not Kind.MARKET:
        return intent.expires_at
    latest = now + MARKET_ORDER_LIFE_S
    return min(intent.expires_at or latest, latest)


def exceeds_bound(cost_e6: int, trade_e9: int, bound_e6: int) -> bool:
    """Whether a signed cost is worse than `bound_e6` per base; compared without a division."""
    return cost_e6 * SIZE_ONE > bound_e6 * trade_e9


def worst_price_e6(price_e6: int, side: Side, *, slippage_bps: int, tick_e6: int) -> int:
    """The bound of a market order: `price_e6` moved against the trader, on the tick inside it."""
    moved = price_e6 * (10_000 + side.sign * slippage_bps)
    inside = Round.DOWN if side is Side.LONG else Round.UP
    return max(tick_e6, div(moved, 10_000 * tick_e6, inside) * tick_e6)


def _size_misfit(size_e9: int, params: MarketParams) -> Misfit | None:
    if abs(size_e9) < params.min_size_e9 or size_e9 == 0:
        least = Size(params.min_size_e9)
        message = f"size {Size(abs(size_e9))} is below the minimum {least}; enter {least} or more"
        return Misfit(refusal=Refusal.BELOW_MINIMUM, field="size", message=message)
    if size_e9 % params.lot_e9:
        low = Size(mul_div(abs(size_e9), 1, params.lot_e9, Round.DOWN) * params.lot_e9)
        high = Size(low.units + params.lot_e9)
        message = f"size {Size(abs(size_e9))} is off lot {Size(params.lot_e9)}; use {low} or {high}"
        return Misfit(refusal=Refusal.OFF_LOT, field="size", message=message)
    return None


def _price_misfit(name: str, price_e6: int, params: MarketParams) -> Misfit | None:
    tick, found = Price(params.tick_e6), Price(price_e6)
    field = f"{name}_price"
    if name == "limit" and price_e6 <= 0:
        message = f"the limit price must be positive; enter {tick} or more"
        return Misfit(refusal=Refusal.OFF_TICK, field=field, message=message)
    if price_e6 % params.tick_e6:
        low = Price(price_e6 - price_e6 % params.tick_e6)
        message = f"{name} {found} is off tick {tick}; round to {low} or {low + tick}"
        return Misfit(refusal=Refusal.OFF_TICK, field=field, message=message)
    return None
