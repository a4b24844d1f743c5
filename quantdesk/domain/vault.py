"""Vault: the tokens that the program holds, how many it takes, and how fast they may leave.

Withdrawals fill a bucket that leaks within an hour; its capacity is a floor plus a share of the
vault, so a thief who holds every key still meets it.
"""

from dataclasses import dataclass, replace
from typing import Self

from quantdesk.domain.money import FRACTION_ONE, Round, clamp, mul_div

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
    """The USDC vault: every token it holds, their cap, and the outflow bucket."""

    deposit_cap: int
    outflow: Outflow
    total_deposits: int = 0
    sequence: int = 0

    def taking_in(self, amount: int) -> Self | None:
        """The vault with `amount` more tokens, or None beyond its cap."""
        held = self.total_deposits + amount
        return None if held > self.deposit_cap else replace(self, total_deposits=held)
