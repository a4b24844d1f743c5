"""Placement: placing and cancelling orders.

Placing asks whether the trader could bear the order now; whether it can be filled is asked when it
is executed.
"""

from dataclasses import replace

from quantdesk.domain.account import MAX_OPEN_ORDERS
from quantdesk.domain.books import Books
from quantdesk.domain.delegate import Permission
from quantdesk.domain.events import OrderCancelled, OrderPlaced
from quantdesk.domain.fees import FeeTerms, fee_rate_e6
from quantdesk.domain.ledger import Applied, Ledger, Moment, Outcome, Refused
from quantdesk.domain.links import is_orphan
from quantdesk.domain.mandate import Growth, Mandate
from quantdesk.domain.market import MarketStatus
from quantdesk.domain.money import I64_MAX, fits_i64
from quantdesk.domain.oracle import Action, refusal_of
from quantdesk.domain.order import (
    CancelReason,
    Kind,
    Order,
    OrderIntent,
    exceeds_bound,
    expiry,
    has_its_own_fields,
    misfit,
)
from quantdesk.domain.pool import PoolState
from quantdesk.domain.position import is_reducing
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import Pause
from quantdesk.domain.trial import (
    Judged,
    clipped_size_e9,
    growth_of,
    result_e6,
    standing_of,
    trial,
)

AMPLE_POOL = PoolState(cash_e6=I64_MAX // 4)
"""Placing asks what the trader can bear, not what the pool can pay."""


def place_order(
    ledger: Ledger, address: str, intent: OrderIntent, *, at: Moment, by: str | None = None
) -> Outcome:
    """Records an order of `by` (None: the owner); it waits for a price published later."""
    placer = by or ledger.accounts[address].owner
    mandate = ledger.mandate_of(address, placer)
    refusal = _closed_to(ledger, address, intent, at=at, by=placer)
    refusal = refusal or _misplaced(ledger, address, intent, at=at)
    if refusal is None and mandate is not None:
        refusal = _beyond_order_caps(ledger, address, intent, mandate, at=at)
    if refusal is None and _grows(ledger, address, intent):
        growth = _growth(ledger, address, intent, at=at)
        if isinstance(growth, Refusal):
            refusal = growth
        elif mandate is not None:
            refusal = mandate.growth_refusal(growth, now=at.now)
            mandate = mandate.begun(growth.result_before_e6, now=at.now)
    refusal = refusal or _untrailable(ledger, intent, at=at)
    if refusal is not None:
        return Refused(refusal=refusal)
    if mandate is not None:
        ledger.mandates[(address, placer)] = mandate
    order = Order(
        account=address,
        market_index=intent.market_index,
        client_order_id=intent.client_order_id,
        kind=intent.kind,
        size_e9=intent.size_e9,
        limit_price_e6=intent.limit_price_e6,
        trigger_price_e6=intent.trigger_price_e6,
        trailing_bps=intent.trailing_bps,
        watermark_e6=_first_watermark_e6(ledger, intent),
        reduce_only=intent.reduce_only,
        placed_at=ledger.markets[intent.market_index].waits_from(at.now),
        placed_slot=at.slot,
        expires_at=expiry(intent, at.now),
        placed_by=placer,
        is_mandated=mandate is not None,
    )
    return placed(ledger, order)


def open_position(
    ledger: Ledger, address: str, intent: OrderIntent, *, at: Moment, by: str | None = None
) -> Outcome:
    """A market order that opens, extends or flips a position."""
    held_e9 = ledger.position(address, intent.market_index).size_e9
    reduces = intent.reduce_only or is_reducing(held_e9, intent.size_e9)
    if not _is_market(intent) or reduces:
        return Refused(refusal=Refusal.INVALID_ORDER)
    return place_order(ledger, address, intent, at=at, by=by)


def close_position(
    ledger: Ledger, address: str, intent: OrderIntent, *, at: Moment, by: str | None = None
) -> Outcome:
    """A reduce-only market order; size 0 closes the whole position."""
    if not _is_market(intent) or not intent.reduce_only:
        return Refused(refusal=Refusal.INVALID_ORDER)
    held_e9 = ledger.position(address, intent.market_index).size_e9
    if intent.size_e9 == 0 == held_e9:
        return Refused(refusal=Refusal.NO_POSITION)
    wanted = replace(intent, size_e9=intent.size_e9 or -held_e9)
    return place_order(ledger, address, wanted, at=at, by=by)


def placed(ledger: Ledger, order: Order) -> Applied:
    """Writes a new order down."""
    key = (order.account, order.market_index)
    ledger.orders[(order.account, order.client_order_id)] = order
    ledger.positions.setdefault(key, ledger.position(*key))
    account = ledger.accounts[order.account]
    ledger.accounts[order.account] = replace(account, open_orders=account.open_orders + 1)
    ledger.count(order.account)
    return Applied(events=(_placed(order),))


def cancel_order(
    ledger: Ledger, address: str, client_order_id: int, *, at: Moment, by: str | None = None
) -> Outcome:
    """Closes an order: its owner (`by` None) or a delegate, and once it is of no use anyone."""
    order = ledger.orders[(address, client_order_id)]
    if order.is_expired(at.now):
        return closed(ledger, order, CancelReason.EXPIRED)
    if _may_cancel(ledger, order, at=at, by=by):
        return closed(ledger, order, CancelReason.USER)
    if is_orphan(ledger, order):
        return closed(ledger, order, CancelReason.ORPHAN)
    return Refused(refusal=Refusal.UNAUTHORIZED)


def closed(ledger: Ledger, order: Order, reason: CancelReason) -> Applied:
    """Ends an order unfilled; nothing else changes."""
    ledger.drop_order(order)
    ledger.count(order.account)
    cancelled = OrderCancelled(
        user_account=order.account,
        market_index=order.market_index,
        client_order_id=order.client_order_id,
        reason=reason,
    )
    return Applied(events=(cancelled,))


def _may_cancel(ledger: Ledger, order: Order, *, at: Moment, by: str | None) -> bool:
    if ledger.permits(order.account, by, Permission.CANCEL, now=at.now):
        return True
    is_its_own = order.is_mandated and order.placed_by == by
    return is_its_own and ledger.permits(order.account, by, Permission.PLACE, now=at.now)


def _closed_to(
    ledger: Ledger, address: str, intent: OrderIntent, *, at: Moment, by: str
) -> Refusal | None:
    market = ledger.markets[intent.market_index]
    if ledger.security.is_paused(Pause.PLACE) or market.status is MarketStatus.PAUSED:
        return Refusal.PAUSED
    if market.status is MarketStatus.REDUCE_ONLY and not intent.reduce_only:
        return Refusal.PAUSED
    may = ledger.permits(address, by, Permission.PLACE, now=at.now)
    return None if may else Refusal.UNAUTHORIZED


def _misplaced(ledger: Ledger, address: str, intent: OrderIntent, *, at: Moment) -> Refusal | None:
    market = ledger.markets[intent.market_index]
    position = ledger.position(address, intent.market_index)
    if not has_its_own_fields(intent):
        return Refusal.INVALID_ORDER
    if intent.expires_at != 0 and intent.expires_at <= at.now:
        return Refusal.INVALID_EXPIRY
    if ledger.accounts[address].open_orders >= MAX_OPEN_ORDERS:
        return Refusal.TOO_MANY_ORDERS
    fault = misfit(intent, market.params, position_size_e9=position.size_e9)
    if fault is not None:
        return fault.refusal
    nothing = clipped_size_e9(position.size_e9, intent.size_e9) == 0
    if intent.reduce_only and nothing and _is_market(intent):
        return Refusal.REDUCE_ONLY_WOULD_GROW
    return None


def _grows(ledger: Ledger, address: str, intent: OrderIntent) -> bool:
    held_e9 = ledger.position(address, intent.market_index).size_e9
    return not intent.reduce_only and not is_reducing(held_e9, intent.size_e9)


def _beyond_order_caps(
    ledger: Ledger, address: str, intent: OrderIntent, mandate: Mandate, *, at: Moment
) -> Refusal | None:
    index = intent.market_index
    quote = ledger.quote(index)
    action = Action.GROW if _grows(ledger, address, intent) else Action.REDUCE
    refusal = refusal_of(quote.reading, quote.market, action=action, now=at.now)
    if refusal is not None:
        return refusal
    size_e9 = intent.size_e9
    return mandate.order_refusal(index, size_e9, price_e6=quote.reading.price_e6, now=at.now)


def _untrailable(ledger: Ledger, intent: OrderIntent, *, at: Moment) -> Refusal | None:
    if intent.kind is not Kind.TRAILING_STOP:
        return None
    quote = ledger.quote(intent.market_index)
    return refusal_of(quote.reading, quote.market, action=Action.GROW, now=at.now)


def _first_watermark_e6(ledger: Ledger, intent: OrderIntent) -> int:
    if intent.kind is not Kind.TRAILING_STOP:
        return 0
    return ledger.readings[intent.market_index].price_e6


def _growth(ledger: Ledger, address: str, intent: OrderIntent, *, at: Moment) -> Growth | Refusal:
    index = intent.market_index
    quote = ledger.quote(index)
    refusal = refusal_of(quote.reading, quote.market, action=Action.GROW, now=at.now)
    account = ledger.accounts[address]
    refusal = refusal or ledger.price_refusal(account, index, action=Action.GROW, now=at.now)
    if refusal is not None:
        return refusal
    opened = replace(ledger.books(address, index), market=quote.accrued(at.now), pool=AMPLE_POOL)
    fits_i64(opened.position.size_e9 + intent.size_e9)
    judged = Judged(
        reading=quote.reading,
        others=ledger.others(address, index, now=at.now),
        collateral=ledger.collateral(account, now=at.now),
    )
    if _is_market(intent):
        return _tried(opened, intent, judged)
    return _waiting(opened, intent, judged)


def _tried(opened: Books, intent: OrderIntent, judged: Judged) -> Growth | Refusal:
    params = opened.market.params
    fee = FeeTerms(rate_e6=fee_rate_e6(params, intent.kind))
    tried = trial(opened.settled(), intent.size_e9, judged=judged, fee=fee)
    if exceeds_bound(tried.cost_e6, intent.size_e9, intent.limit_price_e6):
        return Refusal.SLIPPAGE_EXCEEDED
    if not opened.account.has_room_for(params.index):
        return Refusal.TOO_MANY_MARKETS
    if not tried.standing_after.can_grow:
        return Refusal.INSUFFICIENT_COLLATERAL
    return growth_of(tried, opened.account)


def _waiting(opened: Books, intent: OrderIntent, judged: Judged) -> Growth | Refusal:
    settled = opened.settled()
    standing = standing_of(settled, judged)
    if not standing.can_grow:
        return Refusal.INSUFFICIENT_COLLATERAL
    result = result_e6(opened.account, settled, standing)
    return Growth(
        size_after_e9=opened.position.size_e9 + intent.size_e9,
        price_e6=judged.reading.price_e6,
        standing_after=None,
        result_before_e6=result,
        result_after_e6=result,
    )


def _is_market(intent: OrderIntent) -> bool:
    return intent.kind is Kind.MARKET


def _placed(order: Order) -> OrderPlaced:
    return OrderPlaced(
        user_account=order.account,
        market_index=order.market_index,
        client_order_id=order.client_order_id,
        kind=order.kind,
        size_e9=order.size_e9,
        limit_price_e6=order.limit_price_e6,
        trigger_price_e6=order.trigger_price_e6,
        trailing_bps=order.trailing_bps,
        watermark_e6=order.watermark_e6,
        reduce_only=order.reduce_only,
        expires_at=order.expires_at,
    )
