"""The price that each instruction accepts is what the checked-in matrix says, on the built program.

A change that is meant: python -m tests.program.oracle_matrix, and read the difference.
"""

import json

import pytest

from quantdesk.adapters.chain.program import IDL_FILE
from tests.program.oracle_matrix import MATRIX, OWN, REFUSED, Row, measured

Rows = dict[str, dict[str, Row]]
INTERFACE = json.loads(IDL_FILE.read_text())
REPORTS_ONLY = {"update_oracle_price", "settle_funding"}
"""They refuse no price: they tell its grade, and only a valid one is remembered or credits time."""
GROWN_S, LIQUIDATED_S, REDUCED_S = 5, 10, 20


@pytest.fixture(scope="module")
def now() -> Rows:
    return measured()


def test_every_price_is_accepted_and_refused_as_the_matrix_says(now: Rows) -> None:
    assert now == json.loads(MATRIX.read_text())


def test_every_instruction_that_names_an_oracle_is_in_the_matrix(now: Rows) -> None:
    reading = {
        each["name"]
        for each in INTERFACE["instructions"]
        if any(account["name"] == "oracle" for account in each["accounts"])
    }

    assert reading <= {case.split(" ")[0] for case in now}


def test_a_price_that_is_nothing_jumped_or_ahead_moves_no_position(now: Rows) -> None:
    for case, rows in now.items():
        places = case.startswith("place_order (to reduce")
        if OWN in rows and not places and case not in REPORTS_ONLY:
            faults = {rows[OWN][each] for each in ("not positive", "ahead", "jumped")}
            assert faults == {REFUSED}, case


def test_only_leaving_and_liquidating_take_a_wide_price_and_each_has_its_age(now: Rows) -> None:
    wide = {case for case, rows in now.items() if OWN in rows and rows[OWN]["wide"] != REFUSED}
    judged = {case: rows[OWN] for case, rows in now.items() if OWN in rows}

    assert {case.split(" ")[0] for case in wide} == {
        *("deleverage", "execute_order", "liquidate", "place_order"),
        *("close_position", "place_bracket"),
        *REPORTS_ONLY,
    }
    assert "execute_order" not in wide
    assert "place_order" not in wide
    assert judged["execute_order"]["oldest_s"] == GROWN_S
    assert judged["withdraw_tokens"]["oldest_s"] == GROWN_S
    assert judged["liquidate"]["oldest_s"] == LIQUIDATED_S
    assert judged["execute_order (to reduce)"]["oldest_s"] == REDUCED_S
