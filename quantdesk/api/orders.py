"""Asking the exchange: previews, prepared transactions, and what became of them."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request

from quantdesk.api.schemas import (
    AmountBody,
    CloseBody,
    EmptyBody,
    OrderBody,
    SubmitBody,
)
from quantdesk.api.wire import (
    Deps,
    MaybeSession,
    SignedInUser,
    client_of,
    decoded,
    encoded,
    granted,
)
from quantdesk.services.order_request import OrderRequest
from quantdesk.services.prepare_cancel import prepare_cancel
from quantdesk.services.prepare_close import prepare_close
from quantdesk.services.prepare_deposit import prepare_deposit
from quantdesk.services.prepare_order import prepare_order
from quantdesk.services.prepare_withdrawal import prepare_withdrawal
from quantdesk.services.preview_order import preview_order
from quantdesk.services.read_intent import read_intent
from quantdesk.services.request_faucet import request_faucet
from quantdesk.services.submit_transaction import submit_transaction

router = APIRouter(prefix="/api", tags=["orders"])


@router.post("/faucet")
async def faucet(_: EmptyBody, user: SignedInUser, deps: Deps) -> object:
    """Test SOL and test USDC, on development chains only."""
    return encoded(granted(await request_faucet(deps, user)))


@router.post("/deposits/prepare")
async def deposit(body: AmountBody, user: SignedInUser, deps: Deps) -> object:
    """A transaction that deposits USDC; the first one opens the account."""
    return encoded(granted(await prepare_deposit(deps, user, amount_e6=body.amount_e6)))


@router.post("/withdrawals/prepare")
async def withdrawal(body: AmountBody, user: SignedInUser, deps: Deps) -> object:
    """A transaction that withdraws USDC to the wallet."""
    return encoded(granted(await prepare_withdrawal(deps, user, amount_e6=body.amount_e6)))


@router.post("/orders/preview")
async def preview(body: OrderBody, request: Request, session: MaybeSession, deps: Deps) -> object:
    """The order's receipt, or why it would fail; nothing is written."""
    user = None if session is None else session.user
    answer = await preview_order(deps, user, _order(body), client=client_of(request, deps.place))
    return encoded(granted(answer))


@router.post("/orders/prepare")
async def order(body: OrderBody, user: SignedInUser, deps: Deps) -> object:
    """A transaction that places the order."""
    return encoded(granted(await prepare_order(deps, user, _order(body))))


@router.post("/orders/{address}/cancel/prepare")
async def cancel(address: str, _: EmptyBody, user: SignedInUser, deps: Deps) -> object:
    """A transaction that cancels an open order."""
    return encoded(granted(await prepare_cancel(deps, user, order_address=address)))


@router.post("/positions/{symbol}/close/prepare")
async def close(symbol: str, body: CloseBody, user: SignedInUser, deps: Deps) -> object:
    """A transaction that closes a position, whole or in part."""
    return encoded(granted(await prepare_close(deps, user, market=symbol, size_e9=body.size_e9)))


@router.post("/transactions/submit")
async def submit(body: SubmitBody, user: SignedInUser, deps: Deps) -> object:
    """Send a signed transaction; sending it twice is harmless."""
    transaction = decoded(body.transaction_b64, "transaction_b64")
    return encoded(
        granted(
            await submit_transaction(deps, user, intent_id=body.intent_id, transaction=transaction)
        )
    )


@router.get("/transactions/{intent_id}")
async def transaction(intent_id: UUID, user: SignedInUser, deps: Deps) -> object:
    """What became of something that was asked."""
    return encoded(granted(await read_intent(deps, user, intent_id)))


def _order(body: OrderBody) -> OrderRequest:
    return OrderRequest(**body.model_dump())
