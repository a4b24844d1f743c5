"""Trading: placing, cancelling and executing orders.

An order that is closed unfilled changes nothing but itself: a fill is tried on paper, and only what
passes every check is written.
"""

from dataclasses import replace

from quantdesk.domain.account import MAX_OPEN_ORDERS
from quantdesk.domain.books import Books
from quantdesk.domain.events import Event, OrderCancelled, OrderExecuted, OrderPlaced
from quantdesk.domain.fees import FeeTerms, fee_rate_e6, keeper_reward_e6
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
    misfit,
)
from quantdesk.domain.pool import PoolState
from quantdesk.domain.position import is_reducing
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.trial import (
    Judged,
    Trial,
    clipped_size_e9,
    standing_of,
    trial,
    with_health,
)
from quantdesk.domain.upkeep import accrual_events, brought_to_now

EXECUTABLE = (Kind.MARKET, Kind.LIMIT)

AMPLE_POOL = PoolState(cash_e6=I64_MAX // 4)
"""Placing asks what the trader can bear, not what the pool can pay."""


def place_order(ledger: Ledger, address: str, intent: OrderIntent, *, at: Moment) -> Outcome:
    """Records an order; it waits for a price published later."""
    refusal = _unplaceable(ledger, address, intent, at=at)
    if refusal is not None:
        return Refused(refusal=refusal)
    order = Order(
        account=address,
        market_index=intent.market_index,
        client_order_id=intent.client_order_id,
        kind=intent.kind,
        size_e9=intent.size_e9,
        limit_price_e6=intent.limit_price_e6,
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
    ledger: Ledger, address: str, client_order_id: int, *, is_owner: bool, at: Moment
) -> Outcome:
    """Closes an order: its owner at will, anyone once it has expired."""
    order = ledger.orders[(address, client_order_id)]
    is_expired = order.is_expired(at.now)
    if not is_owner and not is_expired:
        return Refused(refusal=Refusal.UNAUTHORIZED)
    reason = CancelReason.EXPIRED if is_expired else CancelReason.USER
    return _close(ledger, order, reason)


def execute_order(
    ledger: Ledger, address: str, client_order_id: int, *, keeper: str | None, at: Moment
) -> Outcome:
    """Fills an order at a newer price, or closes one that is reached but cannot fill."""
    order = ledger.orders[(address, client_order_id)]
    quote = ledger.quote(order.market_index)
    if quote.market.status is MarketStatus.PAUSED:
        return Refused(refusal=Refusal.PAUSED)
    if order.is_expired(at.now):
        return Refused(refusal=Refusal.ORDER_EXPIRED)
    if quote.reading.publish_time <= order.placed_at or at.slot < order.placed_slot + 1:
        return Refused(refusal=Refusal.PRICE_NOT_NEWER)
    held_e9 = ledger.position(address, order.market_index).size_e9
    trade_e9 = clipped_size_e9(held_e9, order.size_e9) if order.reduce_only else order.size_e9
    if trade_e9 == 0:
        return _close(ledger, order, CancelReason.REDUCE_ONLY)
    refusal = _unexecutable(ledger, order, trade_e9, at=at)
    if refusal is not None:
        return Refused(refusal=refusal)
    return _fill(ledger, order, trade_e9, keeper=keeper, at=at)


def _fill(
    ledger: Ledger, order: Order, trade_e9: int, *, keeper: str | None, at: Moment
) -> Outcome:
    index = order.market_index
    opened = ledger.books(order.account, index)
    action = _action(opened, trade_e9)
    reading = ledger.readings[index]
    market = brought_to_now(opened.market, reading, action=action, now=at.now)
    settled = replace(opened, market=market).settled()
    others = ledger.others(order.account, index, now=at.now) if action is Action.GROW else ()
    tried = trial(
        settled,
        trade_e9,
        judged=Judged(reading=reading, others=others),
        fee=_terms(ledger, order, keeper, at=at),
    )
    if exceeds_bound(tried.cost_e6, trade_e9, order.limit_price_e6):
        if order.kind is Kind.LIMIT:
            return Refused(refusal=Refusal.LIMIT_NOT_REACHED)
        return _close(ledger, order, CancelReason.SLIPPAGE)
    reason = _unfillable(tried)
    if reason is not None:
        return _close(ledger, order, reason)
    filled = _keep(ledger, order, opened, tried, at=at)
    if keeper is not None:
        ledger.credit(keeper, tried.split.keeper_e6)
    return filled


def _keep(ledger: Ledger, order: Order, opened: Books, tried: Trial, *, at: Moment) -> Outcome:
    alone = set(opened.account.markets) <= {order.market_index}
    knows_health = alone or not tried.reduces
    health_e6 = tried.standing_after.health_e6 if knows_health else opened.position.health_e6
    after = with_health(tried.after.listed(), health_e6, slot=at.slot)
    events: list[Event] = accrual_events(
        opened.market, after.market, tried.judged.reading, now=at.now
    )
    market = replace(after.market, sequence=after.market.sequence + len(events))
    ledger.keep(replace(after, market=market))
    ledger.drop_order(order)
    ledger.count(order.account)
    return Applied(events=(*events, _executed(order, opened, tried)))


def _terms(ledger: Ledger, order: Order, keeper: str | None, *, at: Moment) -> FeeTerms:
    offered = ledger.pool.keeper_reward_e6 if keeper is not None else 0
    return FeeTerms(
        rate_e6=fee_rate_e6(ledger.markets[order.market_index].params, order.kind),
        keeper_reward_e6=keeper_reward_e6(offered, order.kind, waited_s=at.now - order.placed_at),
    )


def _unplaceable(
    ledger: Ledger, address: str, intent: OrderIntent, *, at: Moment
) -> Refusal | None:
    market = ledger.markets[intent.market_index]
    position = ledger.position(address, intent.market_index)
    if market.status is MarketStatus.PAUSED:
        return Refusal.PAUSED
    if market.status is MarketStatus.REDUCE_ONLY and not intent.reduce_only:
        return Refusal.PAUSED
    if intent.kind not in EXECUTABLE:
        return Refusal.INVALID_ORDER
    if intent.expires_at != 0 and intent.expires_at <= at.now:
        return Refusal.INVALID_EXPIRY
    if ledger.accounts[address].open_orders >= MAX_OPEN_ORDERS:
        return Refusal.TOO_MANY_ORDERS
    fault = misfit(intent, market.params, position_size_e9=position.size_e9)
    if fault is not None:
        return fault.refusal
    if intent.reduce_only:
        nothing = clipped_size_e9(position.size_e9, intent.size_e9) == 0
        return Refusal.REDUCE_ONLY_WOULD_GROW if nothing and _is_market(intent) else None
    if is_reducing(position.size_e9, intent.size_e9):
        return None
    return _unaffordable(ledger, address, intent, at=at)


def _unaffordable(
    ledger: Ledger, address: str, intent: OrderIntent, *, at: Moment
) -> Refusal | None:
    index = intent.market_index
    quote = ledger.quote(index)
    refusal = refusal_of(quote.reading, quote.market, action=Action.GROW, now=at.now)
    refusal = refusal or ledger.price_refusal(address, index, action=Action.GROW, now=at.now)
    if refusal is not None:
        return refusal
    opened = replace(ledger.books(address, index), market=quote.accrued(at.now), pool=AMPLE_POOL)
    settled = opened.settled()
    others = ledger.others(address, index, now=at.now)
    judged = Judged(reading=quote.reading, others=others)
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


def _unexecutable(ledger: Ledger, order: Order, trade_e9: int, *, at: Moment) -> Refusal | None:
    index = order.market_index
    quote = ledger.quote(index)
    action = _action(ledger.books(order.account, index), trade_e9)
    if action is Action.REDUCE:
        return refusal_of(quote.reading, quote.market, action=action, now=at.now)
    if quote.market.status is MarketStatus.REDUCE_ONLY:
        return Refusal.PAUSED
    refusal = refusal_of(quote.reading, quote.market, action=action, now=at.now)
    return refusal or ledger.price_refusal(order.account, index, action=action, now=at.now)


def _unfillable(tried: Trial) -> CancelReason | None:
    if tried.reduces:
        return None
    market_index = tried.before.market.params.index
    if not tried.before.account.has_room_for(market_index):
        return CancelReason.MARGIN
    if not tried.standing_after.can_grow:
        return CancelReason.MARGIN
    if tried.breaks_open_interest:
        return CancelReason.OPEN_INTEREST
    return CancelReason.POOL_RESERVE if tried.breaks_reserve else None


def _action(books: Books, trade_e9: int) -> Action:
    return Action.REDUCE if is_reducing(books.position.size_e9, trade_e9) else Action.GROW


def _is_market(intent: OrderIntent) -> bool:
    return intent.kind is Kind.MARKET


def _close(ledger: Ledger, order: Order, reason: CancelReason) -> Applied:
    ledger.drop_order(order)
    ledger.count(order.account)
    cancelled = OrderCancelled(
        user_account=order.account,
        market_index=order.market_index,
        client_order_id=order.client_order_id,
        reason=reason,
    )
    return Applied(events=(cancelled,))


def _placed(order: Order) -> OrderPlaced:
    return OrderPlaced(
        user_account=order.account,
        market_index=order.market_index,
        client_order_id=order.client_order_id,
        kind=order.kind,
        size_e9=order.size_e9,
        limit_price_e6=order.limit_price_e6,
        reduce_only=order.reduce_only,
        expires_at=order.expires_at,
    )


def _executed(order: Order, opened: Books, tried: Trial) -> OrderExecuted:
    before, after = tried.before, tried.after
    return OrderExecuted(
        user_account=order.account,
        market_index=order.market_index,
        client_order_id=order.client_order_id,
        kind=order.kind,
        size_e9=tried.trade_e9,
        cost_e6=tried.cost_e6,
        fee_e6=tried.split.fee_e6,
        keeper_reward_e6=tried.split.keeper_e6,
        insurance_fee_e6=tried.split.insurance_e6,
        oracle_price_e6=tried.judged.reading.price_e6,
        oracle_conf_e6=tried.judged.reading.conf_e6,
        publish_time=tried.judged.reading.publish_time,
        realized_pnl_e6=after.position.realized_pnl_e6 - before.position.realized_pnl_e6,
        funding_e6=before.position.funding_paid_e6 - opened.position.funding_paid_e6,
        size_after_e9=after.position.size_e9,
        entry_after_e6=after.position.entry_e6,
        balance_after_e6=after.account.usdc_e6,
        pool_cash_after_e6=after.pool.cash_e6,
        insurance_after_e6=after.insurance.balance_e6,
        long_after_e9=after.market.long_e9,
        short_after_e9=after.market.short_e9,
        claims_e6=after.account.claims_e6 - opened.account.claims_e6,
    )
