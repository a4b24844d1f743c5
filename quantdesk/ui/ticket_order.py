"""Ticket order: the ticket's fields as one order request, or the sentences they need."""

from dataclasses import dataclass

from quantdesk.services.order_request import OrderRequest
from quantdesk.ui import format as show
from quantdesk.ui import parse
from quantdesk.ui.rows import MarketRow

_LABELS = {
    "INSUFFICIENT_COLLATERAL": "Not enough collateral",
    "NO_ACCOUNT": "Deposit first",
    "PRICE_STALE": "Price is stale, wait",
    "PRICE_MISSING": "No price yet, wait",
    "PRICE_WIDE": "Price is uncertain, wait",
    "OPEN_INTEREST_CAP": "Market is full, use less",
    "POOL_RESERVE": "Pool is full, use less",
    "MARKET_PAUSED": "Market is paused",
    "MARKET_REDUCE_ONLY": "Market is close-only",
    "REDUCE_ONLY_WOULD_GROW": "This would not reduce",
    "RATE_LIMITED": "Too fast, wait",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What the person typed and chose."""

    side: str
    kind: str
    size_text: str
    price_text: str
    reduce_only: bool
    leverage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The parsed fields; a problem is a sentence, empty when there is none."""

    size_e9: int | None
    price_e6: int | None
    size_problem: str
    price_problem: str


def typed_order(fields: Fields, market: MarketRow) -> Typed:
    """Parse size and, for limit orders, price."""
    size_e9, size_problem = _parsed(
        fields.size_text,
        lambda text: parse.size(
            text, lot_e9=market.lot_e9, minimum_e9=market.min_size_e9, base=market.base
        ),
    )
    price_e6, price_problem = (None, "")
    if fields.kind == "limit":
        price_e6, price_problem = _parsed(
            fields.price_text, lambda text: parse.price(text, market.tick_e6)
        )
    return Typed(
        size_e9=size_e9, price_e6=price_e6, size_problem=size_problem, price_problem=price_problem
    )


def order_request(fields: Fields, typed: Typed, market: MarketRow) -> OrderRequest | None:
    """The order, None while a field is missing or wrong."""
    if typed.size_e9 is None or (fields.kind == "limit" and typed.price_e6 is None):
        return None
    return OrderRequest(
        market=market.symbol,
        side=fields.side,
        kind=fields.kind,
        size_e9=typed.size_e9,
        limit_price_e6=typed.price_e6,
        reduce_only=fields.reduce_only,
        leverage=fields.leverage,
    )


def smallest_order(fields: Fields, market: MarketRow) -> OrderRequest:
    """The smallest market order, asked only to learn the mark and the largest size."""
    return OrderRequest(
        market=market.symbol,
        side=fields.side,
        kind="market",
        size_e9=market.min_size_e9,
        leverage=fields.leverage,
    )


def part_of(largest_e9: int, percent: int, market: MarketRow) -> str:
    """`percent` of the largest size as a person would type it; empty below the minimum."""
    part_e9 = largest_e9 * percent // 100 // market.lot_e9 * market.lot_e9
    return show.plain_size(part_e9, market.lot_e9) if part_e9 >= market.min_size_e9 else ""


def share_of(size_e9: int | None, largest_e9: int) -> int:
    """A size in percent of the largest, to the nearest; 0 when either is missing."""
    if not size_e9 or largest_e9 <= 0:
        return 0
    return min(100, (200 * size_e9 + largest_e9) // (2 * largest_e9))


def beyond_leverage(fields: Fields, typed: Typed, largest_e9: int, market: MarketRow) -> str:
    """What to do about a size that the chosen leverage does not allow; empty when it does."""
    if fields.reduce_only or typed.size_e9 is None or not 0 < largest_e9 < typed.size_e9:
        return ""
    most = show.size(largest_e9, market.lot_e9)
    return f"More than {fields.leverage}× leverage. Enter {most} or less, or raise the leverage."


def notional(typed: Typed, mark_e6: int) -> str:
    """What the typed size is worth in USD: at the typed price, else at the mark."""
    price_e6 = typed.price_e6 or mark_e6
    if typed.size_e9 is None or not price_e6:
        return show.MISSING
    return show.usd(typed.size_e9 * price_e6 // 10**9)


def refusal_label(code: str) -> str:
    """What the button says about a refusal; the full sentence stands at its field."""
    return _LABELS.get(code, "Check the order")


def reduce_only_reason(side: str, position_e9: int) -> str:
    """Why reduce-only makes no sense for this side; empty when it does."""
    if position_e9 == 0:
        return "no position to reduce"
    if (position_e9 > 0) == (side == "long"):
        return "this side grows your position"
    return ""


def _parsed(text: str, read: parse.Reader) -> tuple[int | None, str]:
    if not text.strip():
        return None, ""
    found = read(text)
    return (None, found.message) if isinstance(found, parse.Refused) else (found, "")
