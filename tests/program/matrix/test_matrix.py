"""The negative matrix: every instruction with every account and every number wrong in turn.

It is driven by the interface: an instruction without a good case fails, and so does a slot, an
argument or an outcome that `expected.json` does not name.
"""

import json
from pathlib import Path

import pytest

from quantdesk.adapters.chain.program import load_program
from tests.program.matrix import (
    admin_cases,
    collateral_cases,
    custody_cases,
    tied_cases,
    trading_cases,
)
from tests.program.matrix.edges import EDGES, integers
from tests.program.matrix.judged import (
    COUNTS,
    EXPECTED,
    IS_WRITING,
    account_table,
    agrees,
    change_table,
    counts,
    expected,
    number_table,
    write_counts,
)
from tests.program.matrix.reasons import (
    LEGITIMATE_ACCOUNTS,
    LEGITIMATE_NUMBERS,
    REFUSALS,
    unused,
    why_account_lands,
    why_number_lands,
)
from tests.program.matrix.registry import CASES
from tests.program.matrix.stage import LANDS
from tests.program.matrix.substitutions import SUBSTITUTIONS

CASE_MODULES = (admin_cases, collateral_cases, custody_cases, tied_cases, trading_cases)
"""Imported for the cases that they register."""
WITH_NUMBERS = sorted(name for name, case in CASES.items() if integers(case.instruction))
CHANGES = {"change.market": (1, 0), "change.vault": (2, 1), "change.timelock_s": (3, 0)}
CHANGES |= {"change.keeper_reward_e6": (3, 0), "change.daily_loss_share_e6": (3, 0)}
CHANGES |= {"change.status": (1, 0), "change.index": (1, 0), "change.pause_bits": (0, 0)}
CHANGES |= {"change.kind": (1, 0)}
CELLS_MIN = 2_400
DOCUMENT = Path(__file__).parents[3] / "docs" / "attacks.md"


def test_every_instruction_of_the_interface_has_a_good_case() -> None:
    listed = set(load_program()._instructions)

    assert {case.instruction for case in CASES.values()} == listed


@pytest.mark.parametrize("name", sorted(CASES))
def test_no_wrong_account_passes_and_nothing_changes(name: str) -> None:
    found = account_table(CASES[name])

    agrees("accounts", name, found)
    for slot, row in found.items():
        assert list(row) == list(SUBSTITUTIONS)
        for substitution, outcome in row.items():
            if outcome == LANDS:
                assert why_account_lands(name, slot, substitution), (slot, substitution)
            elif outcome[0] != "(":
                assert outcome in REFUSALS[substitution], (slot, substitution, outcome)


@pytest.mark.parametrize("name", WITH_NUMBERS)
def test_no_number_at_an_edge_breaks_the_books(name: str) -> None:
    found = number_table(CASES[name])

    agrees("numbers", name, found)
    _are_named(name, found)


@pytest.mark.parametrize("prefix", sorted(CHANGES))
def test_a_change_is_judged_when_it_is_executed(prefix: str) -> None:
    kind, index = CHANGES[prefix]
    found = change_table(kind, prefix, index)

    agrees("changes", prefix, found)
    _are_named("execute_change", found)


def _are_named(case: str, found: dict[str, dict[str, str]]) -> None:
    known = {error["name"] for error in load_program()._errors.values()}
    known |= {"ConstraintSeeds", "InsufficientFunds", LANDS}
    for argument, row in found.items():
        assert list(row) == list(EDGES)
        assert set(row.values()) - known <= {each for each in row.values() if each[0] == "("}
        if LANDS in row.values():
            assert why_number_lands(case, argument), argument


def test_the_matrix_is_as_large_as_its_count_table_says() -> None:
    if IS_WRITING:
        write_counts()
    slots = sum(len(expected("accounts", name)) for name in CASES)

    found = counts()

    assert json.loads(COUNTS.read_text()) == found
    assert found["accounts"]["cells"] == 12 * slots
    assert found["accounts"]["cells"] >= CELLS_MIN
    assert found["accounts"]["refused"] > found["accounts"]["inapplicable"]


def test_the_document_tells_the_counts() -> None:
    text = DOCUMENT.read_text()

    for part in ("accounts", "numbers", "changes"):
        row = counts()[part]
        kinds = ("cells", "refused", LANDS, "inapplicable")
        assert " | ".join(f"{row[kind]:,}" for kind in kinds) in text
    refused = counts()["refused by substitution"]
    (names, _, figures) = text[text.index("| other user's |") :].splitlines()[:3]
    told = dict(zip(names.split(" | "), figures.split(" | "), strict=True))
    assert {name.strip("| "): int(each.strip("| ")) for name, each in told.items()} == refused


def test_no_row_of_the_file_is_left_over() -> None:
    rows = json.loads(EXPECTED.read_text())

    assert sorted(rows["accounts"]) == sorted(CASES)
    assert sorted(rows["numbers"]) == WITH_NUMBERS
    assert sorted(rows["changes"]) == sorted(CHANGES)


def test_no_reason_is_left_over() -> None:
    rows = json.loads(EXPECTED.read_text())
    landed = [
        (case, slot, substitution)
        for case, table in rows["accounts"].items()
        for slot, row in table.items()
        for substitution, outcome in row.items()
        if outcome == LANDS
    ]
    numbers = [
        (case if part == "numbers" else "execute_change", argument)
        for part in ("numbers", "changes")
        for case, table in rows[part].items()
        for argument, row in table.items()
        if LANDS in row.values()
    ]

    assert unused(LEGITIMATE_ACCOUNTS, landed) == []
    assert unused(LEGITIMATE_NUMBERS, numbers) == []
