"""Instructions: the accounts and bytes the IDL asks for, with the risk set behind them."""

from dataclasses import replace

import pytest
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.codec import CodecError
from quantdesk.adapters.chain.failures import Failure, failure_of
from quantdesk.adapters.chain.instructions import (
    NO_MARKET,
    Instructions,
    MarketRef,
    Trader,
    VaultRef,
)
from quantdesk.adapters.chain.program import load_program

PROGRAM = load_program()
ORACLES = [Pubkey.new_unique() for _ in range(3)]
SOL_MINT, SOL_ORACLE = Pubkey.new_unique(), Pubkey.new_unique()
BUILD = Instructions(
    PROGRAM,
    [MarketRef(index=index, oracle=oracle) for index, oracle in enumerate(ORACLES)],
    [VaultRef(index=1, mint=SOL_MINT, oracle=SOL_ORACLE)],
)
OWNER = Pubkey.new_unique()
TRADER = Trader(
    address=PROGRAM.addresses.user_account(OWNER),
    owner=OWNER,
    open_markets=(2, 0, *[NO_MARKET] * 6),
    balances=(-5, 7, 0, 0, 0, 0, 0, 0),
)
PARAMS = {
    "client_order_id": 2**64 - 1,
    "kind": 0,
    "size_e9": -10_000_000,
    "limit_price_e6": 1,
    "trigger_price_e6": 0,
    "trailing_bps": 0,
    "reduce_only": True,
    "expires_at": 0,
}


def test_the_risk_set_lists_other_markets_in_order_then_other_collateral() -> None:
    where = PROGRAM.addresses

    found = [each.pubkey for each in BUILD.risk_set(TRADER, except_market=0)]

    assert found == [
        where.market(2),
        ORACLES[2],
        where.position(TRADER.address, 2),
        where.vault(SOL_MINT),
        SOL_ORACLE,
    ]
    assert len(BUILD.risk_set(TRADER)) == 8


@pytest.mark.parametrize(("amount", "weighs_the_token"), [(6, True), (7, False), (8, True)])
def test_a_token_withdrawn_whole_leaves_the_risk_set(amount: int, weighs_the_token: bool) -> None:
    named = [each.pubkey for each in BUILD.withdraw(TRADER, SOL_MINT, amount).accounts]

    assert (named[-1] == SOL_ORACLE) is weighs_the_token
    assert named.count(SOL_ORACLE) == weighs_the_token


def test_withdrawing_dollars_leaves_the_other_tokens_in_the_risk_set() -> None:
    named = [each.pubkey for each in BUILD.withdraw(TRADER, Pubkey.new_unique(), 7).accounts]

    assert named[-1] == SOL_ORACLE


def test_place_order_names_every_account_and_only_the_authority_signs() -> None:
    instruction = BUILD.place_order(TRADER, 0, PARAMS)
    signers = [each.pubkey for each in instruction.accounts if each.is_signer]

    assert signers == [OWNER]
    assert instruction.accounts[1].pubkey == TRADER.address
    assert PROGRAM.addresses.order(TRADER.address, 2**64 - 1) in [
        each.pubkey for each in instruction.accounts
    ]
    assert bytes(instruction.data)[8:16] == b"\xff" * 8


def test_an_optional_account_left_out_is_the_program_itself_and_read_only() -> None:
    order = PROGRAM.addresses.order(TRADER.address, 1)

    last = BUILD.execute_order(TRADER, order, 0, keeper=OWNER).accounts[10]

    assert last.pubkey == PROGRAM.id
    assert not last.is_writable


@pytest.mark.parametrize(("mandates", "is_named"), [(0, False), (1, True)])
def test_a_delegate_shows_its_mandate_only_where_one_lives(mandates: int, is_named: bool) -> None:
    trader, delegate = replace(TRADER, mandates=mandates), Pubkey.new_unique()

    named = [each.pubkey for each in BUILD.place_order(trader, 0, PARAMS, by=delegate).accounts]

    assert (PROGRAM.addresses.mandate(TRADER.address, delegate) in named) is is_named


def test_an_owner_shows_no_mandate() -> None:
    named = [
        each.pubkey for each in BUILD.place_order(replace(TRADER, mandates=1), 0, PARAMS).accounts
    ]

    assert PROGRAM.addresses.mandate(TRADER.address, OWNER) not in named


def test_an_account_that_cannot_be_derived_must_be_given() -> None:
    with pytest.raises(CodecError, match="must be given"):
        PROGRAM.instruction("cancel_order", {"authority": OWNER})


def test_a_foreign_deployment_has_its_own_addresses() -> None:
    other = load_program(str(Pubkey.from_bytes(bytes([9]) * 32)))

    assert other.addresses.pool != PROGRAM.addresses.pool
    assert (
        other.instruction(
            "update_oracle_price", {"market": other.addresses.market(0), "oracle": ORACLES[0]}
        ).program_id
        == other.id
    )


def test_failures_are_told_in_the_program_s_words() -> None:
    ours = [f"Program {PROGRAM.id} failed: custom program error: 0x1778"]
    theirs = [
        "Program TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA failed: custom program error: 0x1",
        f"Program {PROGRAM.id} failed: custom program error: 0x1",
    ]

    known = failure_of({"InstructionError": [2, {"Custom": 6008}]}, PROGRAM, ours)
    foreign = failure_of({"InstructionError": [2, {"Custom": 1}]}, PROGRAM, theirs)
    runtime = failure_of("BlockhashNotFound", PROGRAM)

    assert known is not None
    assert known.code == "InsufficientCollateral"
    assert "Collateral" in known.message
    assert foreign is not None
    assert foreign.code == "Custom1"
    assert runtime is not None
    assert "expired" in runtime.message
    assert failure_of(None, PROGRAM) is None


def test_our_code_told_by_a_program_that_ours_called_is_not_our_error() -> None:
    called = [
        "Program TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA failed: custom program error: 0x1778",
        f"Program {PROGRAM.id} failed: custom program error: 0x1778",
    ]

    failure = failure_of({"InstructionError": [2, {"Custom": 6008}]}, PROGRAM, called)

    words = "Another program (TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA) refused it, code 6008"
    assert failure == Failure(code="Custom6008", message=words)


def test_our_error_told_through_a_program_that_called_ours_stays_ours() -> None:
    caller = Pubkey.new_unique()
    calling = [
        f"Program {PROGRAM.id} failed: custom program error: 0x1778",
        f"Program {caller} failed: custom program error: 0x1778",
    ]

    failure = failure_of({"InstructionError": [0, {"Custom": 6008}]}, PROGRAM, calling)

    assert failure is not None
    assert failure.code == "InsufficientCollateral"
