"""Faults that tests switch on in a running chain; a chain of the product never has any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantdesk.world.chain.bank import Bank

COUNT_MAX = 1_000_000
_BOUNDS = {"refuse_status": (400, 599), "reply_delay_ms": (0, 60_000)}


@dataclass(slots=True)
class Faults:
    """Counters that run down as requests meet them; zero is a healthy node."""

    lose_transactions: int = 0
    """Transactions to acknowledge and then forget."""
    drop_replies: int = 0
    """Requests to carry out and then break off without an answer."""
    refuse_requests: int = 0
    """Requests to answer with `refuse_status` instead of doing them."""
    refuse_status: int = 429
    reply_delay_ms: int = 0
    """How late every answer is."""

    def takes(self, name: str) -> bool:
        """Use up one of the named fault; False when none is left."""
        left: int = getattr(self, name)
        if left <= 0:
            return False
        setattr(self, name, left - 1)
        return True


def apply_faults(bank: Bank, asked: Mapping[str, object]) -> None:
    """Set counters by name, `fork` so many slots back or `skip` so many; raises ValueError.

    Nothing is done when something asked for is out of bounds.
    """
    known = set(Faults.__slots__)
    if wrong := sorted(set(asked) - known - {"fork", "skip"}):
        raise ValueError(f"no fault is called {wrong[0]!r}; expected one of {sorted(known)}")
    counts = {name: _count(name, found) for name, found in asked.items()}
    if taken_back := counts.get("fork"):
        bank.fork(taken_back)
    if skipped := counts.get("skip"):
        bank.skip(skipped)
    for name in known & set(counts):
        setattr(bank.config.faults, name, counts[name])


def _count(name: str, found: object) -> int:
    least, most = _BOUNDS.get(name, (0, COUNT_MAX))
    if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
        raise ValueError(f"{name} is a number from {least} to {most}, found {found!r}")
    return found
