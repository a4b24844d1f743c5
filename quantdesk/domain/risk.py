"""Risk: what an order would do, told before it is signed.

The preview runs the program's own arithmetic on the present price; the fill comes at the next one,
so the receipt is an estimate and the order's worst price is the promise.
"""

from dataclasses import replace

from quantdesk.domain.account import MAX_OPEN_MARKETS, MAX_OPEN_ORDERS
from quantdesk.domain.books import Books
from quantdesk.domain.fees import FeeTerms, fee_rate_e6
from quantdesk.domain.liquidation_price import liquidation_price_e6
from quantdesk.domain.margin import Standing
from quantdesk.domain.market import MarketStatus
from quantdesk.domain.money import SIZE_ONE, DoesNotFit, Round, Usd, div
from quantdesk.domain.oracle import Action, refusal_of
from quantdesk.domain.order import Kind, OrderIntent, exceeds_bound, misfit
from quantdesk.domain.pool import InsuranceState
from quantdesk.domain.portfolio import Portfolio, Quote
from quantdesk.domain.position import is_reducing
from quantdesk.domain.receipt import Change, Receipt, Rejected, Verdict, receipt_of
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.trial import Judged, Trial, clipped_size_e9, trial, trial_at_cost

__all__ = [
    "Change",
    "Portfolio",
    "Quote",
    "Receipt",
    "Rejected",
    "Verdict",
    "account_standing",
    "liquidation_price_e6",
    "preview_order",
]

PRICE_ADVICE = {
    Refusal.STALE_PRICE: "the price is too old; wait for the next publication",
    Refusal.WIDE_PRICE: "the price is too uncertain to grow a position; wait or reduce",
    Refusal.PRICE_JUMPED: "the price moved over 10 % at once; wait for a second publication",
    Refusal.NEGATIVE_PRICE: "the published price is not positive; wait for the next one",
    Refusal.FUTURE_PRICE: "the price is dated in the future; check the clock and wait",
}


def account_standing(portfolio: Portfolio, *, now: int) -> Standing:
    """Equity and requirements of the account over all its positions."""
    return portfolio.standing(now=now)


def preview_order(intent: OrderIntent, portfolio: Portfolio, *, now: int) -> Verdict:
    """What `intent` would do at unix second `now`; checks run in the program's order.

    A limit order that the present price does not reach is told as filled at its own limit.
    """
    rejected = _unfit(intent, portfolio, now=now)
    if rejected is not None:
        return rejected
    size_e9 = portfolio.position(intent.market_index).size_e9
    trade_e9 = intent.size_e9
    if intent.reduce_only:
        trade_e9 = clipped_size_e9(size_e9, trade_e9)
    if trade_e9 == 0:
        return _rejected(
            Refusal.REDUCE_ONLY_WOULD_GROW,
            "size",
            "this reduce-only order has nothing to reduce; turn reduce-only off or change side",
        )
    try:
        return _priced(intent, trade_e9, portfolio, now=now)
    except DoesNotFit:
        message = "the size is too large to be computed; choose a smaller one"
        return _rejected(Refusal.MATH_OVERFLOW, "size", message)


def _unfit(intent: OrderIntent, portfolio: Portfolio, *, now: int) -> Rejected | None:
    market = portfolio.quotes[intent.market_index].market
    size_e9 = portfolio.position(intent.market_index).size_e9
    if market.status is MarketStatus.PAUSED:
        return _rejected(Refusal.PAUSED, "market", "this market is paused; wait until it reopens")
    fault = misfit(intent, market.params, position_size_e9=size_e9)
    if fault is not None:
        field = "price" if fault.field == "limit_price" else fault.field
        return _rejected(fault.refusal, field, fault.message)
    if intent.expires_at and intent.expires_at <= now:
        message = "the expiry lies in the past; choose a later one"
        return _rejected(Refusal.INVALID_EXPIRY, "market", message)
    if portfolio.account.open_orders >= MAX_OPEN_ORDERS:
        message = f"{MAX_OPEN_ORDERS} orders are open; cancel one first"
        return _rejected(Refusal.TOO_MANY_ORDERS, "account", message)
    if not portfolio.account.has_room_for(intent.market_index):
        message = f"positions in {MAX_OPEN_MARKETS} markets are open; close one first"
        return _rejected(Refusal.TOO_MANY_MARKETS, "account", message)
    return None


def _priced(intent: OrderIntent, trade_e9: int, portfolio: Portfolio, *, now: int) -> Verdict:
    quote = portfolio.quotes[intent.market_index]
    grows = not is_reducing(portfolio.position(intent.market_index).size_e9, trade_e9)
    if grows and quote.market.status is MarketStatus.REDUCE_ONLY:
        message = "this market only admits reductions now; reduce or close"
        return _rejected(Refusal.PAUSED, "market", message)
    action = Action.GROW if grows else Action.REDUCE
    refusal = refusal_of(quote.reading, quote.market, action=action, now=now)
    if refusal is not None:
        return _rejected(refusal, "market", PRICE_ADVICE[refusal])
    settled = _settled_books(intent.market_index, portfolio, now=now)
    others = tuple(portfolio.exposures(now=now, without=intent.market_index))
    fee = FeeTerms(rate_e6=fee_rate_e6(quote.market.params, intent.kind))
    judged = Judged(reading=quote.reading, others=others, collateral=portfolio.collateral)
    present = trial(settled, trade_e9, judged=judged, fee=fee)
    expected = _expected(intent, present, fee)
    rejected = _breach(intent, present, expected)
    if rejected is not None:
        return rejected
    age_s = max(0, now - quote.reading.publish_time)
    return receipt_of(expected, mark_e6=quote.reading.price_e6, age_s=age_s)


def _settled_books(market_index: int, portfolio: Portfolio, *, now: int) -> Books:
    return Books(
        account=portfolio.account,
        position=portfolio.position(market_index),
        market=portfolio.quotes[market_index].accrued(now),
        pool=portfolio.pool,
        insurance=InsuranceState(),
    ).settled()


def _expected(intent: OrderIntent, present: Trial, fee: FeeTerms) -> Trial:
    reached = not exceeds_bound(present.cost_e6, present.trade_e9, intent.limit_price_e6)
    if intent.kind is not Kind.LIMIT or reached:
        return present
    cost_e6 = div(intent.limit_price_e6 * present.trade_e9, SIZE_ONE, Round.UP)
    at_limit = replace(present.judged.reading, price_e6=intent.limit_price_e6)
    return trial_at_cost(
        present.before,
        present.trade_e9,
        cost_e6,
        judged=replace(present.judged, reading=at_limit),
        fee=fee,
    )


def _breach(intent: OrderIntent, present: Trial, expected: Trial) -> Rejected | None:
    bound = intent.limit_price_e6
    if intent.kind is Kind.MARKET and exceeds_bound(present.cost_e6, present.trade_e9, bound):
        message = "the expected price is beyond your slippage bound; widen it or trade less"
        return _rejected(Refusal.SLIPPAGE_EXCEEDED, "price", message)
    if present.reduces:
        return None
    if expected is not present and not present.standing_before.can_grow:
        return _short_of_collateral(present.standing_before)
    if not expected.standing_after.can_grow:
        return _short_of_collateral(expected.standing_after)
    return None if expected is not present else _full(present)


def _full(present: Trial) -> Rejected | None:
    if present.breaks_open_interest:
        message = "this size passes an open interest cap of the market; choose a smaller one"
        return _rejected(Refusal.OPEN_INTEREST_CAP, "size", message)
    if present.breaks_reserve:
        message = "the pool cannot cover this size now; choose a smaller one"
        return _rejected(Refusal.POOL_RESERVE, "size", message)
    return None


def _short_of_collateral(after: Standing) -> Rejected:
    missing = Usd(-after.free_collateral_e6)
    message = f"{missing} USDC of collateral is missing; deposit it or choose a smaller size"
    return _rejected(Refusal.INSUFFICIENT_COLLATERAL, "size", message)


def _rejected(refusal: Refusal, field: str, message: str) -> Rejected:
    return Rejected(refusal=refusal, field=field, message=message)
