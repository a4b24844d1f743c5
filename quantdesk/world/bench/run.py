"""Run benches by name and print their figures as they come."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict

from quantdesk.world.bench.chain import measure_chain
from quantdesk.world.bench.figure import Figure
from quantdesk.world.bench.order import measure_order
from quantdesk.world.bench.startup import measure_startup
from quantdesk.world.bench.tick import measure_tick

BENCHES: Mapping[str, Callable[[], Iterator[Figure]]] = {
    "startup": measure_startup,
    "tick": measure_tick,
    "order": measure_order,
    "chain": measure_chain,
}


def run_benches(names: Sequence[str], *, as_json: bool) -> int:
    """Run each named bench in turn; exit status 2 for a name that does not exist."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        expected = ", ".join(BENCHES)
        print(f"no bench is called {unknown[0]!r}; expected one of {expected}", file=sys.stderr)
        return 2
    for name in names:
        for figure in BENCHES[name]():
            _print(figure, as_json=as_json)
    return 0


def _print(figure: Figure, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(figure)), flush=True)
        return
    beside = f"  {figure.ratio} x {figure.vs}" if figure.vs else ""
    print(f"{figure.name:<38}{figure.value:>12} {figure.unit:<10}{beside}", flush=True)
