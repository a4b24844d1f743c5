"""Vault: the tokens that the program holds, what they count for, and how fast they may leave.

Withdrawals fill a bucket that leaks within an hour; its capacity is a floor plus a share of the
vault, so a thief who holds every key still meets it. What comes in takes as much out of the bucket,
never below empty: no credit is stored. A weight that is raised grows within a week; a
weight that is lowered falls at once.
"""

from dataclasses import dataclass, replace
from typing import Self

from quantdesk.domain.account import USDC
from quantdesk.domain.collateral import Collateral, collateral_e6
from quantdesk.domain.money import FRACTION_ONE, Round, clamp, fits_u64, mul_div
from quantdesk.domain.oracle import FUTURE_TOLERANCE_S, REFUSALS, Action, Grade, PriceReading
from quantdesk.domain.refusal import Refusal

LEAK_S = 3_600
RAMP_S = 604_800
"""How long a raised weight takes to reach its new figure."""

LAST_PRICE_S = 604_800
"""For so long a collateral's last price counts, doubled, when its owner may be liquidated."""

PEG_FLOOR_E6 = 980_000
"""Below this price of the settlement currency it is not taken in."""

WEIGHT_MAX_E6 = 980_000
"""Most that a token besides USDC counts for: a forced sale never lowers its owner's equity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outflow:
    """The bucket: always-allowed floor and level in token units, share e6, unix seconds."""

    floor: int
    share_e6: int
    level: int = 0
    updated_at: int = 0

    def capacity(self, tokens: int) -> int:
        """Most that may leave within an hour from a vault of `tokens`, rounded down."""
        return self.floor + mul_div(tokens, self.share_e6, FRACTION_ONE, Round.DOWN)

    def taking(self, amount: int, *, tokens: int, now: int) -> Self | None:
        """The bucket after `amount` left a vault of `tokens`, or None when it would overflow."""
        level = self._leaked(tokens, now) + amount
        if level > self.capacity(tokens):
            return None
        return replace(self, level=level, updated_at=now)

    def giving(self, amount: int, *, tokens: int, now: int) -> Self:
        """The bucket after `amount` came into a vault of `tokens`; never below empty."""
        level = max(0, self._leaked(tokens, now) - amount)
        return replace(self, level=level, updated_at=now)

    def _leaked(self, tokens: int, now: int) -> int:
        elapsed_s = clamp(now - self.updated_at, low=0, high=LEAK_S)
        leaked = mul_div(self.capacity(tokens), elapsed_s, LEAK_S, Round.DOWN)
        return max(0, self.level - leaked)


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultLimits:
    """What may be tightened at once: the weight to open, the cap and the bucket of a vault."""

    weight_init_e6: int
    deposit_cap: int
    outflow_floor: int
    outflow_share_e6: int

    def is_tighter_than(self, other: Self) -> bool:
        """Whether nothing is looser and something is stricter."""
        nothing_looser = (
            self.weight_init_e6 <= other.weight_init_e6
            and self.deposit_cap <= other.deposit_cap
            and self.outflow_floor <= other.outflow_floor
            and self.outflow_share_e6 <= other.outflow_share_e6
        )
        return nothing_looser and self != other


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultState:
    """One token's vault: what it holds and takes, its weights, its price's limits, its bucket.

    `is_watched` tells whether it has an oracle; USDC may have none. Raised weights grow from the
    ramp's figures since `ramp_started_at` (unix seconds; 0: no ramp).
    """

    deposit_cap: int
    outflow: Outflow
    index: int = USDC
    decimals: int = 6
    weight_init_e6: int = FRACTION_ONE
    weight_maint_e6: int = FRACTION_ONE
    conf_gate_e6: int = 0
    age_max_s: int = 0
    total_deposits: int = 0
    sequence: int = 0
    is_watched: bool = False
    ramp_init_from_e6: int = 0
    ramp_maint_from_e6: int = 0
    ramp_started_at: int = 0

    def __post_init__(self) -> None:
        assert self.weight_init_e6 <= self.weight_maint_e6 <= FRACTION_ONE, "keeping asks less"

    @property
    def limits(self) -> VaultLimits:
        """What could be tightened, as it is."""
        return VaultLimits(
            weight_init_e6=self.weight_init_e6,
            deposit_cap=self.deposit_cap,
            outflow_floor=self.outflow.floor,
            outflow_share_e6=self.outflow.share_e6,
        )

    def tightened(self, limits: VaultLimits) -> Self | None:
        """The vault under stricter limits, or None when something would loosen or nothing change.

        The weight to keep is not among them: lowering it would sell healthy accounts' collateral.
        """
        keeps_dollar = self.index != USDC or limits.weight_init_e6 == FRACTION_ONE
        if not keeps_dollar or not limits.is_tighter_than(self.limits):
            return None
        outflow = replace(
            self.outflow, floor=limits.outflow_floor, share_e6=limits.outflow_share_e6
        )
        return replace(
            self,
            weight_init_e6=limits.weight_init_e6,
            deposit_cap=limits.deposit_cap,
            outflow=outflow,
            sequence=self.sequence + 1,
        )

    def changed(self, rules: Self, *, now: int) -> Self:
        """The vault under other rules; what it holds and what left in the last hour stay counted.

        Other weights start a ramp from what counts now; else a ramp goes on.
        """
        outflow = replace(self.outflow, floor=rules.outflow.floor, share_e6=rules.outflow.share_e6)
        after = replace(
            rules,
            outflow=outflow,
            decimals=self.decimals,
            total_deposits=self.total_deposits,
            sequence=self.sequence,
            ramp_init_from_e6=self.ramp_init_from_e6,
            ramp_maint_from_e6=self.ramp_maint_from_e6,
            ramp_started_at=self.ramp_started_at,
        )
        targets = (self.weight_init_e6, self.weight_maint_e6)
        if targets == (rules.weight_init_e6, rules.weight_maint_e6):
            return after
        init_e6, maint_e6 = self.weights_e6(now)
        return replace(
            after,
            ramp_init_from_e6=min(init_e6, rules.weight_init_e6),
            ramp_maint_from_e6=min(maint_e6, rules.weight_maint_e6),
            ramp_started_at=now,
        )

    def taking_in(self, amount: int, *, now: int) -> Self | None:
        """The vault with `amount` more tokens, of which as many may leave, or None beyond its cap.

        Raises DoesNotFit when 64 bits cannot count them.
        """
        held = fits_u64(self.total_deposits + amount)
        if held > self.deposit_cap:
            return None
        outflow = self.outflow.giving(amount, tokens=self.total_deposits, now=now)
        return replace(self, outflow=outflow, total_deposits=held)

    def letting_out(self, amount: int, *, now: int) -> Self | Refusal:
        """The vault with `amount` fewer tokens, or why they stay: too fast, or not there."""
        outflow = self.outflow.taking(amount, tokens=self.total_deposits, now=now)
        if outflow is None:
            return Refusal.OUTFLOW_CAP
        if amount > self.total_deposits:
            return Refusal.VAULT_SHORT
        return replace(self, outflow=outflow, total_deposits=self.total_deposits - amount)

    def refusal_of(self, reading: PriceReading, *, now: int) -> Refusal | None:
        """Why the token cannot be valued at `reading`; only a valid price values collateral."""
        grade = self._grade(reading, now=now)
        return None if grade is Grade.VALID else REFUSALS[grade]

    def usable(self, reading: PriceReading, *, action: Action, now: int) -> PriceReading | Refusal:
        """The reading at which the token counts for `action`, or why there is none.

        A liquidation takes a wide price as it is and a stale one doubled: whoever posts no newer
        price can only make the account look better, and a dead feed protects nobody for ever.
        """
        grade = self._grade(reading, now=now)
        if grade is Grade.VALID or (grade is Grade.WIDE and action is Action.LIQUIDATE):
            return reading
        is_recent = now - reading.publish_time <= LAST_PRICE_S
        if grade is Grade.STALE and action is Action.LIQUIDATE and is_recent:
            return replace(reading, price_e6=2 * reading.price_e6, conf_e6=0)
        return REFUSALS[grade]

    def _grade(self, reading: PriceReading, *, now: int) -> Grade:
        return lonely_grade(
            reading, age_max_s=self.age_max_s, conf_gate_e6=self.conf_gate_e6, now=now
        )

    def weights_e6(self, now: int) -> tuple[int, int]:
        """What the token counts for at unix second `now`: to open and to keep."""
        if self.ramp_started_at == 0:
            return self.weight_init_e6, self.weight_maint_e6
        elapsed_s = clamp(now - self.ramp_started_at, low=0, high=RAMP_S)
        return (
            _ramped(self.ramp_init_from_e6, self.weight_init_e6, elapsed_s),
            _ramped(self.ramp_maint_from_e6, self.weight_maint_e6, elapsed_s),
        )

    def worth(self, balance: int, reading: PriceReading, *, now: int) -> Collateral:
        """What `balance` native units count for at `reading` and unix second `now`."""
        init_e6, maint_e6 = self.weights_e6(now)
        return Collateral(
            initial_e6=collateral_e6(balance, self.decimals, reading=reading, weight_e6=init_e6),
            maintenance_e6=collateral_e6(
                balance, self.decimals, reading=reading, weight_e6=maint_e6
            ),
        )


def _ramped(from_e6: int, to_e6: int, elapsed_s: int) -> int:
    if to_e6 <= from_e6:
        return to_e6
    return from_e6 + mul_div(to_e6 - from_e6, elapsed_s, RAMP_S, Round.DOWN)


def lonely_grade(reading: PriceReading, *, age_max_s: int, conf_gate_e6: int, now: int) -> Grade:
    """The worst fault of a collateral's `reading`, which is judged without a remembered price."""
    if reading.publish_time > now + FUTURE_TOLERANCE_S:
        return Grade.FUTURE
    if reading.price_e6 <= 0:
        return Grade.NEGATIVE
    if now - reading.publish_time > age_max_s:
        return Grade.STALE
    if reading.conf_e6 * FRACTION_ONE > conf_gate_e6 * reading.price_e6:
        return Grade.WIDE
    return Grade.VALID
