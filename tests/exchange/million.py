"""A million operations: program, twin and exact shadow through random walks, every law judged.

Run: python -m tests.exchange.million    (QD_FUZZ_STEPS, QD_FUZZ_SEED, QD_FUZZ_FROM)

Walks are numbered and independent, so a run that was interrupted goes on at the walk that its last
line names, and any walk can be repeated alone by its seed and number.
"""

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from quantdesk.domain.money import USD_ONE
from tests.domain.onchain import INSURANCE_E6, POOL_E6
from tests.exchange.proof import Mark, Proof, WatchedProof
from tests.exchange.walks import ProofWalk

WALK_STEPS = 500
LINE_EVERY = 20
POOR = {"pool_e6": 3_000 * USD_ONE, "insurance_e6": 20 * USD_ONE}
RICH = {"pool_e6": POOL_E6, "insurance_e6": INSURANCE_E6}
DEFAULT_STEPS = 20_000


@dataclass(slots=True)
class Tally:
    """What a run did; `widest` is the largest gap of an account to the exact exchange, units."""

    seed: int
    operations: int = 0
    walks: int = 0
    widest: float = 0.0
    seen: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)

    @property
    def rate(self) -> float:
        """Operations a second."""
        return self.operations / max(time.monotonic() - self.started, 1e-9)


def walks(steps: int, *, seed: int, first: int = 0) -> Iterator[Tally]:
    """Walks until so many operations are done, and tells after each walk."""
    tally = Tally(seed)
    stages = [_stage(Proof, RICH), _stage(Proof, POOR), _stage(WatchedProof, RICH)]
    number = first
    while tally.operations < steps:
        proof, start = stages[number % len(stages)]
        proof.back_to(start)
        before = proof.steps
        walk = ProofWalk(proof, seed_of(seed, number))
        try:
            walk.take(min(WALK_STEPS, steps - tally.operations))
        except Exception as broken:
            broken.add_note(f"walk {number} of seed {seed}")
            raise
        number += 1
        tally.walks += 1
        tally.operations += proof.steps - before
        tally.widest = max(tally.widest, float(proof.laws.chronicle.deviation.widest))
        tally.seen.update(walk.applied)
        tally.seen.update(walk.refused)
        yield tally


def seed_of(seed: int, number: int) -> int:
    """The seed of one walk."""
    return random.Random(f"{seed} {number}").getrandbits(63)  # noqa: S311 - reproducible, no secret


def _stage(kind: type[Proof], money: dict[str, int]) -> tuple[Proof, Mark]:
    proof = kind(**money)
    return proof, proof.mark()


def main() -> int:
    """Walks as the environment asks; the last lines tell what happened how often."""
    steps = int(os.environ.get("QD_FUZZ_STEPS", DEFAULT_STEPS))
    seed = int(os.environ.get("QD_FUZZ_SEED", time.time_ns() % 10**9))
    first = int(os.environ.get("QD_FUZZ_FROM", "0"))
    print(f"seed {seed}, {steps} operations from walk {first}", flush=True)
    tally = Tally(seed)
    for tally in walks(steps, seed=seed, first=first):
        if tally.walks % LINE_EVERY == 0:
            _tell(tally, first)
    _tell(tally, first)
    for name, count in sorted(tally.seen.items()):
        print(f"{count:10} {name}")
    return 0


def _tell(tally: Tally, first: int) -> None:
    print(
        f"seed {tally.seed}: {tally.operations} operations, next walk {first + tally.walks}, "
        f"{tally.rate:.0f} a second, widest gap {tally.widest:.1f} units",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
