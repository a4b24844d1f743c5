"""Pool: the counterparty of every position, its value without a loop, and the reserve it keeps.

The pool's value rounds down and its reserve up: both favour those who own the pool.
"""

from dataclasses import dataclass

from quantdesk.domain.funding import INDEX_TO_USD
from quantdesk.domain.market import MarketState
from quantdesk.domain.money import FRACTION_ONE, SIZE_ONE, Round, div, mul_div

SKEW_RESERVE_E6 = 500_000
MATCHED_RESERVE_E6 = 50_000
RESERVE_LIMIT_E6 = 800_000
"""The reserve may take 80 % of the pool's equity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """The liquidity providers' cash, debts to traders, and last known sums over markets; USD e6."""

    cash_e6: int = 0
    claims_e6: int = 0
    keeper_reward_e6: int = 0
    market_count: int = 0
    markets_value_e6: int = 0
    reserve_e6: int = 0
    total_user_usdc_e6: int = 0
    shares: int = 0
    sequence: int = 0

    @property
    def equity_e6(self) -> int:
        """What belongs to the liquidity providers."""
        return self.cash_e6 + self.markets_value_e6 - self.claims_e6

    @property
    def covers_reserve(self) -> bool:
        """Whether the reserve stays within its share of the equity."""
        return self.reserve_e6 * FRACTION_ONE <= self.equity_e6 * RESERVE_LIMIT_E6


@dataclass(frozen=True, slots=True, kw_only=True)
class InsuranceState:
    """The fund that pays first when a liquidated account ends below zero; USD e6."""

    balance_e6: int = 0
    paid_e6: int = 0


def market_value_e6(market: MarketState, price_e6: int) -> int:
    """The pool's unrealised profit in one market, funding included; rounded down."""
    skew = market.skew_e9
    funding = div(
        skew * market.funding_index - market.funding_snapshot_sum, INDEX_TO_USD, Round.DOWN
    )
    traders_profit = mul_div(skew, price_e6, SIZE_ONE, Round.UP) - market.entry_sum_e6
    return funding - traders_profit


def market_reserve_e6(market: MarketState, price_e6: int) -> int:
    """Equity the pool must keep for one market: half the skew, a twentieth of what is matched."""
    skew = abs(market.skew_e9) * SKEW_RESERVE_E6
    matched = min(market.long_e9, market.short_e9) * MATCHED_RESERVE_E6
    return div((skew + matched) * price_e6, SIZE_ONE * FRACTION_ONE, Round.UP)
