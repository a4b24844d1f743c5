"""Chain: the local chain, the order's signature, the twin and the liquidation scan, in one run."""

from __future__ import annotations

from collections.abc import Iterator

from quantdesk.world.bench.figure import Figure
from quantdesk.world.bench.liquidation import measure_liquidation
from quantdesk.world.bench.local_chain import Bare, measure_local_chain
from quantdesk.world.bench.signing import measure_signing
from quantdesk.world.bench.twin import measure_twin


def measure_chain() -> Iterator[Figure]:
    """Every figure of the chain side, each beside its peer."""
    bare = Bare()
    yield from measure_local_chain(bare)
    yield from measure_signing()
    yield from measure_twin(bare.both_s)
    yield from measure_liquidation()
