"""Figures: one measured number with its unit, what it is compared with, and how it was taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`ratio` is value ÷ peer, both of this run; None where nothing is comparable."""

    name: str
    value: float
    unit: str
    vs: str | None = None
    ratio: float | None = None
    method: str


def compared(name: str, value: float, unit: str, *, peer: tuple[str, float], method: str) -> Figure:
    """A figure beside a peer (what it is, its value in the same unit)."""
    vs, found = peer
    ratio = float(f"{value / found:.3g}") if found else None
    told = f"{vs}: {round(found, 3)} {unit}"
    return Figure(name=name, value=round(value, 3), unit=unit, vs=told, ratio=ratio, method=method)


def percentile(samples: Sequence[float], percent: float) -> float:
    """The smallest sample that is not below `percent` of them; nearest rank."""
    ranked = sorted(samples)
    rank = max(1, -(-len(ranked) * percent // 100))
    return ranked[int(rank) - 1]
