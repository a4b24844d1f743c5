"""Portfolio rows: the PnL identity to six decimals, and the movements behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from quantdesk.services.ports import Row
from quantdesk.services.read_portfolio import PortfolioView
from quantdesk.ui import format as show
from quantdesk.ui.account_rows import integer
from quantdesk.ui.market_rows import base_of
from quantdesk.ui.receipt_rows import receipt_size
from quantdesk.ui.rows import IdentityRow, MarketRow, MovementRow

MOVEMENTS_MAX = 100
_TRANSFERS = ("Deposit", "Withdrawal")
"""Money that moves is neither gain nor loss."""


def identity_rows(view: PortfolioView, *, open_count: int) -> list[IdentityRow]:
    """Where the equity came from; the lines add up to the last one."""
    positions = f"{open_count} open position{'' if open_count == 1 else 's'}"
    funding_e6 = -(view.funding_paid_e6 + view.funding_owed_e6)
    lines = [
        _line("", "Realised", "closed trades", view.realized_pnl_e6),
        _line("+", "Unrealised", positions, view.unrealized_pnl_e6),
        _line("+", "Funding", "received less paid and owed", funding_e6),
        _line(
            "−",
            "Fees",
            f"{view.trade_count} fill{'' if view.trade_count == 1 else 's'}",
            view.fees_e6,
            plain=True,
        ),
    ]
    if view.penalties_e6:
        note = "liquidations, with their impact"
        lines.append(_line("−", "Penalties", note, view.penalties_e6, plain=True))
    if view.insurance_cover_e6:
        lines.append(_line("+", "Cover", "paid by the insurance fund", view.insurance_cover_e6))
    if view.rewards_e6:
        lines.append(_line("+", "Rewards", "earned by liquidating", view.rewards_e6))
    if view.conversions_e6:
        lines.append(_line("+", "Conversions", "collateral sold or bought", view.conversions_e6))
    if view.claims_e6:
        lines.append(_line("−", "Claims", "owed to you by the pool", view.claims_e6, plain=True))
    return [
        *lines,
        replace(_line("=", "Total PnL", "", view.profit_e6), weight="total"),
        _line("+", "Net deposits", _flow_note(view), view.net_deposits_e6, plain=True),
        _line("=", "Equity", "", view.equity_e6, plain=True),
    ]


def proof(view: PortfolioView) -> tuple[str, str, str]:
    """Tone, sentence and figure of the check of chain and ledger against each other."""
    figure = f"difference {show.usd(view.difference_e6, 6)}"
    if view.difference_e6 == 0:
        return "ok", "Chain, ledger and screen agree", figure
    return "warn", "The ledger is catching up with the chain", figure


def movement_rows(
    transfers: Sequence[Row], fills: Sequence[Row], markets: Mapping[str, MarketRow]
) -> list[MovementRow]:
    """Deposits, withdrawals, trades and liquidations, newest first."""
    dated = [(integer(row["at_ms"]), _transfer(row)) for row in transfers]
    dated += [(integer(row["executed_at_ms"]), _trade(row, markets)) for row in fills]
    dated.sort(key=lambda pair: pair[0], reverse=True)
    return [row for _, row in dated[:MOVEMENTS_MAX]]


def _line(sign: str, label: str, note: str, units_e6: int, *, plain: bool = False) -> IdentityRow:
    figure = show.usd(units_e6, 6) if plain else show.signed_usd(units_e6, 6)
    tone = "" if plain else show.sign_tone(figure)
    return IdentityRow(sign=sign, label=label, note=note, figure=figure, tone=tone)


def _flow_note(view: PortfolioView) -> str:
    return f"{show.usd(view.deposits_e6)} in, {show.usd(view.withdrawals_e6)} out"


def _transfer(row: Row) -> MovementRow:
    is_deposit = row["kind"] == "deposit"
    amount_e6 = integer(row["amount_native"])
    return _movement(
        row,
        at_ms=integer(row["at_ms"]),
        kind="Deposit" if is_deposit else "Withdrawal",
        what="from your wallet" if is_deposit else "to your wallet",
        change_e6=amount_e6 if is_deposit else -amount_e6,
    )


def _trade(row: Row, markets: Mapping[str, MarketRow]) -> MovementRow:
    symbol = str(row["market"])
    size_e9, cost_e6 = integer(row["size_e9"]), integer(row["cost_e6"])
    verb = "bought" if size_e9 > 0 else "sold"
    market = markets.get(symbol, MarketRow())
    what = f"{base_of(symbol)} · {verb} {receipt_size(size_e9, cost_e6, market)}"
    change_e6 = (
        integer(row["realized_pnl_e6"]) - integer(row["fee_e6"]) - integer(row["funding_e6"])
    )
    kind = str(row["kind"]).capitalize() if row["is_liquidation"] else "Trade"
    return _movement(
        row, at_ms=integer(row["executed_at_ms"]), kind=kind, what=what, change_e6=change_e6
    )


def _movement(row: Row, *, at_ms: int, kind: str, what: str, change_e6: int) -> MovementRow:
    signature = str(row["signature"])
    change = show.signed_usd(change_e6, 6)
    return MovementRow(
        key=f"{signature}:{row['log_index']}",
        time=show.stamp(at_ms),
        kind=kind,
        what=what,
        change=change,
        tone="" if kind in _TRANSFERS else show.sign_tone(change),
        signature=signature,
        signature_short=show.short(signature),
    )
