"""Security: who may tighten, what is paused, and the changes that wait for their timelock.

Stricter is possible at once; everything that loosens is proposed, waits, and can be cancelled by
the guardian meanwhile. A proposal lapses: in a week, and at once when something is tightened after
it. A new guardian alone is withheld from the present one: it waits twice, and no pause stops it.
"""

from dataclasses import dataclass, replace
from enum import IntFlag
from typing import Self

from quantdesk.domain.market import MarketParams, MarketStatus
from quantdesk.domain.pool import PoolState
from quantdesk.domain.vault import VaultState


class Pause(IntFlag):
    """Actions that a set bit refuses."""

    DEPOSIT = 1
    WITHDRAW = 2
    PLACE = 4
    GROW = 8
    EXECUTE = 16
    LIQUIDATE = 32
    FUNDING = 64
    POOL = 128


EVERY_PAUSE = sum(Pause)


TIMELOCKS_S = range(3_600, 2_592_001)
"""Seconds that a loosening may have to wait: an hour at least, 30 days at most."""

USABLE_S = 604_800
"""For so long a ripe proposal may be executed."""

GUARDIAN_WAITS = 2
"""A new guardian waits so many timelocks, since the present one has no veto."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityState:
    """The roles, the pause bits, the wait of every loosening (s), the last tightening (unix s)."""

    admin: str = ""
    guardian: str = ""
    keeper: str = ""
    pause_bits: int = 0
    timelock_s: int = 0
    sequence: int = 0
    tightened_at: int = 0

    def is_paused(self, action: Pause) -> bool:
        """Whether `action` is refused."""
        return self.pause_bits & action != 0

    def may_tighten(self, key: str) -> bool:
        """Whether `key` may make things stricter at once."""
        return key in (self.guardian, self.admin)

    def counted(self) -> Self:
        """With one event more."""
        return replace(self, sequence=self.sequence + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpause:
    """Clears pause bits."""

    pause_bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketChange:
    """Replaces a market's status and terms; its positions and prices stay."""

    status: MarketStatus
    params: MarketParams


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultChange:
    """Replaces a vault's rules; what it holds and what left in the last hour stay counted."""

    rules: VaultState


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityChange:
    """Replaces the roles, the timelock and what the pool pays keepers and bears a day."""

    admin: str
    guardian: str
    keeper: str
    timelock_s: int
    keeper_reward_e6: int
    daily_loss_share_e6: int


Change = Unpause | MarketChange | VaultChange | SecurityChange


def replaces_guardian_only(change: Change, security: SecurityState, pool: PoolState) -> bool:
    """Whether nothing but the guardian would differ from what holds now."""
    if not isinstance(change, SecurityChange) or change.guardian == security.guardian:
        return False
    present = SecurityChange(
        admin=security.admin,
        guardian=change.guardian,
        keeper=security.keeper,
        timelock_s=security.timelock_s,
        keeper_reward_e6=pool.keeper_reward_e6,
        daily_loss_share_e6=pool.daily_loss_share_e6,
    )
    return change == present


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change that may be made true from unix second `executable_at` on, for a week.

    `guardian_only`: it was announced as a new guardian and nothing else.
    """

    change: Change
    proposed_at: int
    executable_at: int
    guardian_only: bool = False

    def withstands_guardian(self, security: SecurityState, pool: PoolState) -> bool:
        """Whether a stolen guardian key may not stop it: it was and is about the guardian only."""
        return self.guardian_only and replaces_guardian_only(self.change, security, pool)

    def stands(self, security: SecurityState, pool: PoolState, *, now: int) -> bool:
        """Whether it may still be executed: not for ever, nor after a later tightening."""
        if now - self.executable_at > USABLE_S:
            return False
        if self.guardian_only:
            return self.withstands_guardian(security, pool)
        return self.proposed_at > security.tightened_at
