"""Faults that tests switch on in a running chain; a chain of the product never has any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantdesk.world.chain.bank import Bank


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


def apply_faults(bank: Bank, asked: Mapping[str, int]) -> None:
    """Set counters by name, `fork` so many slots back or `skip` so many; raises ValueError."""
    known = set(Faults.__slots__)
    if wrong := sorted(set(asked) - known - {"fork", "skip"}):
        raise ValueError(f"no fault is called {wrong[0]!r}; expected one of {sorted(known)}")
    if any(count < 0 for count in asked.values()):
        raise ValueError("a fault is a count, 0 or more")
    for name in known & set(asked):
        setattr(bank.config.faults, name, asked[name])
    if asked.get("fork"):
        bank.fork(asked["fork"])
    if asked.get("skip"):
        bank.skip(asked["skip"])
