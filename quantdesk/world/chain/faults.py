"""Faults that tests switch on in a running chain; a chain of the product never has any."""

from dataclasses import dataclass


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
