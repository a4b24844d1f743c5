"""Prepare an order: judge it as the program will, then hand out the transaction to sign."""

from __future__ import annotations

import dataclasses

from quantdesk.domain.order import OrderIntent
from quantdesk.services import words
from quantdesk.services.actions import PlaceOrder
from quantdesk.services.dependencies import Dependencies
from quantdesk.services.order_request import OrderRequest
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import User
from quantdesk.services.prepare import Asked, Prepared, limited, prepare
from quantdesk.services.preview_order import draft_order, judge

UNSAFE_BITS = 11
"""JavaScript counts exactly up to 2^53; ids of our own stay below that."""


async def prepare_order(
    deps: Dependencies, user: User, request: OrderRequest
) -> Prepared | Refused:
    """The order's receipt and its unsigned transaction, or why it would fail."""
    refused = await limited(deps, user)
    if refused is not None:
        return refused
    client_order_id = request.client_order_id
    if client_order_id is None:
        client_order_id = int.from_bytes(deps.randomness.secret(8), "big") >> UNSAFE_BITS
    draft = await draft_order(deps, user, request, client_order_id=client_order_id)
    if isinstance(draft, Refused):
        return draft
    if draft.gathered.snapshot is None:
        return no_account()
    verdict = judge(draft)
    if isinstance(verdict, Refused):
        return verdict
    asked = Asked(
        action=_place(draft.intent),
        summary=_summary(request, draft.intent),
        request=_logged(request),
        receipt=verdict,
    )
    return await prepare(deps, user, asked)


def no_account() -> Refused:
    """There is nothing to trade with yet."""
    return Refused(
        code=Reason.NO_ACCOUNT,
        message="this wallet has no trading account yet; deposit USDC to open one",
        field="account",
    )


def _place(intent: OrderIntent) -> PlaceOrder:
    return PlaceOrder(
        market_index=intent.market_index,
        client_order_id=intent.client_order_id,
        kind=int(intent.kind),
        size_e9=intent.size_e9,
        limit_price_e6=intent.limit_price_e6,
        reduce_only=intent.reduce_only,
        expires_at_s=intent.expires_at,
    )


def _summary(request: OrderRequest, intent: OrderIntent) -> str:
    verb = "Buy" if intent.is_long else "Sell"
    bound = "at most" if intent.is_long else "at least"
    reducing = ", only to reduce" if intent.reduce_only else ""
    amount = words.size(intent.size_e9, request.market)
    limit = words.price(intent.limit_price_e6)
    return f"{verb} {amount} ({request.kind}) for {bound} {limit} USD each{reducing}"


def _logged(request: OrderRequest) -> dict[str, object]:
    return dataclasses.asdict(request)
