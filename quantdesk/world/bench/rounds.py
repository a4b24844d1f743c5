"""Rounds: ours and a peer timed in turn, so that both see the same machine at the same moment."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Median seconds of one piece of work, and the median of the ratios of all rounds."""

    ours_s: float
    peer_s: float
    ratio: float


def paired(ours: Callable[[], object], peer: Callable[[], object], *, rounds: int) -> Paired:
    """Time both in every round; the order changes from round to round."""
    took: tuple[list[float], list[float]] = ([], [])
    for each in range(rounds):
        for which in (0, 1) if each % 2 else (1, 0):
            work = (ours, peer)[which]
            started_s = time.perf_counter()
            work()
            took[which].append(time.perf_counter() - started_s)
    ratios = [mine / theirs for mine, theirs in zip(*took, strict=True)]
    return Paired(
        ours_s=statistics.median(took[0]),
        peer_s=statistics.median(took[1]),
        ratio=round(statistics.median(ratios), 3),
    )
