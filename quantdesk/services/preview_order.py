"""Preview an order: its receipt before anything is asked of anyone; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass

from quantdesk.domain.market import MarketState
from quantdesk.domain.max_size import max_size_e9
from quantdesk.domain.order import OrderIntent
from quantdesk.domain.receipt import Receipt, Rejected
from quantdesk.domain.risk import preview_order as verdict_on
from quantdesk.services.dependencies import Dependencies
from quantdesk.services.gather_portfolio import Gathered, gather_portfolio
from quantdesk.services.limits import PREVIEW, over_limit
from quantdesk.services.order_request import OrderRequest, malformed, order_intent, reason_of
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import Mark, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Either a receipt or the reason why the order would fail, and how large it could be."""

    receipt: Receipt | None
    refusal: Refused | None
    max_size_e9: int
    mark: Mark | None
    limit_price_e6: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An order that can be judged: what was asked, where, and everything it depends on."""

    intent: OrderIntent
    market: MarketState
    gathered: Gathered


async def preview_order(
    deps: Dependencies, user: User | None, request: OrderRequest, *, client: str = "guests"
) -> Preview | Refused:
    """What the order would do at the present price; guests are judged with an empty account.

    Limits count a user by name and a guest by `client`, a network address or a tab.
    """
    refused = await over_limit(deps, PREVIEW, client if user is None else str(user.id))
    if refused is not None:
        return refused
    draft = await draft_order(deps, user, request, client_order_id=request.client_order_id or 0)
    if isinstance(draft, Refused):
        return draft
    verdict = judge(draft)
    return Preview(
        receipt=None if isinstance(verdict, Refused) else verdict,
        refusal=verdict if isinstance(verdict, Refused) else None,
        max_size_e9=_largest(draft, request),
        mark=draft.gathered.marks.get(request.market),
        limit_price_e6=draft.intent.limit_price_e6,
    )


async def draft_order(
    deps: Dependencies, user: User | None, request: OrderRequest, *, client_order_id: int
) -> Draft | Refused:
    """The program's order for a request, or why none can be formed."""
    refused = malformed(request)
    if refused is not None:
        return refused
    owner = None if user is None else user.wallet_address
    gathered = await gather_portfolio(deps, owner, also=[request.market])
    market = gathered.state.market(request.market)
    if market is None:
        return _unknown_market(request.market, gathered)
    price_e6 = gathered.portfolio.quotes[market.params.index].reading.price_e6
    if price_e6 <= 0:
        return Refused(
            code=Reason.PRICE_MISSING,
            message=f"no price of {request.market} was received yet; wait for the feed",
            field="market",
        )
    intent = order_intent(
        request,
        market_index=market.params.index,
        mark_e6=price_e6,
        tick_e6=market.params.tick_e6,
        client_order_id=client_order_id,
    )
    return Draft(intent=intent, market=market, gathered=gathered)


def judge(draft: Draft) -> Receipt | Refused:
    """The twin's verdict in the door's words."""
    verdict = verdict_on(draft.intent, draft.gathered.portfolio, now=draft.gathered.now_s)
    if isinstance(verdict, Rejected):
        return Refused(
            code=reason_of(verdict.refusal), message=verdict.message, field=verdict.field
        )
    return verdict


def _largest(draft: Draft, request: OrderRequest) -> int:
    return max_size_e9(
        draft.gathered.portfolio,
        draft.market.params.index,
        is_long=draft.intent.is_long,
        now=draft.gathered.now_s,
        leverage=request.leverage,
    )


def _unknown_market(symbol: str, gathered: Gathered) -> Refused:
    known = ", ".join(market.params.symbol for market in gathered.state.markets)
    return Refused(
        code=Reason.UNKNOWN_MARKET,
        message=f"there is no market {symbol[:20]!r}; choose one of {known}",
        field="market",
    )
