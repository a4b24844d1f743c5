"""Golden files say what the twin says; the program's own tests read the same files."""

import pytest

from tests.golden.calls import CALLS
from tests.golden.generate import FOLDER, text_of


@pytest.mark.parametrize("call", CALLS)
def test_a_golden_file_agrees_with_the_twin(call: str) -> None:
    found = (FOLDER / f"{call}.json").read_text()

    assert found == text_of(call), "run python -m tests.golden.generate and say why it changed"


def test_no_golden_file_is_left_without_a_call() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(CALLS)
