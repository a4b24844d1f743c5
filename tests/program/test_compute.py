"""Compute: what each instruction costs, at its dearest too, held by a checked-in table."""

import json

import pytest

from quantdesk.adapters.chain.program import IDL_FILE
from tests.program.compute import measured, table
from tests.program.crowd import FULLEST, VALUED

BUDGET = 200_000
"""What the network gives an instruction that asks for nothing; no client has to ask for more."""
PART_OF_BUDGET = 0.6
GROWTH = 1.03
INTERFACE = json.loads(IDL_FILE.read_text())


@pytest.fixture(scope="module")
def now() -> dict[str, int]:
    return measured()


def test_every_instruction_of_the_interface_is_measured(now: dict[str, int]) -> None:
    names = {each["name"] for each in INTERFACE["instructions"]}

    assert {case.split(" ")[0] for case in now} == names
    assert now.keys() == table().keys()


def test_no_instruction_takes_more_than_three_fifths_of_its_budget(now: dict[str, int]) -> None:
    dear = {case: units for case, units in now.items() if units > BUDGET * PART_OF_BUDGET}

    assert not dear


def test_no_instruction_grows_unnoticed(now: dict[str, int]) -> None:
    said = table()
    grown = {case: units for case, units in now.items() if units > said[case] * GROWTH}

    assert not grown, "measure anew with python -m tests.program.compute and say why"


def test_what_reads_many_accounts_was_measured_with_as_many_as_there_can_be() -> None:
    said = table()

    assert all(f"{build.__name__} (8 markets, 0 tokens)" in said for build in FULLEST)
    assert all(f"{build.__name__} (4 markets, 6 tokens)" in said for build in FULLEST)
    assert all(f"{build.__name__} (8 markets)" in said for build in VALUED)
