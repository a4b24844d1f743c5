"""Vault: the tokens that the program holds, what they count for, and how fast they may leave.

Withdrawals fill a bucket that leaks within an hour; its capacity is a floor plus a share of the
vault, so a thief who holds every key still meets it.
"""

from dataclasses import dataclass, replace
from typing import Self

from quantdesk.domain.account import USDC
from quantdesk.domain.collateral import Collateral, collateral_e6
from quantdesk.domain.money import FRACTION_ONE, Round, clamp, mul_div
from quantdesk.domain.oracle import FUTURE_TOLERANCE_S, REFUSALS, Grade, PriceReading
from quantdesk.domain.refusal import Refusal

LEAK_S = 3_600


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
        capacity = self.capacity(tokens)
        leaked = mul_div(
            capacity, clamp(now - self.updated_at, low=0, high=LEAK_S), LEAK_S, Round.DOWN
        )
        level = max(0, self.level - leaked) + amount
        if level > capacity:
            return None
        return replace(self, level=level, updated_at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultState:
    """One token's vault: what it holds and takes, its weights, its price's limits, its bucket."""

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

    def __post_init__(self) -> None:
        assert self.weight_init_e6 <= self.weight_maint_e6 <= FRACTION_ONE, "keeping asks less"

    def taking_in(self, amount: int) -> Self | None:
        """The vault with `amount` more tokens, or None beyond its cap."""
        held = self.total_deposits + amount
        return None if held > self.deposit_cap else replace(self, total_deposits=held)

    def letting_out(self, amount: int, *, now: int) -> Self | None:
        """The vault with `amount` fewer tokens, or None when they leave too fast."""
        outflow = self.outflow.taking(amount, tokens=self.total_deposits, now=now)
        if outflow is None:
            return None
        return replace(self, outflow=outflow, total_deposits=self.total_deposits - amount)

    def refusal_of(self, reading: PriceReading, *, now: int) -> Refusal | None:
        """Why the token cannot be valued at `reading`; only a valid price values collateral."""
        grade = lonely_grade(
            reading, age_max_s=self.age_max_s, conf_gate_e6=self.conf_gate_e6, now=now
        )
        return None if grade is Grade.VALID else REFUSALS[grade]

    def worth(self, balance: int, reading: PriceReading) -> Collateral:
        """What `balance` native units count for at `reading`."""
        return Collateral(
            initial_e6=collateral_e6(
                balance, self.decimals, reading=reading, weight_e6=self.weight_init_e6
            ),
            maintenance_e6=collateral_e6(
                balance, self.decimals, reading=reading, weight_e6=self.weight_maint_e6
            ),
        )


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
