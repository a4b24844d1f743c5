"""Max size: the largest order that still passes, found by halving on the lot grid.

Reducing always passes and growing fails once and for good, so what passes is one stretch of sizes.
"""

from collections.abc import Callable
from dataclasses import replace

from quantdesk.domain.money import U64_MAX, Round, div
from quantdesk.domain.order import Kind, OrderIntent
from quantdesk.domain.portfolio import Portfolio
from quantdesk.domain.receipt import Receipt
from quantdesk.domain.risk import preview_order


def max_size_e9(
    portfolio: Portfolio, market_index: int, *, is_long: bool, now: int, leverage: int | None = None
) -> int:
    """Largest market order (positive, on the lot) that passes; 0 when none does.

    `leverage` lowers the account's own cap for this question.
    """
    capped = portfolio if leverage is None else _with_leverage(portfolio, market_index, leverage)
    params = capped.quotes[market_index].market.params

    def passes(lots: int) -> bool:
        size_e9 = lots * params.lot_e9 * (1 if is_long else -1)
        intent = _unbounded(market_index, size_e9, params.tick_e6)
        return isinstance(preview_order(intent, capped, now=now), Receipt)

    least = max(1, div(params.min_size_e9, params.lot_e9, Round.UP))
    held = div(abs(capped.position(market_index).size_e9), params.lot_e9, Round.DOWN)
    most = div(2 * params.oi_cap_e9, params.lot_e9, Round.DOWN)
    start = next((lots for lots in (max(least, held), least) if passes(lots)), 0)
    return _largest(passes, start, most) * params.lot_e9 if start else 0


def _largest(passes: Callable[[int], bool], passing: int, failing: int) -> int:
    if passing >= failing or passes(failing):
        return max(passing, failing)
    while failing - passing > 1:
        middle = (passing + failing) // 2
        if passes(middle):
            passing = middle
        else:
            failing = middle
    return passing


def _unbounded(market_index: int, size_e9: int, tick_e6: int) -> OrderIntent:
    highest = U64_MAX - U64_MAX % tick_e6
    return OrderIntent(
        market_index=market_index,
        client_order_id=0,
        kind=Kind.MARKET,
        size_e9=size_e9,
        limit_price_e6=highest if size_e9 > 0 else tick_e6,
    )


def _with_leverage(portfolio: Portfolio, market_index: int, leverage: int) -> Portfolio:
    account = portfolio.account
    lowered = replace(account, max_leverage=min(leverage, account.max_leverage))
    position = portfolio.position(market_index)
    if position.is_flat:
        return replace(portfolio, account=lowered)
    held = replace(position, max_leverage=min(leverage, position.max_leverage))
    positions = {**portfolio.positions, market_index: held}
    return replace(portfolio, account=lowered, positions=positions)
