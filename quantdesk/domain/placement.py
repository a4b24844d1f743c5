"""Placement: placing and cancelling orders.

Placing asks whether the trader could bear the order now; whether it can be filled is asked when it
is executed.
"""

from dataclasses import replace

from quantdesk.domain.account import MAX_OPEN_ORDERS
from quantdesk.domain.delegate import Permission
from quantdesk.domain.events import OrderCancelled, OrderPlaced
from quantdesk.domain.fees import FeeTerms, fee_rate_e6
from quantdesk.domain.ledger import Applied, Ledger, Moment, Outcome, Refused
from quantdesk.domain.market import MarketStatus
from quantdesk.domain.money import I64_MAX
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
from quantdesk.domain.trial import Judged, clipped_size_e9, standing_of, trial

AMPLE_POOL = PoolState(cash_e6=I64_MAX // 4)
"""Placing asks what the trader can bear, not what the pool can pay."""


def place_order(
    ledger: Ledger, address: str, intent: OrderIntent, *, at: Moment, by: str | None = None
) -> Outcome:
    """Records an order of `by` (None: the owner); it waits for a price published later."""
    refusal = _closed_to(ledger, address, intent, at=at, by=by)
    refusal = refusal or _unplaceable(ledger, address, intent, at=at)
    if refusal is not None:
        return Refused(refusal=refusal)
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
        placed_at=at.now,
        placed_slot=at.slot,
        expires_at=expiry(intent, at.now),
    )
    ledger.orders[(address, intent.client_order_id)] = order
    ledger.positions.setdefault(
        (address, intent.market_index), ledger.position(address, intent.market_index)
    )
    account = ledger.accounts[address]
    ledger.accounts[address] = replace(account, open_orders=account.open_orders + 1)
    ledger.count(address)
    return Applied(events=(_placed(order),))


def cancel_order(
    ledger: Ledger, address: str, client_order_id: int, *, at: Moment, by: str | None = None
) -> Outcome:
    """Closes an order: its owner (`by` None) or a delegate, and once it has expired anyone."""
    order = ledger.orders[(address, client_order_id)]
    is_expired = order.is_expired(at.now)
    if not is_expired and not ledger.permits(address, by, Permission.CANCEL, now=at.now):
        return Refused(refusal=Refusal.UNAUTHORIZED)
    reason = CancelReason.EXPIRED if is_expired else CancelReason.USER
    return closed(ledger, order, reason)


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


def _closed_to(
    ledger: Ledger, address: str, intent: OrderIntent, *, at: Moment, by: str | None
) -> Refusal | None:
    market = ledger.markets[intent.market_index]
    if ledger.security.is_paused(Pause.PLACE) or market.status is MarketStatus.PAUSED:
        return Refusal.PAUSED
    if market.status is MarketStatus.REDUCE_ONLY and not intent.reduce_only:
        return Refusal.PAUSED
    may = ledger.permits(address, by, Permission.PLACE, now=at.now)
    return None if may else Refusal.UNAUTHORIZED


def _unplaceable(
    ledger: Ledger, address: str, intent: OrderIntent, *, at: Moment
) -> Refusal | None:
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
    if not intent.reduce_only and not is_reducing(position.size_e9, intent.size_e9):
        refusal = _unaffordable(ledger, address, intent, at=at)
        if refusal is not None:
            return refusal
    return _untrailable(ledger, intent, at=at)


def _untrailable(ledger: Ledger, intent: OrderIntent, *, at: Moment) -> Refusal | None:
    if intent.kind is not Kind.TRAILING_STOP:
        return None
    quote = ledger.quote(intent.market_index)
    return refusal_of(quote.reading, quote.market, action=Action.GROW, now=at.now)


def _first_watermark_e6(ledger: Ledger, intent: OrderIntent) -> int:
    if intent.kind is not Kind.TRAILING_STOP:
        return 0
    return ledger.readings[intent.market_index].price_e6


def _unaffordable(
    ledger: Ledger, address: str, intent: OrderIntent, *, at: Moment
) -> Refusal | None:
    index = intent.market_index
    quote = ledger.quote(index)
    refusal = refusal_of(quote.reading, quote.market, action=Action.GROW, now=at.now)
    account = ledger.accounts[address]
    refusal = refusal or ledger.price_refusal(account, index, action=Action.GROW, now=at.now)
    if refusal is not None:
        return refusal
    opened = replace(ledger.books(address, index), market=quote.accrued(at.now), pool=AMPLE_POOL)
    settled = opened.settled()
    others = ledger.others(address, index, now=at.now)
    collateral = ledger.collateral(opened.account)
    judged = Judged(reading=quote.reading, others=others, collateral=collateral)
    if not _is_market(intent):
        covered = standing_of(settled, judged).can_grow
        return None if covered else Refusal.INSUFFICIENT_COLLATERAL
    fee = FeeTerms(rate_e6=fee_rate_e6(quote.market.params, intent.kind))
    tried = trial(settled, intent.size_e9, judged=judged, fee=fee)
    if exceeds_bound(tried.cost_e6, intent.size_e9, intent.limit_price_e6):
        return Refusal.SLIPPAGE_EXCEEDED
    if not ledger.accounts[address].has_room_for(index):
        return Refusal.TOO_MANY_MARKETS
    return None if tried.standing_after.can_grow else Refusal.INSUFFICIENT_COLLATERAL


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
