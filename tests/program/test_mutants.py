"""The lists of lies about the program stay true, all were caught, and a sample is caught now.

The rest is a command of its own: make mutants.
"""

import shutil
from pathlib import Path

import pytest

from tests.domain.lies import ROOT, SURVIVED, Mutant, tables
from tests.program import built_mutants, mutants

ARITHMETIC = mutants.mutants()
BUILT = built_mutants.mutants()
ALL = [(mutants.RISK, each) for each in ARITHMETIC] + [
    (built_mutants.CRATE, each) for each in BUILT
]


@pytest.mark.parametrize(("crate", "mutant"), ALL, ids=lambda given: getattr(given, "meaning", ""))
def test_a_mutant_can_be_made_in_exactly_one_place(crate: Path, mutant: Mutant) -> None:
    honest = (ROOT / crate / "src" / mutant.file).read_text()

    assert mutant.told_in(honest) != honest


@pytest.mark.parametrize(
    ("title", "listed"), [(mutants.TITLE, ARITHMETIC), (built_mutants.TITLE, BUILT)]
)
def test_every_mutant_was_caught_when_they_were_run_last(title: str, listed: list[Mutant]) -> None:
    caught = tables()[title]

    assert SURVIVED not in caught.values()
    assert list(caught) == [(mutant.file, mutant.meaning) for mutant in listed]


@pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo")
def test_a_sample_of_the_mutants_is_caught_now(tmp_path: Path) -> None:
    copy = mutants.copied(tmp_path)
    sample = ARITHMETIC[::30]

    assert mutants.first_failure(copy) is None
    assert len(sample) >= 4
    assert all(mutants.killed_by(mutant, copy) for mutant in sample)
