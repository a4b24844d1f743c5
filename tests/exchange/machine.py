"""Machine: the hypothesis state machine of the whole exchange, on the real program.

Hypothesis draws a random subset of the rules for each example (swarm), shrinks what fails to the
few instructions that cause it, and prints them with the seed.
"""

import os
import sys
import time

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.exchange.rules_guard import GuardRules
from tests.exchange.rules_money import MoneyRules
from tests.exchange.rules_positions import PositionRules
from tests.exchange.rules_trading import TradingRules
from tests.exchange.rules_trials import TrialRules
from tests.exchange.rules_vaults import VaultRules
from tests.exchange.stage import Totals

STEPS = 100
"""Rules of one example."""

BATCH = 100
"""Examples under one seed."""

DEFAULT_STEPS = 20_000


class ExchangeMachine(TradingRules, PositionRules, MoneyRules, VaultRules, GuardRules, TrialRules):
    """Every instruction of the exchange, judged by every law."""


def run(number: int, *, examples: int = BATCH, shrinks: bool = True) -> None:
    """Runs examples of a hundred rules under one seed."""
    phases = [Phase.generate, Phase.shrink] if shrinks else [Phase.generate]
    run_state_machine_as_test(
        seed(number)(ExchangeMachine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        ),
    )


def main() -> int:
    """Runs batches until so many rules were taken; each batch can be repeated by its seed."""
    steps = int(os.environ.get("QD_FUZZ_STEPS", DEFAULT_STEPS))
    first = int(os.environ.get("QD_FUZZ_SEED", time.time_ns() % 10**9))
    number = first + int(os.environ.get("QD_FUZZ_FROM", "0"))
    print(f"seed {first}, {steps} rules from batch {number - first}", flush=True)
    started = time.monotonic()
    while Totals.rules < steps:
        run(number)
        number += 1
        rate = Totals.rules / (time.monotonic() - started)
        print(
            f"seed {first}: {Totals.rules} rules, {Totals.instructions} instructions, "
            f"next batch {number - first}, {rate:.0f} rules a second",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
