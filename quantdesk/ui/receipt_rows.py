"""Receipt rows: the twin's receipt as the lines a person reads, before → after."""

from dataclasses import replace

from quantdesk.domain.receipt import Receipt, entry_price_e6
from quantdesk.ui import format as show
from quantdesk.ui.rows import MarketRow, ReceiptRow

_NEAR_E6 = 100_000
"""A liquidation price within 10 % of the mark is said out loud."""


def receipt_rows(
    receipt: Receipt, market: MarketRow, *, kind: str, now: Receipt | None = None
) -> list[ReceiptRow]:
    """Ten lines; requirements round up, what is left rounds down.

    A limit order is judged at its own price; `now`, a receipt at the mark, tells what holds today.
    """
    now = now or receipt
    tick_e6 = market.tick_e6
    liquidation = receipt.liquidation_price_e6
    funding = receipt.funding_per_hour_e6
    fee = market.limit_fee if kind == "limit" else market.taker_fee
    return [
        ReceiptRow(
            label="Expected price",
            after=show.price(receipt.expected_price_e6, tick_e6),
            unit="or better" if kind == "limit" else "next price",
        ),
        ReceiptRow(
            label="Position",
            before=_held(receipt.position_e9.before, market),
            after=_held(receipt.position_e9.after, market),
            unit=market.base,
        ),
        ReceiptRow(
            label="Entry",
            before=_entry(receipt.entry_price_e6.before, tick_e6),
            after=_entry(receipt.entry_price_e6.after, tick_e6),
        ),
        ReceiptRow(
            label="Liquidation price",
            before=_liquidation(
                now.liquidation_price_e6.before, receipt.position_e9.before, tick_e6
            ),
            after=_liquidation(liquidation.after, receipt.position_e9.after, tick_e6),
            unit=_distance(receipt),
            tone="warn" if liquidation.after else "",
        ),
        ReceiptRow(
            label="Initial margin",
            before=show.usd(now.initial_e6.before, round_up=True),
            after=show.usd(receipt.initial_e6.after, round_up=True),
            unit="USDC",
        ),
        ReceiptRow(
            label="Free collateral",
            before=show.usd(now.free_collateral_e6.before),
            after=show.usd(receipt.free_collateral_e6.after),
            unit="USDC",
        ),
        ReceiptRow(
            label="Leverage, account",
            before=show.leverage(now.leverage_e6.before),
            after=show.leverage(receipt.leverage_e6.after),
        ),
        ReceiptRow(
            label=f"Fee, {fee}", after=show.usd(receipt.fee_e6, 4, round_up=True), unit="USDC"
        ),
        ReceiptRow(label="Slippage vs mark", after=show.percent(receipt.slippage_e6, 3)),
        ReceiptRow(
            label="Funding per hour",
            before=show.signed_usd(-now.funding_per_hour_e6.before, 4),
            after=show.signed_usd(-funding.after, 4),
            unit="USDC",
        ),
    ]


def now_rows(receipt: Receipt, market: MarketRow) -> list[ReceiptRow]:
    """The same ten lines before an order is written: how things stand, nothing of what follows."""
    return [
        replace(
            line, before="", after=line.before or show.MISSING, unit=_standing_unit(line), tone=""
        )
        for line in receipt_rows(receipt, market, kind="market")
    ]


def close_rows(receipt: Receipt, market: MarketRow) -> list[ReceiptRow]:
    """What closing does: the lines that matter when one leaves."""
    realized = show.signed_usd(receipt.realized_e6)
    return [
        ReceiptRow(
            label="Position",
            before=_held(receipt.position_e9.before, market),
            after=_held(receipt.position_e9.after, market),
            unit=market.base,
        ),
        ReceiptRow(
            label="Expected price",
            after=show.price(receipt.expected_price_e6, market.tick_e6),
            unit="next price",
        ),
        ReceiptRow(
            label="Realised PnL, about",
            after=realized,
            unit="USDC",
            tone=show.sign_tone(realized),
        ),
        ReceiptRow(
            label=f"Fee, {market.taker_fee}",
            after=show.usd(receipt.fee_e6, 4, round_up=True),
            unit="USDC",
        ),
        ReceiptRow(
            label="Free collateral",
            before=show.usd(receipt.free_collateral_e6.before),
            after=show.usd(receipt.free_collateral_e6.after),
            unit="USDC",
        ),
    ]


def warning(receipt: Receipt, market: MarketRow) -> str:
    """One sentence when the fill would put liquidation close to the mark; else nothing."""
    after = receipt.liquidation_price_e6.after
    if not after or receipt.mark_e6 <= 0:
        return ""
    away_e6 = abs(after - receipt.mark_e6) * 1_000_000 // receipt.mark_e6
    if away_e6 >= _NEAR_E6:
        return ""
    where = "under" if after < receipt.mark_e6 else "over"
    price = show.price(after, market.tick_e6)
    return f"Liquidation at {price} is only {show.percent(away_e6, 1)} {where} the mark."


def receipt_size(size_e9: int, cost_e6: int, market: MarketRow) -> str:
    """`200.00 @ 155.00` for a filled trade."""
    price_e6 = entry_price_e6(size_e9, cost_e6)
    return f"{show.size(size_e9, market.lot_e9)} @ {show.price(price_e6, market.tick_e6)}"


def _standing_unit(line: ReceiptRow) -> str:
    return line.unit if line.before and line.before != show.MISSING and "%" not in line.unit else ""


def _held(size_e9: int, market: MarketRow) -> str:
    if size_e9 == 0:
        return "0"
    return f"{show.size(size_e9, market.lot_e9)} {'L' if size_e9 > 0 else 'S'}"


def _entry(price_e6: int, tick_e6: int) -> str:
    return show.price(price_e6, tick_e6) if price_e6 else show.MISSING


def _liquidation(price_e6: int | None, size_e9: int, tick_e6: int) -> str:
    if size_e9 == 0:
        return show.MISSING
    return show.price(price_e6, tick_e6) if price_e6 else "None"


def _distance(receipt: Receipt) -> str:
    after = receipt.liquidation_price_e6.after
    if not after or receipt.mark_e6 <= 0:
        return ""
    return show.percent((after - receipt.mark_e6) * 1_000_000 // receipt.mark_e6, 1, signed=True)
