"""Faults that tests switch on in a running chain; never set outside tests."""

from collections.abc import Callable
from dataclasses import dataclass

SendFault = Callable[[bytes], bool]
"""Takes the transaction's bytes; True means the node accepts it and then loses it."""

ReplyFault = Callable[[str], int | None]
"""Takes the method; returns an HTTP status to answer with instead, or None."""


@dataclass(slots=True)
class Faults:
    """Hooks asked before each send and each reply."""

    lose_transaction: SendFault | None = None
    refuse_reply: ReplyFault | None = None
    reply_delay_ms: int = 0
