"""Twenty thousand rules of the state machine, and walks with the exact shadow, on the program.

`make fuzz` runs both for as long as one likes; a failure names the seed that repeats it.
"""

import pytest

from tests.domain.onchain import ARTIFACT
from tests.exchange import machine, million
from tests.exchange.stage import Totals

SEED = 20_261_121
RULES = 20_000
OPERATIONS = 3_000

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(not ARTIFACT.exists(), reason="the program is not built: run make program"),
]


def test_every_law_holds_through_twenty_thousand_rules() -> None:
    number = SEED
    while Totals.rules < RULES:
        machine.run(number)
        number += 1

    assert Totals.instructions > RULES


def test_program_twin_and_exact_shadow_agree_on_random_walks() -> None:
    *_, tally = million.walks(OPERATIONS, seed=SEED)

    assert tally.operations >= OPERATIONS
    assert 0 < tally.widest < OPERATIONS
