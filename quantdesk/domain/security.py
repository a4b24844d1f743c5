"""Security: who may tighten, what is paused, and the changes that wait for their timelock.

Stricter is possible at once; everything that loosens is proposed, waits, and can be cancelled by
the guardian meanwhile.
"""

from dataclasses import dataclass, replace
from enum import IntFlag
from typing import Self

from quantdesk.domain.market import MarketParams, MarketStatus
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityState:
    """The roles, the pause bits and the wait in seconds of every loosening."""

    admin: str = ""
    guardian: str = ""
    keeper: str = ""
    pause_bits: int = 0
    timelock_s: int = 0
    sequence: int = 0

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change that may be made true from unix second `executable_at` on."""

    change: Change
    executable_at: int
