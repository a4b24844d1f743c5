"""Order requests: what a ticket says, turned into the order that the program understands."""

from __future__ import annotations

from dataclasses import dataclass

from quantdesk.domain.money import I64_MAX, U64_MAX
from quantdesk.domain.order import Kind, OrderIntent, Side, worst_price_e6
from quantdesk.domain.refusal import Refusal
from quantdesk.services.outcome import Reason, Refused

DEFAULT_SLIPPAGE_BPS = 100
SLIPPAGE_BPS_MAX = 1_000
KINDS = {"market": Kind.MARKET, "limit": Kind.LIMIT}
SIDES = {"long": Side.LONG, "short": Side.SHORT}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """A ticket; `size_e9` is positive, `side` gives its sign.

    `leverage` only answers how large an order could be; the account's own cap rules the order.
    """

    market: str
    side: str
    kind: str
    size_e9: int
    limit_price_e6: int | None = None
    max_slippage_bps: int | None = None
    reduce_only: bool = False
    client_order_id: int | None = None
    leverage: int | None = None


def malformed(request: OrderRequest) -> Refused | None:
    """The first field that makes no sense in any market."""
    if request.side not in SIDES:
        return _invalid("side", f"expected long or short, found {request.side!r}")
    if request.kind not in KINDS:
        return _invalid("kind", f"expected market or limit, found {request.kind!r}")
    if request.size_e9 <= 0:
        return _invalid("size", "the size must be positive; enter a size")
    if request.size_e9 > I64_MAX:
        return _invalid("size", "the size is larger than any market; enter a smaller size")
    if request.leverage is not None and not 1 <= request.leverage <= 100:
        return _invalid("leverage", f"expected 1 to 100, found {request.leverage}")
    if request.client_order_id is not None and not 0 <= request.client_order_id <= I64_MAX:
        return _invalid("client_order_id", "expected a whole number below 2^63; leave it out")
    return _price_fault(request)


def _price_fault(request: OrderRequest) -> Refused | None:
    if request.kind == "limit":
        if request.limit_price_e6 is None:
            return _invalid("price", "a limit order needs a price; enter a limit price")
        if not 0 < request.limit_price_e6 <= U64_MAX:
            return _invalid("price", "the limit price must be positive; enter a price")
        return None
    slippage = request.max_slippage_bps
    if slippage is not None and not 1 <= slippage <= SLIPPAGE_BPS_MAX:
        return Refused(
            code=Reason.SLIPPAGE,
            message=f"the largest slippage must be 0.01 % to 10 %, found {slippage / 100:g} %",
            field="slippage",
        )
    return None


def order_intent(
    request: OrderRequest, *, market_index: int, mark_e6: int, tick_e6: int, client_order_id: int
) -> OrderIntent:
    """The program's order; a market order's bound is the mark moved by the allowed slippage."""
    side = SIDES[request.side]
    limit_price_e6 = request.limit_price_e6
    if request.kind == "market" or limit_price_e6 is None:
        limit_price_e6 = worst_price_e6(
            mark_e6,
            side,
            slippage_bps=request.max_slippage_bps or DEFAULT_SLIPPAGE_BPS,
            tick_e6=tick_e6,
        )
    return OrderIntent(
        market_index=market_index,
        client_order_id=client_order_id,
        kind=KINDS[request.kind],
        size_e9=side.sign * request.size_e9,
        limit_price_e6=limit_price_e6,
        reduce_only=request.reduce_only,
    )


def reason_of(refusal: Refusal) -> Reason:
    """The door's code for the exchange's own reason."""
    return _REASONS.get(refusal, Reason.REFUSED_BY_CHAIN)


_REASONS = {
    Refusal.PAUSED: Reason.MARKET_PAUSED,
    Refusal.STALE_PRICE: Reason.PRICE_STALE,
    Refusal.FUTURE_PRICE: Reason.PRICE_STALE,
    Refusal.NEGATIVE_PRICE: Reason.PRICE_STALE,
    Refusal.PRICE_JUMPED: Reason.PRICE_WIDE,
    Refusal.WIDE_PRICE: Reason.PRICE_WIDE,
    Refusal.BELOW_MINIMUM: Reason.BELOW_MINIMUM,
    Refusal.OFF_LOT: Reason.OFF_LOT,
    Refusal.OFF_TICK: Reason.OFF_TICK,
    Refusal.TOO_MANY_ORDERS: Reason.TOO_MANY_ORDERS,
    Refusal.TOO_MANY_MARKETS: Reason.TOO_MANY_MARKETS,
    Refusal.INSUFFICIENT_COLLATERAL: Reason.INSUFFICIENT_COLLATERAL,
    Refusal.SLIPPAGE_EXCEEDED: Reason.SLIPPAGE,
    Refusal.REDUCE_ONLY_WOULD_GROW: Reason.REDUCE_ONLY_WOULD_GROW,
    Refusal.OPEN_INTEREST_CAP: Reason.OPEN_INTEREST_CAP,
    Refusal.POOL_RESERVE: Reason.POOL_RESERVE,
    Refusal.DEPOSIT_CAP: Reason.DEPOSIT_CAP,
    Refusal.OUTFLOW_CAP: Reason.OUTFLOW_CAP,
}


def _invalid(field: str, message: str) -> Refused:
    return Refused(code=Reason.INVALID, message=message, field=field)
