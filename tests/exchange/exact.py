"""Exact formulas: the exchange's arithmetic in fractions, with no rounding anywhere.

Written from docs/protocol.md and not from the program. US dollars and prices e6, sizes e9, the
funding index USD e12 per base, as there; every result is a `Fraction` of the same unit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from quantdesk.domain.market import MarketParams, Tier
from quantdesk.domain.money import FRACTION_ONE, SIZE_ONE

INDEX_UNITS = 10**15
"""Size e9 times index e12, counted in USD e6."""

HOUR_S = 3_600
FADES_S = 60
GATED_LEVERAGE = 50
RESTORED = Fraction(105, 100)
DUST_E6 = 100 * 10**6
NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A position and what it is judged at; the entry and the owed funding may be fractions.

    `has_lapsed`: its price is refused and older than a minute, so a liquidation elsewhere counts it
    a quarter of its notional better and asks nothing for it.
    """

    params: MarketParams
    size_e9: int
    entry_e6: Fraction
    leverage: int
    price_e6: int
    conf_e6: int
    owed_e6: Fraction
    has_lapsed: bool = False

    @property
    def notional_e6(self) -> Fraction:
        """Value at the price, positive."""
        return value_e6(abs(self.size_e9), self.price_e6)

    @property
    def pnl_e6(self) -> Fraction:
        """Unrealised profit at the price."""
        flattery = self.notional_e6 / 4 if self.has_lapsed else NOTHING
        return value_e6(self.size_e9, self.price_e6) + flattery - self.entry_e6

    @property
    def adverse_pnl_e6(self) -> Fraction:
        """Unrealised loss at the bad edge; a profit counts as nothing."""
        edge = -self.conf_e6 if self.size_e9 > 0 else self.conf_e6
        return min(NOTHING, value_e6(self.size_e9, self.price_e6 + edge) - self.entry_e6)

    @property
    def maintenance_e6(self) -> Fraction:
        """Equity below which the position may be liquidated."""
        return NOTHING if self.has_lapsed else self.notional_e6 * share(self._tier.mmr_e6)

    @property
    def initial_share(self) -> Fraction:
        """Share of the notional that opening asks for."""
        tiers, tier = self.params.tiers, self._tier
        is_narrow = 5 * self.conf_e6 < share(tier.mmr_e6) * self.price_e6
        if tier.max_leverage > GATED_LEVERAGE and not is_narrow:
            tier = tiers[min(tiers.index(tier) + 1, len(tiers) - 1)]
        return max(share(tier.imr_e6), Fraction(1, max(1, self.leverage)))

    @property
    def initial_e6(self) -> Fraction:
        """Equity needed to open or extend the position."""
        return NOTHING if self.has_lapsed else self.notional_e6 * self.initial_share

    @property
    def penalty_share(self) -> Fraction:
        """Share of a closed notional that a liquidation costs."""
        return min(share(self.params.liquidation_fee_e6), share(self._tier.mmr_e6) / 2)

    def impact_e6(self, trade_e9: int, *, skew_e9: int) -> Fraction:
        """What a close away from balance moves the potential by; towards it nothing."""
        mean_skew = Fraction(2 * skew_e9 + trade_e9, 2 * self.params.skew_scale_e9)
        impact = share(self.params.impact_e6) * mean_skew
        return max(NOTHING, value_e6(trade_e9, self.price_e6) * impact)

    @property
    def _tier(self) -> Tier:
        notional, tiers = self.notional_e6, self.params.tiers
        return next((each for each in tiers if notional <= each.notional_cap_e6), tiers[-1])


def share(parts_e6: int) -> Fraction:
    """A fraction e6 as it is."""
    return Fraction(parts_e6, FRACTION_ONE)


def value_e6(size_e9: int, price_e6: int) -> Fraction:
    """Signed value of a size."""
    return Fraction(size_e9 * price_e6, SIZE_ONE)


def cost_e6(
    params: MarketParams, trade_e9: int, *, skew_e9: int, price_e6: int, conf_e6: int
) -> Fraction:
    """What a trade pays: the oracle's value, the potential's difference, the spread."""
    mean_skew = Fraction(2 * skew_e9 + trade_e9, 2 * params.skew_scale_e9)
    impact = share(params.impact_e6) * mean_skew
    return value_e6(trade_e9, price_e6) * (1 + impact) + edge_e6(
        params, trade_e9, price_e6=price_e6, conf_e6=conf_e6
    )


def edge_e6(params: MarketParams, trade_e9: int, *, price_e6: int, conf_e6: int) -> Fraction:
    """What of a cost is spread and confidence: lost to whoever trades."""
    parts = price_e6 * params.spread_e6 + conf_e6 * params.conf_weight_e6
    return Fraction(abs(trade_e9) * parts, SIZE_ONE * FRACTION_ONE)


def counted_conf_e6(
    params: MarketParams, *, price_e6: int, conf_e6: int, is_late: bool, grows: bool
) -> int:
    """The confidence in a cost: of a reduction at most the widest whole one that opens."""
    counted = 2 * conf_e6 if is_late else conf_e6
    widest = price_e6 * params.conf_gate_e6 // FRACTION_ONE
    return counted if grows else min(counted, widest)


def index_step_e12(
    params: MarketParams, skew_e9: int, *, price_e6: int, elapsed_s: int
) -> Fraction:
    """Growth of the funding index."""
    held = max(-params.skew_scale_e9, min(params.skew_scale_e9, skew_e9))
    paid = held * params.funding_max_e6 * price_e6 * max(0, min(elapsed_s, HOUR_S))
    return Fraction(paid, params.skew_scale_e9 * HOUR_S)


def owed_e6(size_e9: int, since_e12: Fraction | int) -> Fraction:
    """What a position owes after the index moved by so much; negative: receives."""
    return size_e9 * Fraction(since_e12) / INDEX_UNITS


def reward_e6(full_e6: int, *, fades: bool, waited_s: int) -> Fraction:
    """The offer to a keeper; a market order's fades within a minute."""
    left_s = FADES_S - max(0, min(waited_s, FADES_S)) if fades else FADES_S
    return Fraction(full_e6 * left_s, FADES_S)


def proceeds_e6(amount: int, decimals: int, *, low_e6: int, is_forced: bool) -> Fraction:
    """What native units of a token are sold for: 0.5 % below the low edge, 2 % when forced."""
    left = Fraction(98, 100) if is_forced else Fraction(995, 1_000)
    return Fraction(amount * low_e6, 10**decimals) * left


def closed_e9(
    held: Held, others: Iterable[Held], *, equity_e6: Fraction, impact_e6: Fraction
) -> Fraction:
    """Close, size e9, that restores 105 % of the initial requirement; at most all.

    Every part of it is taken to owe the pool as much as closing the whole would, `impact_e6`.
    """
    whole = Fraction(abs(held.size_e9))
    if held.notional_e6 < DUST_E6:
        return whole
    target = held.initial_share * RESTORED
    margin = target - held.penalty_share - impact_e6 / held.notional_e6
    if margin <= 0:
        return whole
    elsewhere = sum((each.initial_e6 * RESTORED for each in others), NOTHING)
    closed = (held.notional_e6 * target + elsewhere - equity_e6) / margin
    return min(whole, max(closed, NOTHING) * SIZE_ONE / held.price_e6)


def penalty_e6(
    held: Held, *, cost_e6: Fraction, equity_e6: Fraction, left: tuple[Fraction, Fraction]
) -> Fraction:
    """A liquidation's penalty, given the maintenance requirement (before, after)."""
    before, after = left
    asked = abs(cost_e6) * held.penalty_share
    return max(NOTHING, min(asked, max(equity_e6, NOTHING) * (before - after) / before))
