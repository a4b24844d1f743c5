"""Execution: filling orders at a price published after them.

A fill is tried on paper, and only what passes every check is written; an order that is closed
unfilled changes nothing but itself.
"""

from dataclasses import replace

from quantdesk.domain.books import Books
from quantdesk.domain.bracket import ended, follow_ups
from quantdesk.domain.delegate import Permission
from quantdesk.domain.events import Event, OrderExecuted, WatermarkMoved
from quantdesk.domain.fees import FeeTerms, fee_rate_e6, keeper_reward_e6
from quantdesk.domain.ledger import Applied, Ledger, Moment, Outcome, Refused
from quantdesk.domain.links import has_lost
from quantdesk.domain.market import MarketStatus
from quantdesk.domain.oracle import Action, is_late, refusal_of
from quantdesk.domain.order import CancelReason, Order, Role, exceeds_bound
from quantdesk.domain.portfolio import Quote
from quantdesk.domain.position import is_reducing
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import Pause
from quantdesk.domain.trial import (
    Judged,
    Trial,
    clipped_size_e9,
    growth_of,
    trial,
    with_health,
)
from quantdesk.domain.trigger import followed, is_awake
from quantdesk.domain.upkeep import accrual_events, brought_to_now


def execute_order(
    ledger: Ledger, address: str, client_order_id: int, *, keeper: str | None, at: Moment
) -> Outcome:
    """Fills an order at a newer price, or closes one that is reached but cannot fill."""
    order = ledger.orders[(address, client_order_id)]
    refusal = _unready(ledger, order, at=at)
    if refusal is not None:
        return Refused(refusal=refusal)
    held = ledger.position(address, order.market_index)
    if order.role is Role.AWAKE and has_lost(order, held):
        return ended(ledger, order, CancelReason.ORPHAN)
    clipped_e9 = clipped_size_e9(held.size_e9, order.size_e9)
    trade_e9 = clipped_e9 if order.reduce_only else order.size_e9
    if trade_e9 == 0:
        return ended(ledger, order, CancelReason.REDUCE_ONLY)
    action = Action.REDUCE if is_reducing(held.size_e9, trade_e9) else Action.GROW
    if action is Action.GROW and ledger.security.is_paused(Pause.GROW):
        return Refused(refusal=Refusal.PAUSED)
    quote = ledger.quote(order.market_index)
    refusal = _unpriced(quote, action, at=at)
    if refusal is not None:
        return Refused(refusal=refusal)
    if not is_awake(order, quote.reading.price_e6):
        return _follow(ledger, order, quote.reading.price_e6)
    if action is Action.REDUCE:
        return _fill(ledger, order, trade_e9, keeper=keeper, at=at)
    if _is_beyond_mandate(ledger, order, price_e6=quote.reading.price_e6, at=at):
        return ended(ledger, order, CancelReason.MANDATE)
    account = ledger.accounts[address]
    refusal = ledger.price_refusal(account, order.market_index, action=action, now=at.now)
    if refusal is not None:
        return Refused(refusal=refusal)
    return _fill(ledger, order, trade_e9, keeper=keeper, at=at)


def _unready(ledger: Ledger, order: Order, *, at: Moment) -> Refusal | None:
    quote = ledger.quote(order.market_index)
    is_paused = ledger.security.is_paused(Pause.EXECUTE)
    if is_paused or quote.market.status is MarketStatus.PAUSED:
        return Refusal.PAUSED
    if order.is_expired(at.now):
        return Refusal.ORDER_EXPIRED
    if order.role is Role.ASLEEP:
        return Refusal.LEG_ASLEEP
    is_newer = quote.reading.publish_time > order.placed_at and at.slot > order.placed_slot
    return None if is_newer else Refusal.PRICE_NOT_NEWER


def _is_beyond_mandate(ledger: Ledger, order: Order, *, price_e6: int, at: Moment) -> bool:
    placer = order.placed_by
    if not ledger.permits(order.account, placer, Permission.PLACE, now=at.now):
        return True
    mandate = ledger.mandate_of(order.account, placer)
    if mandate is None:
        return order.is_mandated
    index, size_e9 = order.market_index, order.size_e9
    return mandate.order_refusal(index, size_e9, price_e6=price_e6, now=at.now) is not None


def _unpriced(quote: Quote, action: Action, *, at: Moment) -> Refusal | None:
    if action is Action.GROW and quote.market.status is MarketStatus.REDUCE_ONLY:
        return Refusal.PAUSED
    return refusal_of(quote.reading, quote.market, action=action, now=at.now)


def _follow(ledger: Ledger, order: Order, price_e6: int) -> Outcome:
    moved = followed(order, price_e6)
    if moved is None:
        return Refused(refusal=Refusal.TRIGGER_NOT_REACHED)
    ledger.orders[(order.account, order.client_order_id)] = moved
    ledger.count(order.account)
    told = WatermarkMoved(
        user_account=order.account,
        client_order_id=order.client_order_id,
        watermark_e6=moved.watermark_e6,
    )
    return Applied(events=(told,))


def _fill(
    ledger: Ledger, order: Order, trade_e9: int, *, keeper: str | None, at: Moment
) -> Outcome:
    index = order.market_index
    opened = ledger.books(order.account, index)
    reduces = is_reducing(opened.position.size_e9, trade_e9)
    action = Action.REDUCE if reduces else Action.GROW
    reading = ledger.readings[index]
    market = brought_to_now(opened.market, reading, action=action, now=at.now)
    settled = replace(opened, market=market).settled()
    judged = Judged(reading=reading, others=(), is_late=is_late(reading, placed_at=order.placed_at))
    if action is Action.GROW:
        others = ledger.others(order.account, index, now=at.now)
        collateral = ledger.collateral(opened.account, now=at.now)
        judged = replace(judged, others=others, collateral=collateral)
    tried = trial(
        settled,
        trade_e9,
        judged=judged,
        fee=_terms(ledger, order, keeper, at=at),
    )
    if exceeds_bound(tried.cost_e6, trade_e9, order.limit_price_e6):
        if order.waits_for_its_bound:
            return Refused(refusal=Refusal.LIMIT_NOT_REACHED)
        return ended(ledger, order, CancelReason.SLIPPAGE)
    reason = _unfillable(tried) or _outgrown(ledger, order, tried, at=at)
    if reason is not None:
        return ended(ledger, order, reason)
    events = _keep(ledger, order, opened, tried, at=at)
    if keeper is not None:
        ledger.credit(keeper, tried.split.keeper_e6)
    return Applied(events=(*events, *follow_ups(ledger, order, at=at)))


def _outgrown(ledger: Ledger, order: Order, tried: Trial, *, at: Moment) -> CancelReason | None:
    mandate = ledger.mandate_of(order.account, order.placed_by)
    if tried.reduces or mandate is None:
        return None
    growth = growth_of(tried, ledger.accounts[order.account])
    if mandate.growth_refusal(growth, now=at.now) is not None:
        return CancelReason.MANDATE
    begun = mandate.begun(growth.result_before_e6, now=at.now)
    ledger.mandates[(order.account, order.placed_by)] = begun
    return None


def _keep(ledger: Ledger, order: Order, opened: Books, tried: Trial, *, at: Moment) -> list[Event]:
    alone = opened.account.holds_only(order.market_index)
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
    return [*events, _executed(order, opened, tried)]


def _terms(ledger: Ledger, order: Order, keeper: str | None, *, at: Moment) -> FeeTerms:
    offered = ledger.pool.keeper_reward_e6 if keeper is not None else 0
    return FeeTerms(
        rate_e6=fee_rate_e6(ledger.markets[order.market_index].params, order.kind),
        keeper_reward_e6=keeper_reward_e6(offered, order.kind, waited_s=at.now - order.placed_at),
    )


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
        claims_e6=after.claims_made_e6,
    )
