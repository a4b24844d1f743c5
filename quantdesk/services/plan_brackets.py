"""Plan brackets: legs that wait for a parent or a position that is gone.

Nobody but a keeper has a reason to close them, and an old stop must never meet a new position.
"""

from __future__ import annotations

from collections.abc import Iterator

from quantdesk.domain.links import has_lost
from quantdesk.domain.order import Order, Role
from quantdesk.domain.position import Position
from quantdesk.services.keeping_tasks import CancelOrphan, ExchangeBook


def orphan_cancellations(book: ExchangeBook, *, now: int) -> Iterator[CancelOrphan]:
    """Legs that have lost what they were to protect, or the order that was to wake them."""
    parents = {
        (order.account, order.client_order_id): order
        for order in book.orders.values()
        if order.role is Role.PARENT
    }
    for address, order in book.orders.items():
        match order.role:
            case Role.ASLEEP:
                parent = parents.get((order.account, order.link_ids[1]))
                is_orphan = parent is None or order.client_order_id not in parent.link_ids
            case Role.AWAKE:
                is_orphan = has_lost(order, _position(order, book))
            case Role.PLAIN | Role.PARENT:
                is_orphan = False
        if is_orphan and not order.is_expired(now):
            yield CancelOrphan(order=address)


def _position(order: Order, book: ExchangeBook) -> Position:
    flat = Position(account=order.account, market_index=order.market_index)
    return book.positions.get((order.account, order.market_index), flat)
