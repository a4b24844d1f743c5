"""Links: orders that belong together – a parent with its legs, a leg with its sibling.

Two orders are tied only when both name each other, so an order that was placed later under the id
of one that is gone is never taken for it.
"""

from quantdesk.domain.ledger import Ledger
from quantdesk.domain.order import Order, Role
from quantdesk.domain.position import Position
from quantdesk.domain.trial import clipped_size_e9


def legs_of(ledger: Ledger, parent: Order) -> list[Order]:
    """The living legs of an order, take profit first; none unless it is a parent."""
    if parent.role is not Role.PARENT:
        return []
    found = (_living(ledger, parent, number) for number in parent.link_ids)
    return [each for each in found if each is not None]


def sibling_of(ledger: Ledger, leg: Order) -> Order | None:
    """The other living leg of an awake leg."""
    return _living(ledger, leg, leg.link_ids[0]) if leg.role is Role.AWAKE else None


def has_lost(leg: Order, position: Position) -> bool:
    """Whether the position that an awake leg was to protect is gone."""
    is_another = position.openings != leg.opening
    return is_another or clipped_size_e9(position.size_e9, leg.size_e9) == 0


def is_orphan(ledger: Ledger, order: Order) -> bool:
    """Whether a leg has nothing left to protect or to wait for."""
    if order.role is Role.AWAKE:
        return has_lost(order, ledger.position(order.account, order.market_index))
    return order.role is Role.ASLEEP and _living(ledger, order, order.link_ids[1]) is None


def _living(ledger: Ledger, order: Order, other_id: int) -> Order | None:
    other = ledger.orders.get((order.account, other_id))
    return other if other is not None and _are_tied(order, other) else None


def _are_tied(order: Order, other: Order) -> bool:
    match order.role, other.role:
        case Role.PARENT, Role.ASLEEP:
            return _is_leg_of(other, order)
        case Role.ASLEEP, Role.PARENT:
            return _is_leg_of(order, other)
        case Role.AWAKE, Role.AWAKE:
            names = order.link_ids[0], other.link_ids[0]
            return names == (other.client_order_id, order.client_order_id)
        case _:
            return False


def _is_leg_of(leg: Order, parent: Order) -> bool:
    return leg.link_ids[1] == parent.client_order_id and leg.client_order_id in parent.link_ids
