"""Order rows: orders that wait on chain, and those that were sent and are not seen there yet."""

from collections.abc import Mapping
from itertools import chain

from quantdesk.services.ports import Row
from quantdesk.services.read_account import OrderView
from quantdesk.ui import format as show
from quantdesk.ui.desk import Snapshot
from quantdesk.ui.rows import MarketRow, OrderRow

_ON_ITS_WAY = {
    "signed": "Sending",
    "sent": "Sent",
    "processed": "Confirming",
    "confirmed": "Confirming",
    "unknown": "Checking",
}


def order_rows(found: Snapshot, markets: Mapping[str, MarketRow]) -> list[OrderRow]:
    """First what is on its way, newest first; then what waits on chain."""
    sent = [
        _sent(intent, markets) for intent in found.view.pending if _is_on_its_way(intent, found)
    ]
    resting = [_resting(order, _market(order.market, markets)) for order in found.view.orders]
    return sent + resting


def _is_on_its_way(intent: Row, found: Snapshot) -> bool:
    if intent["kind"] != "place_order" or intent["state"] not in _ON_ITS_WAY:
        return False
    on_chain = (str(order.client_order_id) for order in found.view.orders)
    recorded = (str(row["client_order_id"]) for row in found.orders)
    return str(intent["client_order_id"]) not in chain(on_chain, recorded)


def _sent(intent: Row, markets: Mapping[str, MarketRow]) -> OrderRow:
    request = intent["request"]
    assert isinstance(request, dict), f"expected the request of an order, found {request!r}"
    market = _market(str(request["market"]), markets)
    return _row(
        OrderView(
            address=str(intent["id"]),
            market=str(request["market"]),
            market_index=market.index,
            kind=str(request["kind"]),
            side=str(request["side"]),
            size_e9=int(request["size_e9"]),
            limit_price_e6=int(request.get("limit_price_e6") or 0),
            reduce_only=bool(request.get("reduce_only")),
            placed_at_ms=int(str(intent["created_at_ms"])),
            expires_at_ms=None,
            client_order_id=int(str(intent["client_order_id"])),
        ),
        market,
        state=_ON_ITS_WAY[str(intent["state"])],
    )


def _resting(order: OrderView, market: MarketRow) -> OrderRow:
    # A market order fills or ends by itself at the next price; there is nothing to cancel in time.
    return _row(order, market, state="Filling" if order.kind == "market" else "Open")


def _row(order: OrderView, market: MarketRow, *, state: str) -> OrderRow:
    is_market = order.kind == "market"
    return OrderRow(
        address=order.address,
        symbol=order.market,
        base=market.base,
        side=order.side,
        kind=order.kind.replace("_", " ").capitalize(),
        size=show.size(order.size_e9, market.lot_e9),
        price="next price" if is_market else show.price(order.limit_price_e6, market.tick_e6),
        reduce_only="Yes" if order.reduce_only else "No",
        placed=show.stamp(order.placed_at_ms),
        state=state,
    )


def _market(symbol: str, markets: Mapping[str, MarketRow]) -> MarketRow:
    return markets.get(symbol, MarketRow())
