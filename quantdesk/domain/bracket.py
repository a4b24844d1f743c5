"""Bracket: a take profit and a stop of which one closes the other.

Under a parent order they sleep until it fills, and close what it opened. Without one they protect
the whole position that is open, whatever its size becomes.
"""

from dataclasses import dataclass, replace

from quantdesk.domain.account import MAX_OPEN_ORDERS
from quantdesk.domain.delegate import Permission
from quantdesk.domain.events import Event
from quantdesk.domain.ledger import Applied, Ledger, Moment, Outcome, Refused
from quantdesk.domain.links import has_lost, legs_of, sibling_of
from quantdesk.domain.market import MarketStatus
from quantdesk.domain.money import I64_MAX
from quantdesk.domain.oracle import Action, refusal_of
from quantdesk.domain.order import CancelReason, Kind, Order, Role
from quantdesk.domain.placement import closed, placed
from quantdesk.domain.position_events import BracketArmed, BracketPlaced
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import Pause

WHOLE_E9 = I64_MAX
"""Size of a leg that closes whatever the position has become."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One leg: its id, the price that wakes it, and the worst price that it accepts."""

    client_order_id: int
    trigger_price_e6: int
    limit_price_e6: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """A wish for both legs, under a parent order or (None) around the open position."""

    market_index: int
    take_profit: Leg
    stop: Leg
    expires_at: int = 0
    parent_id: int | None = None


def place_bracket(
    ledger: Ledger, address: str, bracket: Bracket, *, at: Moment, by: str | None = None
) -> Outcome:
    """Records both legs for `by` (None: the owner)."""
    placer = by or ledger.accounts[address].owner
    parent = None if bracket.parent_id is None else ledger.orders[(address, bracket.parent_id)]
    refusal = _closed_to(ledger, address, bracket, at=at, by=placer)
    refusal = refusal or _unprotectable(ledger, address, bracket, parent, by=placer)
    if refusal is not None:
        return Refused(refusal=refusal)
    size_e9 = _leg_size_e9(ledger, address, bracket, parent)
    refusal = _misshapen(ledger, address, bracket, size_e9, now=at.now)
    if refusal is not None:
        return Refused(refusal=refusal)
    position = ledger.position(address, bracket.market_index)
    mandate = ledger.mandate_of(address, placer)
    if mandate is not None and parent is None:
        # What the position becomes later may be more than the mandate allows.
        size_e9 = -position.size_e9
    common = Order(
        account=address,
        market_index=bracket.market_index,
        client_order_id=0,
        kind=Kind.TAKE_PROFIT,
        size_e9=size_e9,
        limit_price_e6=0,
        reduce_only=True,
        placed_at=ledger.markets[bracket.market_index].waits_from(at.now),
        placed_slot=at.slot,
        expires_at=bracket.expires_at,
        placed_by=placer,
        role=Role.AWAKE if parent is None else Role.ASLEEP,
        opening=position.openings if parent is None else 0,
        is_mandated=mandate is not None,
    )
    refusal = _beyond_mandate(ledger, common, now=at.now)
    if refusal is not None:
        return Refused(refusal=refusal)
    return _record(ledger, bracket, common, parent)


def ended(ledger: Ledger, order: Order, reason: CancelReason) -> Applied:
    """Closes an order that was reached and cannot fill; the legs of a parent go with it."""
    legs = legs_of(ledger, order)
    events: list[Event] = [*closed(ledger, order, reason).events]
    for leg in legs:
        events += closed(ledger, leg, CancelReason.ORPHAN).events
    return Applied(events=tuple(events))


def follow_ups(ledger: Ledger, order: Order, *, at: Moment) -> list[Event]:
    """What a fill of `order` does to those tied to it: a sibling closes, legs wake or close."""
    sibling = sibling_of(ledger, order)
    if sibling is not None:
        return [*closed(ledger, sibling, CancelReason.OCO).events]
    events: list[Event] = []
    woken = [leg for leg in legs_of(ledger, order) if _wakes(ledger, leg, events, at=at)]
    if woken:
        ledger.count(order.account)
        events.append(_armed(ledger, order))
    return events


def _wakes(ledger: Ledger, leg: Order, events: list[Event], *, at: Moment) -> bool:
    position = ledger.position(leg.account, leg.market_index)
    awake = replace(
        leg,
        role=Role.AWAKE,
        opening=position.openings,
        placed_at=ledger.markets[leg.market_index].waits_from(at.now),
        placed_slot=at.slot,
    )
    if has_lost(awake, position):
        events += closed(ledger, leg, CancelReason.ORPHAN).events
        return False
    ledger.orders[(leg.account, leg.client_order_id)] = awake
    return True


def _closed_to(
    ledger: Ledger, address: str, bracket: Bracket, *, at: Moment, by: str
) -> Refusal | None:
    market = ledger.markets[bracket.market_index]
    if ledger.security.is_paused(Pause.PLACE) or market.status is MarketStatus.PAUSED:
        return Refusal.PAUSED
    may = ledger.permits(address, by, Permission.PLACE, now=at.now)
    return None if may else Refusal.UNAUTHORIZED


def _unprotectable(
    ledger: Ledger, address: str, bracket: Bracket, parent: Order | None, *, by: str
) -> Refusal | None:
    if parent is None:
        is_flat = ledger.position(address, bracket.market_index).is_flat
        return Refusal.NO_POSITION if is_flat else None
    if parent.market_index != bracket.market_index:
        return Refusal.WRONG_ACCOUNT
    if by not in (ledger.accounts[address].owner, parent.placed_by):
        return Refusal.UNAUTHORIZED
    is_plain = parent.role is Role.PLAIN and not parent.reduce_only
    return None if is_plain else Refusal.INVALID_ORDER


def _leg_size_e9(ledger: Ledger, address: str, bracket: Bracket, parent: Order | None) -> int:
    if parent is not None:
        return -parent.size_e9
    held_e9 = ledger.position(address, bracket.market_index).size_e9
    return -WHOLE_E9 if held_e9 > 0 else WHOLE_E9


def _misshapen(
    ledger: Ledger, address: str, bracket: Bracket, size_e9: int, *, now: int
) -> Refusal | None:
    gain_e6, loss_e6 = bracket.take_profit.trigger_price_e6, bracket.stop.trigger_price_e6
    is_ordered = loss_e6 < gain_e6 if size_e9 < 0 else gain_e6 < loss_e6
    if not is_ordered or gain_e6 == 0 or loss_e6 == 0:
        return Refusal.INVALID_ORDER
    if bracket.expires_at != 0 and bracket.expires_at <= now:
        return Refusal.INVALID_EXPIRY
    if ledger.accounts[address].open_orders + 2 > MAX_OPEN_ORDERS:
        return Refusal.TOO_MANY_ORDERS
    tick_e6 = ledger.markets[bracket.market_index].params.tick_e6
    for leg in (bracket.take_profit, bracket.stop):
        is_off = leg.limit_price_e6 % tick_e6 or leg.trigger_price_e6 % tick_e6
        if leg.limit_price_e6 == 0 or is_off:
            return Refusal.OFF_TICK
    return None


def _beyond_mandate(ledger: Ledger, leg: Order, *, now: int) -> Refusal | None:
    mandate = ledger.mandate_of(leg.account, leg.placed_by)
    if mandate is None:
        return None
    index = leg.market_index
    quote = ledger.quote(index)
    refusal = refusal_of(quote.reading, quote.market, action=Action.REDUCE, now=now)
    if refusal is not None:
        return refusal
    return mandate.order_refusal(index, leg.size_e9, price_e6=quote.reading.price_e6, now=now)


def _record(ledger: Ledger, bracket: Bracket, common: Order, parent: Order | None) -> Outcome:
    gain, loss = bracket.take_profit, bracket.stop
    parent_id = 0 if parent is None else parent.client_order_id
    events: list[Event] = []
    for leg, kind, sibling in ((gain, Kind.TAKE_PROFIT, loss), (loss, Kind.STOP_MARKET, gain)):
        order = replace(
            common,
            client_order_id=leg.client_order_id,
            kind=kind,
            limit_price_e6=leg.limit_price_e6,
            trigger_price_e6=leg.trigger_price_e6,
            link_ids=(sibling.client_order_id, parent_id),
        )
        events += placed(ledger, order).events
    if parent is not None:
        ids = (gain.client_order_id, loss.client_order_id)
        tied = replace(parent, role=Role.PARENT, link_ids=ids)
        ledger.orders[(parent.account, parent.client_order_id)] = tied
    ledger.count(common.account)
    told = BracketPlaced(
        user_account=common.account,
        market_index=common.market_index,
        parent_id=parent_id,
        take_profit_id=gain.client_order_id,
        stop_id=loss.client_order_id,
        is_asleep=parent is not None,
    )
    return Applied(events=(*events, told))


def _armed(ledger: Ledger, parent: Order) -> BracketArmed:
    return BracketArmed(
        user_account=parent.account,
        market_index=parent.market_index,
        parent_id=parent.client_order_id,
        take_profit_id=parent.link_ids[0],
        stop_id=parent.link_ids[1],
        opening=ledger.position(parent.account, parent.market_index).openings,
    )
