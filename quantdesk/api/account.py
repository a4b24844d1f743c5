"""Reading one's own account; nobody else's is reachable from here."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from quantdesk.api.wire import Deps, SignedInUser, encoded
from quantdesk.services.read_account import read_account
from quantdesk.services.read_portfolio import read_portfolio

Limit = Annotated[int, Query(ge=1, le=500)]

router = APIRouter(prefix="/api", tags=["account"])


@router.get("/account")
async def account(user: SignedInUser, deps: Deps) -> object:
    """Balances, equity, requirements, positions, open orders and recent fills."""
    return encoded(await read_account(deps, user))


@router.get("/portfolio")
async def portfolio(user: SignedInUser, deps: Deps) -> object:
    """Where the equity comes from, to the last unit."""
    view = await read_portfolio(deps, user)
    found = encoded(view)
    assert isinstance(found, dict)
    return {**found, "profit_e6": view.profit_e6}


@router.get("/positions")
async def positions(user: SignedInUser, deps: Deps) -> object:
    """Open positions as last recorded."""
    return encoded(await deps.mirror.positions(user.id))


@router.get("/orders")
async def orders(
    user: SignedInUser,
    deps: Deps,
    status: Literal["open", "filled", "cancelled"] | None = None,
    limit: Limit = 100,
) -> object:
    """Orders, newest first."""
    return encoded(await deps.mirror.orders(user.id, status=status, limit=limit))


@router.get("/trades")
async def trades(user: SignedInUser, deps: Deps, limit: Limit = 100) -> object:
    """Fills and liquidations, newest first."""
    return encoded(await deps.mirror.trades(user.id, limit=limit))


@router.get("/transfers")
async def transfers(user: SignedInUser, deps: Deps, limit: Limit = 100) -> object:
    """Deposits and withdrawals, newest first."""
    return encoded(await deps.mirror.transfers(user.id, limit=limit))
