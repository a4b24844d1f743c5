"""Own fills on the chart: where, which side, and the receipt in words."""

from quantdesk.services.ports import Row
from quantdesk.ui import chart_marks
from quantdesk.ui.rows import MarketRow

MARKETS = {"SOL-PERP": MarketRow()}


def fill(size_e9: int, cost_e6: int, *, market: str = "SOL-PERP", liquidation: bool = False) -> Row:
    return {
        "market": market,
        "size_e9": size_e9,
        "cost_e6": cost_e6,
        "executed_at_ms": 1_795_264_971_200,
        "is_liquidation": liquidation,
    }


def test_a_buy_is_marked_at_its_own_price_and_second() -> None:
    (mark,) = chart_marks.of_fills([fill(20 * 10**9, 3_426_000_000)], "SOL-PERP", MARKETS)

    assert (mark["side"], mark["price_e6"], mark["at_s"]) == ("long", 171_300_000, 1_795_264_971)
    assert str(mark["note"]).startswith("Bought 20.00 SOL at 171.30, ")


def test_a_liquidation_says_so() -> None:
    taken = fill(-(20 * 10**9), -3_426_000_000, liquidation=True)

    (mark,) = chart_marks.of_fills([taken], "SOL-PERP", MARKETS)

    assert (mark["side"], str(mark["note"])[:21]) == ("short", "Liquidated, sold 20.0")


def test_fills_of_another_market_are_not_on_this_chart() -> None:
    assert chart_marks.of_fills([fill(1, 1, market="BTC-PERP")], "SOL-PERP", MARKETS) == []
