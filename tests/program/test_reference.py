"""What the product promises is in the interface, and the pages say what the interface says."""

import json
import re

import pytest

from quantdesk.adapters.chain.failures import failure_of
from quantdesk.adapters.chain.program import IDL_FILE, load_program
from quantdesk.domain.refusal import Refusal
from tests.program.matrix.stage import Stage
from tests.program.reference import ADDRESSES, PAGE, page, size_of_account

INTERFACE = json.loads(IDL_FILE.read_text())
NAMES = {each["name"] for each in INTERFACE["instructions"]}
TYPES = {each["name"]: each["type"] for each in INTERFACE["types"]}
PROTOCOL = (PAGE.parent / "protocol.md").read_text()
PROMISED = {
    *("initialize_market", "update_oracle_price", "settle_funding"),
    *("place_order", "cancel_order", "execute_order"),
    *("initialize_token_vault", "deposit_tokens", "withdraw_tokens"),
    *("create_user_account", "update_user_account", "transfer_between"),
    *("add_delegate", "remove_delegate", "liquidate", "resolve_bankruptcy"),
    *("pool_deposit", "pool_withdraw", "propose_change", "execute_change", "cancel_change"),
    *("pause", "tighten_market", "set_mandate"),
    *("open_position", "close_position", "deposit_native_sol", "withdraw_native_sol"),
}
"""What the product names; the program may do more."""


def test_every_instruction_that_the_product_names_exists() -> None:
    assert NAMES >= PROMISED


def test_the_protocol_s_page_names_every_instruction() -> None:
    assert {name for name in NAMES if f"`{name}`" not in PROTOCOL} == set()


def test_every_error_has_words_for_people_and_one_name() -> None:
    program = load_program()
    for error in INTERFACE["errors"]:
        failure = failure_of({"InstructionError": [0, {"Custom": error["code"]}]}, program)

        assert failure is not None
        assert failure.code == error["name"]
        assert re.fullmatch(r"[A-Z][^\n]{10,}[^.\n]", failure.message), failure
        assert error["name"] not in failure.message


def test_the_twin_refuses_by_the_program_s_own_names() -> None:
    names = {error["name"] for error in INTERFACE["errors"]}

    assert {refusal.value for refusal in Refusal} <= names


def test_the_reference_is_what_interface_and_table_say() -> None:
    assert PAGE.read_text() == page(), "python -m tests.program.reference"


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage()


def test_accounts_on_the_chain_are_as_long_as_their_fields(stage: Stage) -> None:
    lengths = {}
    for at in stage.known:
        account = stage.svm.get_account(at)
        if account is not None and account.owner == stage.program.id:
            kind, _ = stage.program.decode_account(account.data)
            lengths[kind] = len(account.data)

    assert len(lengths) >= 9
    assert lengths == {kind: size_of_account(kind, TYPES) for kind in lengths}
    assert {each["name"] for each in INTERFACE["accounts"]} <= ADDRESSES.keys()
