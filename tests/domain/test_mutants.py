"""The list of mutants stays true: each names text that is in the twin, once, and really changes it.

Running all of them takes minutes and is a command of its own: make mutants. A sample runs here.
"""

from pathlib import Path

import pytest

from tests.domain.lies import REPORT, ROOT, SURVIVED, Mutant, tables
from tests.domain.mutants import DOMAIN, TITLE, copied, first_failure, killed_by, mutants


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: str(mutant.meaning))
def test_a_mutant_can_be_made_in_exactly_one_place(mutant: Mutant) -> None:
    honest = (ROOT / DOMAIN / mutant.file).read_text()

    assert mutant.told_in(honest) != honest


def test_every_mutant_was_caught_when_they_were_run_last() -> None:
    caught = tables()[TITLE]

    assert SURVIVED not in REPORT.read_text()
    assert list(caught) == [(mutant.file, mutant.meaning) for mutant in mutants()]


def test_at_least_sixty_economic_lies_are_told() -> None:
    assert sum(len(table) for table in tables().values()) >= 60
    assert len(mutants()) >= 60


def test_a_sample_of_the_mutants_is_caught_now(tmp_path: Path) -> None:
    copy = copied(tmp_path)
    sample = [each for each in mutants() if each.file in ("cost.py", "fees.py")][::4]

    assert first_failure(copy, ["cost"]) is None
    assert len(sample) >= 2
    assert all(killed_by(mutant, copy) for mutant in sample)
