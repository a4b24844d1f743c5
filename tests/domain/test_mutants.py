"""The list of mutants stays true: each names text that is in the twin, once, and really changes it.

Running them takes minutes and is a command of its own: python -m tests.domain.mutants.
"""

import pytest

from tests.domain.mutants import DOMAIN, REPORT, ROOT, Mutant, mutants


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: str(mutant.meaning))
def test_a_mutant_can_be_made_in_exactly_one_place(mutant: Mutant) -> None:
    honest = (ROOT / DOMAIN / mutant.file).read_text()

    assert honest.count(mutant.truth) == 1
    assert mutant.lie != mutant.truth


def test_every_mutant_was_caught_when_they_were_run_last() -> None:
    report = REPORT.read_text()

    assert "survived" not in report
    assert all(f"| {mutant.meaning} |" in report for mutant in mutants())
