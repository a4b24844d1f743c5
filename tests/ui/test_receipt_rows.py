"""The ticket's receipt: before an order how things stand, then now → after."""

from dataclasses import replace

from quantdesk.domain.receipt import Change, Receipt
from quantdesk.ui import receipt_rows
from quantdesk.ui.rows import MarketRow

MARKET = MarketRow(taker_fee="0.05 %", limit_fee="0.02 %")
RECEIPT = Receipt(
    market_index=0,
    size_e9=10**9,
    cost_e6=171_000_000,
    fee_e6=85_500,
    expected_price_e6=171_000_000,
    mark_e6=170_000_000,
    slippage_e6=5_882,
    realized_e6=0,
    data_age_s=0,
    position_e9=Change(before=20 * 10**9, after=21 * 10**9),
    entry_price_e6=Change(before=171_340_000, after=171_320_000),
    liquidation_price_e6=Change(before=122_030_000, after=124_000_000),
    initial_e6=Change(before=171_320_000, after=180_000_000),
    free_collateral_e6=Change(before=825_000_000, after=816_000_000),
    leverage_e6=Change(before=3_440_000, after=3_610_000),
    funding_per_hour_e6=Change(before=600, after=630),
)


def test_without_an_order_the_receipt_tells_how_things_stand() -> None:
    lines = {line.label: line for line in receipt_rows.now_rows(RECEIPT, MARKET)}

    assert all(line.before == "" for line in lines.values())
    assert lines["Position"].after == "20.00 L"
    assert lines["Liquidation price"].after == "122.03"
    assert lines["Expected price"].after == lines["Slippage vs mark"].after == "-"


def test_an_order_adds_no_line_so_nothing_jumps() -> None:
    before = [line.label for line in receipt_rows.now_rows(RECEIPT, MARKET)]

    assert before == [
        line.label for line in receipt_rows.receipt_rows(RECEIPT, MARKET, kind="market")
    ]


def test_a_limit_order_tells_now_at_the_mark_although_it_is_judged_at_its_own_price() -> None:
    at_limit = replace(RECEIPT, initial_e6=Change(before=150_000_000, after=172_500_000))

    lines = receipt_rows.receipt_rows(at_limit, MARKET, kind="limit", now=RECEIPT)

    margin = next(line for line in lines if line.label == "Initial margin")
    assert (margin.before, margin.after) == ("171.32", "172.50")
