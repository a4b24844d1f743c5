"""Agreement: when replies of different nodes count as the same word about money.

Two equal voices make an answer, so of three nodes one may lie, lag or be of last year. A refusal is
a voice, too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from quantdesk.adapters.rpc.errors import RpcRefused

Reply = Any
Judge = Callable[[Sequence[Reply]], "Agreed | None"]


@dataclass(frozen=True, slots=True)
class Agreed:
    """What is believed."""

    reply: Reply


class Replies:
    """Replies of one round, weighed as they come."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._results: list[Reply] = []
        self._refusals: list[RpcRefused] = []

    @property
    def count(self) -> int:
        """How many nodes have spoken."""
        return len(self._results) + len(self._refusals)

    def add(self, voice: Reply | RpcRefused) -> Agreed | None:
        """Weigh one more voice; raises RpcRefused when two refuse for the same reason."""
        if isinstance(voice, RpcRefused):
            if any(each.code == voice.code for each in self._refusals):
                raise voice
            self._refusals.append(voice)
            return None
        self._results.append(voice)
        return self._judge(self._results) if len(self._results) > 1 else None

    def words(self) -> str:
        """Why there is no answer."""
        if self.count < 2:
            return f"two nodes must agree about money and {self.count} answered"
        return f"{self.count} nodes answered and no two of them said the same"


def alike(part: Callable[[Reply], Any]) -> Judge:
    """Two replies agree when this part of them is equal."""

    def judge(replies: Sequence[Reply]) -> Agreed | None:
        newest = part(replies[-1])
        is_said = any(part(each) == newest for each in replies[:-1])
        return Agreed(replies[-1]) if is_said else None

    return judge


def reached(replies: Sequence[Reply]) -> Agreed | None:
    """The greatest height that two nodes have reached; one node alone cannot let time pass."""
    return Agreed(sorted(replies)[-2])


def history(replies: Sequence[Reply]) -> Agreed | None:
    """Rows, newest first: a node may lag behind another, but leave out nothing in between."""
    newest = replies[-1]
    for each in replies[:-1]:
        if _continues(_names(each), _names(newest)):
            return Agreed(each)
        if _continues(_names(newest), _names(each)):
            return Agreed(newest)
    return None


def _names(rows: Reply) -> tuple[str, ...]:
    return tuple(row["signature"] for row in rows)


def _continues(older: tuple[str, ...], newer: tuple[str, ...]) -> bool:
    """Whether `newer` is `older` with more rows in front (and, at a page's end, fewer behind)."""
    if not older:
        return True
    if older[0] not in newer:
        return False
    start = newer.index(older[0])
    both = min(len(older), len(newer) - start)
    return older[:both] == newer[start : start + both]
