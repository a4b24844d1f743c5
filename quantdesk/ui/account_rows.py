"""Account rows: an account as text for tables, lines for the chart, integers for live cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quantdesk.domain.receipt import entry_price_e6
from quantdesk.services.ports import Row
from quantdesk.services.read_account import AccountView, PositionView
from quantdesk.ui import format as show
from quantdesk.ui.rows import FillRow, MarketRow, PositionRow

Line = dict[str, int | str]
_WARNING_PERCENT = 60
_DANGER_PERCENT = 85


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginBar:
    """How much of the equity the initial requirement uses; `percent` is 0 to 100."""

    initial: str
    equity: str
    share: str
    percent: int
    tone: str


def margin_bar(view: AccountView) -> MarginBar:
    """The bar under the equity; everything counts as used when equity is gone."""
    equity_e6 = view.initial_e6 + view.free_collateral_e6
    if equity_e6 > 0:
        share_e6 = -(-view.initial_e6 * 1_000_000 // equity_e6)
    else:
        share_e6 = 1_000_000 if view.initial_e6 else 0
    percent = min(100, share_e6 // 10_000)
    tone = (
        "error" if percent >= _DANGER_PERCENT else "warn" if percent >= _WARNING_PERCENT else "ok"
    )
    return MarginBar(
        initial=show.usd(view.initial_e6, round_up=True),
        equity=show.usd(equity_e6),
        share=show.percent(share_e6, 1),
        percent=percent,
        tone=tone,
    )


def exposures(view: AccountView) -> list[Line]:
    """What the browser needs to follow equity and PnL with every tick."""
    return [
        {
            "market": position.market,
            "size_e9": position.size_e9,
            "entry_e6": position.entry_e6,
            "funding_e6": position.funding_owed_e6,
        }
        for position in view.positions
    ]


def position_rows(view: AccountView, markets: Mapping[str, MarketRow]) -> list[PositionRow]:
    """A row for each open position."""
    return [_position(item, markets.get(item.market, MarketRow())) for item in view.positions]


def fill_rows(fills: Sequence[Row], markets: Mapping[str, MarketRow]) -> list[FillRow]:
    """A row for each recorded trade or liquidation, newest first."""
    return [_fill(item, markets.get(str(item["market"]), MarketRow())) for item in fills]


def chart_lines(view: AccountView, symbol: str, markets: Mapping[str, MarketRow]) -> list[Line]:
    """Own position, liquidation price and resting orders of the market on the chart."""
    market = markets.get(symbol, MarketRow())
    lines: list[Line] = []
    for position in view.positions:
        if position.market == symbol:
            lines.extend(_position_lines(position, market))
    for order in view.orders:
        if order.market == symbol and order.kind == "limit":
            side = "buy" if order.side == "long" else "sell"
            lines.append(
                {
                    "kind": "limit",
                    "side": order.side,
                    "price_e6": order.limit_price_e6,
                    "label": f"Limit {side}",
                    "note": f"{show.size(order.size_e9, market.lot_e9)} {market.base}",
                }
            )
    return lines


def integer(found: object) -> int:
    """A whole number of a recorded row."""
    assert isinstance(found, int), f"expected an integer, found {found!r}"
    return found


def _position_lines(position: PositionView, market: MarketRow) -> list[Line]:
    letter = "L" if position.side == "long" else "S"
    size = show.size(position.size_e9, market.lot_e9)
    lines: list[Line] = [
        {
            "kind": "position",
            "side": position.side,
            "price_e6": position.entry_price_e6,
            "label": f"{letter} {size}",
            "note": "",
            "size_e9": position.size_e9,
            "entry_e6": position.entry_e6,
        }
    ]
    if position.liquidation_price_e6:
        lines.append(
            {
                "kind": "liquidation",
                "side": position.side,
                "price_e6": position.liquidation_price_e6,
                "label": "Liquidation",
                "note": "",
            }
        )
    return lines


def _position(position: PositionView, market: MarketRow) -> PositionRow:
    funding = show.signed_usd(-position.funding_owed_e6, 4)
    return PositionRow(
        symbol=position.market,
        base=market.base,
        side=position.side,
        size=show.size(position.size_e9, market.lot_e9),
        size_e9=position.size_e9,
        entry=show.price(position.entry_price_e6, market.tick_e6),
        entry_e6=position.entry_e6,
        liquidation=show.price(position.liquidation_price_e6, market.tick_e6),
        liquidation_e6=position.liquidation_price_e6 or 0,
        margin=show.usd(position.margin_e6, round_up=True),
        margin_e6=position.margin_e6,
        leverage=show.leverage(position.leverage_e6).replace(".00", ""),
        funding=funding,
        funding_tone=show.sign_tone(funding),
    )


def _fill(fill: Row, market: MarketRow) -> FillRow:
    size_e9, cost_e6 = integer(fill["size_e9"]), integer(fill["cost_e6"])
    realized = show.signed_usd(integer(fill["realized_pnl_e6"]))
    signature = str(fill["signature"])
    return FillRow(
        key=f"{signature}:{fill['log_index']}",
        time=show.stamp(integer(fill["executed_at_ms"])),
        symbol=str(fill["market"]),
        side="long" if size_e9 > 0 else "short",
        kind=str(fill["kind"]).capitalize(),
        size=show.size(size_e9, market.lot_e9),
        price=show.price(entry_price_e6(size_e9, cost_e6), market.tick_e6),
        notional=show.usd(abs(cost_e6)),
        fee=show.usd(integer(fill["fee_e6"]), 4, round_up=True),
        realized=realized,
        realized_tone=show.sign_tone(realized),
        signature=signature,
        signature_short=show.short(signature),
    )
