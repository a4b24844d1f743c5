"""Fees: what a fill pays beside its cost, and who receives it.

The fee rounds up; the insurance part rounds down, the keeper takes a fixed reward out of the rest,
and what remains belongs to the pool.
"""

from dataclasses import dataclass

from quantdesk.domain.market import MarketParams
from quantdesk.domain.money import FRACTION_ONE, Round, clamp, mul_div
from quantdesk.domain.order import Kind

INSURANCE_SHARE_E6 = 100_000

REWARD_FADES_S = 60
"""A market order's reward falls to nothing in this time, so keepers hurry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSplit:
    """A fee and its receivers, USD e6; the three parts sum to the fee."""

    fee_e6: int
    insurance_e6: int
    keeper_e6: int
    pool_e6: int

    def __post_init__(self) -> None:
        assert self.insurance_e6 + self.keeper_e6 + self.pool_e6 == self.fee_e6


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTerms:
    """What a fill will be charged: the rate as a fraction e6, the keeper's offered reward e6."""

    rate_e6: int
    keeper_reward_e6: int = 0


def fee_rate_e6(params: MarketParams, kind: Kind) -> int:
    """Share of the cost that an order of `kind` pays."""
    return params.limit_fee_e6 if kind is Kind.LIMIT else params.taker_fee_e6


def fee_split(cost_e6: int, rate_e6: int, *, keeper_reward_e6: int) -> FeeSplit:
    """Fee of a fill of signed `cost_e6`, shared out."""
    fee = mul_div(abs(cost_e6), rate_e6, FRACTION_ONE, Round.UP)
    insurance = mul_div(fee, INSURANCE_SHARE_E6, FRACTION_ONE, Round.DOWN)
    keeper = min(keeper_reward_e6, fee - insurance)
    return FeeSplit(
        fee_e6=fee, insurance_e6=insurance, keeper_e6=keeper, pool_e6=fee - insurance - keeper
    )


def keeper_reward_e6(full_e6: int, kind: Kind, *, waited_s: int) -> int:
    """The offer to a fill's keeper, rounded down; for market orders it fades with the wait."""
    if kind is not Kind.MARKET:
        return full_e6
    left_s = REWARD_FADES_S - clamp(waited_s, low=0, high=REWARD_FADES_S)
    return mul_div(full_e6, left_s, REWARD_FADES_S, Round.DOWN)
