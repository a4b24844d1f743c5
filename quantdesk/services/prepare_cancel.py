"""Prepare a cancel: take back an order that still waits."""

from __future__ import annotations

from quantdesk.services.actions import CancelOrder
from quantdesk.services.dependencies import Dependencies
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import User
from quantdesk.services.prepare import Asked, Prepared, limited, prepare


async def prepare_cancel(
    deps: Dependencies, user: User, *, order_address: str
) -> Prepared | Refused:
    """The transaction that cancels one of this user's open orders."""
    refused = await limited(deps, user)
    if refused is not None:
        return refused
    snapshot = await deps.exchange.account(user.wallet_address)
    orders = () if snapshot is None else snapshot.orders
    if all(order.address != order_address for order in orders):
        return Refused(
            code=Reason.NOT_FOUND,
            message="this order is not open; it has filled or was cancelled already",
            field="order",
        )
    asked = Asked(
        action=CancelOrder(order_address=order_address),
        summary="Cancel an open order",
        request={"order_address": order_address},
    )
    return await prepare(deps, user, asked)
