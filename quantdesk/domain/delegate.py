"""Delegate: another key that may trade for an account until it expires; it can never withdraw."""

from dataclasses import dataclass
from enum import IntFlag

from quantdesk.domain.refusal import Refusal

MAX_DELEGATES = 4
NOBODY = "1" * 32
"""The address of all zeros, in base 58."""


class Permission(IntFlag):
    """What a delegate may do; there is no bit for money."""

    PLACE = 1
    CANCEL = 2


EVERYTHING = Permission.PLACE | Permission.CANCEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate:
    """A key, its bits of `Permission` (0: a free place), and when it ends (unix s; 0: never)."""

    key: str = NOBODY
    permissions: int = 0
    expires_at: int = 0

    def has_ended(self, now: int) -> bool:
        """Whether its time is over."""
        return self.expires_at != 0 and now >= self.expires_at

    def is_free(self, now: int) -> bool:
        """Whether another delegate may take the place."""
        return self.permissions == 0 or self.has_ended(now)

    def permits(self, key: str, wanted: Permission, *, now: int) -> bool:
        """Whether `key` may do what is `wanted`."""
        may = self.permissions != 0 and self.permissions & wanted == wanted
        return may and self.key == key and not self.has_ended(now)


NO_DELEGATES = (Delegate(),) * MAX_DELEGATES


def unacceptable(delegate: Delegate, *, owner: str, now: int) -> Refusal | None:
    """Why an owner cannot add `delegate`, or None."""
    is_known = delegate.permissions != 0 and delegate.permissions & ~int(EVERYTHING) == 0
    if not is_known or delegate.key in (NOBODY, owner):
        return Refusal.INVALID_PARAMETER
    if delegate.expires_at != 0 and delegate.expires_at <= now:
        return Refusal.INVALID_EXPIRY
    return None


def adding(
    delegates: tuple[Delegate, ...], delegate: Delegate, *, now: int
) -> tuple[Delegate, ...] | None:
    """The places with `delegate` where its key is listed or in the first free one; None if full."""
    place = _listed(delegates, delegate.key)
    if place is None:
        free = (number for number, each in enumerate(delegates) if each.is_free(now))
        place = next(free, None)
    return None if place is None else _with(delegates, place, delegate)


def removing(delegates: tuple[Delegate, ...], key: str) -> tuple[Delegate, ...] | None:
    """The places without `key`, or None when it is not listed."""
    place = _listed(delegates, key)
    return None if place is None else _with(delegates, place, Delegate())


def _listed(delegates: tuple[Delegate, ...], key: str) -> int | None:
    places = (n for n, each in enumerate(delegates) if each.permissions != 0 and each.key == key)
    return next(places, None)


def _with(delegates: tuple[Delegate, ...], place: int, delegate: Delegate) -> tuple[Delegate, ...]:
    return (*delegates[:place], delegate, *delegates[place + 1 :])
