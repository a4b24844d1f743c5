"""Cost: what a trade pays for its size, as one potential of the market's skew with one rounding.

The impact depends only on the skew before and after, so a path does not matter: splitting a trade,
a ping-pong between accounts and a round trip can lose the spread, never gain.
"""

from quantdesk.domain.market import MarketParams
from quantdesk.domain.money import FRACTION_ONE, SIZE_ONE, Round, div, fits_i64, mul_div
from quantdesk.domain.oracle import PriceReading


def trade_cost_e6(
    params: MarketParams, trade_e9: int, *, skew_e9: int, price_e6: int, conf_e6: int
) -> int:
    """USD e6 paid (negative: received) for signed `trade_e9` at skew before it, rounded up.

    `d·P·(1 + impact·(k + d/2)/skew_scale) + |d|·(P·spread + C·conf_weight)`; the inner ceiling of
    the impact does not move the outer one. Raises DoesNotFit.
    """
    impact = _impact_e21(params, trade_e9, skew_e9=skew_e9, price_e6=price_e6)
    edge = abs(trade_e9) * (price_e6 * params.spread_e6 + conf_e6 * params.conf_weight_e6)
    exact = trade_e9 * price_e6 * FRACTION_ONE + edge + impact
    return fits_i64(div(exact, FRACTION_ONE * SIZE_ONE, Round.UP))


def counted_conf_e6(
    params: MarketParams, reading: PriceReading, *, is_late: bool, grows: bool
) -> int:
    """The confidence that the cost of a trade counts, USD e6 per base: a late price's counts twice.

    A trade that does not grow its position counts at most the widest one with which the market
    opens at this price, `⌊P·conf_gate⌋`: the margin of an opening covers no more doubt than that.
    """
    counted = reading.conf_e6 * (2 if is_late else 1)
    if grows:
        return counted
    return min(counted, mul_div(reading.price_e6, params.conf_gate_e6, FRACTION_ONE, Round.DOWN))


def adverse_impact_e6(params: MarketParams, trade_e9: int, *, skew_e9: int, price_e6: int) -> int:
    """USD e6 of the impact alone, rounded up; a trade towards balance owes none.

    What a liquidation, which trades at the oracle price, would have paid the pool by itself.
    """
    impact = _impact_e21(params, trade_e9, skew_e9=skew_e9, price_e6=price_e6)
    return fits_i64(div(max(impact, 0), FRACTION_ONE * SIZE_ONE, Round.UP))


def _impact_e21(params: MarketParams, trade_e9: int, *, skew_e9: int, price_e6: int) -> int:
    """USD e6, times the e6 of a fraction and the e9 of a size."""
    weighted = trade_e9 * price_e6 * params.impact_e6 * (2 * skew_e9 + trade_e9)
    return div(weighted, 2 * params.skew_scale_e9, Round.UP)


def closing_cost_e6(trade_e9: int, price_e6: int) -> int:
    """Cost of a liquidation's trade: the oracle price, no spread and no impact, rounded up."""
    return div(trade_e9 * price_e6, SIZE_ONE, Round.UP)
