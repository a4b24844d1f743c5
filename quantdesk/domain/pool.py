"""Pool: the counterparty of every position, its value without a loop, and the reserve it keeps.

The pool's value rounds down and its reserve up: both favour those who own the pool.
"""

from dataclasses import dataclass, replace
from typing import Self

from quantdesk.domain.funding import INDEX_TO_USD
from quantdesk.domain.market import MarketState
from quantdesk.domain.money import FRACTION_ONE, SIZE_ONE, Round, div, mul_div

SKEW_RESERVE_E6 = 500_000
MATCHED_RESERVE_E6 = 50_000
DAY_S = 86_400
RESERVE_LIMIT_E6 = 800_000
"""The reserve may take 80 % of the pool's equity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """The liquidity providers' cash, debts to traders, and last known sums over markets; USD e6."""

    cash_e6: int = 0
    claims_e6: int = 0
    claims_pot_e6: int = 0
    claims_index_e12: int = 0
    keeper_reward_e6: int = 0
    market_count: int = 0
    markets_value_e6: int = 0
    reserve_e6: int = 0
    total_user_usdc_e6: int = 0
    shares: int = 0
    lp_shares: int = 0
    sequence: int = 0
    daily_loss_share_e6: int = 100_000
    loss_day: int = 0
    loss_cap_today_e6: int = 0
    loss_today_e6: int = 0

    @property
    def equity_e6(self) -> int:
        """What belongs to the liquidity providers."""
        return self.cash_e6 + self.markets_value_e6 - self.claims_e6

    @property
    def covers_reserve(self) -> bool:
        """Whether the reserve stays within its share of the equity."""
        return self.reserve_e6 * FRACTION_ONE <= self.equity_e6 * RESERVE_LIMIT_E6

    def loss_left_e6(self, now: int) -> int:
        """How much bad debt the pool may still bear on the day of `now` (UTC)."""
        cap, lost = self._loss_of_day(now)
        return max(0, cap - lost)

    def marking_loss(self, after: Self, loss_e6: int, *, now: int) -> Self:
        """The pool `after` an instruction, with `loss_e6` counted against the day's cap.

        A new day's cap is a share of the cash before the instruction, rounded down.
        """
        if loss_e6 == 0:
            return after
        cap, lost = self._loss_of_day(now)
        return replace(
            after, loss_day=now // DAY_S, loss_cap_today_e6=cap, loss_today_e6=lost + loss_e6
        )

    def _loss_of_day(self, now: int) -> tuple[int, int]:
        if now // DAY_S == self.loss_day and self.loss_cap_today_e6 != 0:
            return self.loss_cap_today_e6, self.loss_today_e6
        cash = max(self.cash_e6, 0)
        return mul_div(cash, self.daily_loss_share_e6, FRACTION_ONE, Round.DOWN), 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareState:
    """One liquidity provider's shares, those that wait to leave, and when they may (unix s)."""

    shares: int = 0
    pending_shares: int = 0
    unlock_at: int = 0
    sequence: int = 0

    def holding(self, shares: int) -> Self:
        """The same with so many shares, and no notice to leave."""
        return replace(self, shares=shares, pending_shares=0, unlock_at=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class InsuranceState:
    """The fund that pays first when a liquidated account ends below zero; USD e6."""

    balance_e6: int = 0
    paid_e6: int = 0

    def paying(self, amount_e6: int) -> Self:
        """The fund after it paid `amount_e6` of somebody's debt."""
        return replace(
            self, balance_e6=self.balance_e6 - amount_e6, paid_e6=self.paid_e6 + amount_e6
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LossShares:
    """Who bears a debt, USD e6; what neither bears stays with the account."""

    insurance_e6: int
    pool_e6: int


def loss_shares(
    debt_e6: int, *, insurance: InsuranceState, pool: PoolState, allowed_e6: int
) -> LossShares:
    """The fund first, up to its balance; then the pool, within its cash and `allowed_e6`."""
    debt = max(debt_e6, 0)
    from_fund = min(debt, insurance.balance_e6)
    from_pool = min(debt - from_fund, allowed_e6, max(pool.cash_e6, 0))
    return LossShares(insurance_e6=from_fund, pool_e6=from_pool)


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


def revalued(market: MarketState, pool: PoolState, price_e6: int) -> tuple[MarketState, PoolState]:
    """The market's value and reserve at `price_e6`, carried into the pool's sums."""
    value = market_value_e6(market, price_e6)
    reserve = market_reserve_e6(market, price_e6)
    summed = replace(
        pool,
        markets_value_e6=pool.markets_value_e6 + value - market.pool_value_e6,
        reserve_e6=pool.reserve_e6 + reserve - market.reserve_e6,
    )
    return replace(market, pool_value_e6=value, reserve_e6=reserve), summed
