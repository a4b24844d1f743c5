"""Prepare a close: a reduce-only market order against the position that is there."""

from __future__ import annotations

from quantdesk.services.dependencies import Dependencies
from quantdesk.services.order_request import OrderRequest
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import User
from quantdesk.services.prepare import Prepared
from quantdesk.services.prepare_order import no_account, prepare_order


async def prepare_close(
    deps: Dependencies, user: User, *, market: str, size_e9: int | None = None
) -> Prepared | Refused:
    """The transaction that closes `size_e9` (positive) of a position; all of it by default."""
    state = await deps.exchange.state()
    listed = state.market(market)
    snapshot = await deps.exchange.account(user.wallet_address)
    if snapshot is None:
        return no_account()
    position = None if listed is None else snapshot.position(listed.params.index)
    if position is None:
        return Refused(
            code=Reason.NO_POSITION,
            message=f"there is no open position in {market[:20]}; nothing needs closing",
            field="market",
        )
    request = OrderRequest(
        market=market,
        side="short" if position.size_e9 > 0 else "long",
        kind="market",
        size_e9=abs(position.size_e9) if size_e9 is None else size_e9,
        reduce_only=True,
    )
    return await prepare_order(deps, user, request)
