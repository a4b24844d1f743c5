"""The eleven classes of the sealevel attacks, each tried on the built program.

Source: coral-xyz/sealevel-attacks, programs 0 to 10. Every attack must be refused with the error
that names its cause, and leave every account as it was.
"""

from collections.abc import Iterator

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from quantdesk.adapters.chain.addresses import RECEIVER_PROGRAM
from quantdesk.world.chain.genesis import market_params
from tests.domain.onchain import ARTIFACT, address, initial, token_mint
from tests.program.matrix import (
    admin_cases,
    collateral_cases,
    custody_cases,
    tied_cases,
    trading_cases,
)
from tests.program.matrix.registry import CASES
from tests.program.matrix.seeds import BY_KIND
from tests.program.matrix.slots import RECORD, slots_of
from tests.program.matrix.stage import LANDS, SOL_ORDER, Stage
from tests.program.scene import BASE, FLAT_SOL, order_params, swapped, unsigned

CASE_MODULES = (admin_cases, collateral_cases, custody_cases, tied_cases, trading_cases)
WITHOUT_RECORDS = {"initialize", "create_user_account"}
# An account that may be empty or gone is first sought at its own address.
COSPLAY_ENDS = (
    "AccountDiscriminatorMismatch",
    "ConstraintDuplicateMutableAccount",
    "ConstraintSeeds",
    "WrongAccount",
)
FAKE_TOKEN_PROGRAM = address("a token program of mine")


@pytest.fixture
def stage() -> Stage:
    return Stage()


def refused(stage: Stage, *attack: Instruction) -> str:
    """The error of an attack after which nothing has changed."""
    stage.known.update(meta.pubkey for each in attack for meta in each.accounts)
    before = stage.snapshot()
    error = stage.attempt(*attack)
    assert error != LANDS
    assert stage.snapshot() == before
    return error


def place_of(stage: Stage, instruction: Instruction, name: str) -> int:
    """Where the account of that name stands."""
    return next(slot.place for slot in slots_of(stage, instruction) if slot.name == name)


def with_accounts(stage: Stage, good: Instruction, **wrong: Pubkey) -> Instruction:
    """The instruction with the named accounts exchanged."""
    for name, at in wrong.items():
        good = swapped(good, place_of(stage, good, name), at)
    return good


def test_0_signer_the_owner_named_but_not_signing_withdraws_nothing(stage: Stage) -> None:
    good = custody_cases.withdraw_tokens(stage)

    assert refused(stage, unsigned(good, 0)) == "AccountNotSigner"


def test_1_account_data_matching_money_goes_only_between_its_owner_s_accounts(
    stage: Stage,
) -> None:
    withdrawal, deposit = custody_cases.withdraw_tokens(stage), custody_cases.deposit_tokens(stage)
    mine = stage.wallet(stage.mallory)

    assert refused(stage, with_accounts(stage, withdrawal, user_tokens=mine)) == (
        "ConstraintTokenOwner"
    )
    as_mallory = with_accounts(stage, withdrawal, authority=stage.mallory, user_tokens=mine)
    assert refused(stage, as_mallory) == "Unauthorized"
    assert refused(stage, with_accounts(stage, deposit, user_tokens=mine)) == (
        "ConstraintTokenOwner"
    )


def test_2_owner_checks_a_security_of_my_own_program_makes_me_no_admin(stage: Stage) -> None:
    real = stage.bytes_at(stage.where.security)
    mine = real[:10] + bytes(stage.mallory) * 3 + real[106:]
    fake = stage.put(address("security of mine"), mine, address("a program of mine"))
    good = admin_cases.pause(stage)

    attack = with_accounts(stage, good, authority=stage.mallory, security=fake)

    assert refused(stage, attack) == "AccountOwnedByWrongProgram"


@pytest.mark.parametrize("name", sorted(set(CASES) - WITHOUT_RECORDS))
def test_3_type_cosplay_no_account_passes_for_one_of_another_kind(name: str) -> None:
    stage, good = CASES[name].staged()
    kinds = dict(living_kinds(stage))
    tried = 0
    for slot in slots_of(stage, good):
        if slot.role == RECORD:
            own = stage.program.decode_account(slot.data)[0]
            for kind in kinds.keys() - {own}:
                tried += 1
                error = refused(stage, swapped(good, slot.place, kinds[kind]))
                assert error in COSPLAY_ENDS, (slot.name, kind, error)
    assert tried >= len(kinds) - 1


def living_kinds(stage: Stage) -> Iterator[tuple[str, Pubkey]]:
    """One true account of every kind that the program has written."""
    for at in sorted(stage.known - stage.forgeries, key=str):
        account = stage.svm.get_account(at)
        if account is not None and account.owner == stage.program.id:
            yield stage.program.decode_account(bytes(account.data))[0], at


def test_4_initialization_nothing_is_opened_twice_and_nobody_gets_in_first(stage: Stage) -> None:
    bare = Stage(is_bare=True)
    thief = address("a thief")
    bare.svm.airdrop(thief, 10**12)
    accounts = {"admin": thief, "program_data": bare.where.program_data}
    first = bare.program.instruction("initialize", accounts, initial(thief))
    again = admin_cases.initialize(stage)
    user = stage.build.create_user_account(stage.alice, 0)
    market = stage.program.instruction(
        "initialize_market",
        {"admin": stage.admin},
        {"index": 0, "params": market_params(FLAT_SOL, bytes(32))},
    )
    order = stage.build.place_order(stage.trader(stage.alice), 0, order_params(SOL_ORDER, BASE))

    assert refused(bare, first) == "Unauthorized"
    assert [refused(stage, each) for each in (again, user, market, order)] == ["AlreadyInUse"] * 4


def test_5_arbitrary_cpi_only_the_token_program_moves_tokens(stage: Stage) -> None:
    stage.svm.add_program(FAKE_TOKEN_PROGRAM, ARTIFACT.with_name("receiver.so").read_bytes())
    for name in ("deposit_tokens", "withdraw_tokens", "pool_deposit", "seed_insurance"):
        good = CASES[name].prepare(stage)
        for program in (FAKE_TOKEN_PROGRAM, RECEIVER_PROGRAM, stage.program.id):
            attack = with_accounts(stage, good, token_program=program)
            assert refused(stage, attack) == "InvalidProgramId"


def test_6_duplicate_mutable_accounts_are_never_counted_twice(stage: Stage) -> None:
    user, vault = stage.user(stage.alice), stage.where.vault_tokens(stage.mint)
    transfer_to_itself = custody_cases.transfer_between(stage)
    fill, deposit = trading_cases.execute_order(stage), custody_cases.deposit_tokens(stage)
    attacks = [
        with_accounts(stage, transfer_to_itself, to_account=user),
        with_accounts(stage, fill, keeper_account=user),
        with_accounts(stage, deposit, user_tokens=vault),
        with_accounts(stage, custody_cases.withdraw_tokens(stage), user_tokens=vault),
    ]

    assert {refused(stage, each) for each in attacks} == {"ConstraintDuplicateMutableAccount"}


def test_6_a_liquidator_cannot_be_paid_by_the_account_it_closes(stage: Stage) -> None:
    good = trading_cases.liquidate(stage)
    user = stage.user(stage.alice)

    attack = with_accounts(stage, good, liquidator=stage.alice, liquidator_account=user)

    assert refused(stage, attack) == "ConstraintDuplicateMutableAccount"


def test_7_bump_canonicalization_every_account_lies_at_the_first_bump_of_its_seeds(
    stage: Stage,
) -> None:
    seen = set()
    for kind, at in living_kinds(stage):
        fields = stage.must(kind, at)
        seeds = BY_KIND[kind](fields)
        assert (at, fields["bump"]) == Pubkey.find_program_address(seeds, stage.program.id)
        seen.add(kind)
    assert len(seen) >= 9
    instructions = stage.program._instructions.values()
    assert not [name for each in instructions for name, _ in each.arguments if "bump" in name]


def test_8_pda_sharing_each_vault_signs_for_its_own_tokens_only(stage: Stage) -> None:
    token = token_mint(1)
    authorities = {
        mint: stage.bytes_at(stage.where.vault_tokens(mint))[32:64] for mint in (stage.mint, token)
    }
    good = custody_cases.withdraw_collateral(stage)
    attack = with_accounts(
        stage,
        good,
        vault_tokens=stage.where.vault_tokens(stage.mint),
        user_tokens=stage.wallet(stage.alice),
    )

    assert authorities[stage.mint] != authorities[token]
    assert authorities == {mint: bytes(stage.where.vault(mint)) for mint in (stage.mint, token)}
    assert refused(stage, attack) == "ConstraintAddress"


def test_9_closing_a_cancelled_order_cannot_be_kept_alive_with_lamports(stage: Stage) -> None:
    stage.require(stage.place(stage.alice, BASE))
    stage.later()
    order = stage.order(stage.alice)
    cancel = stage.build.cancel_order(stage.trader(stage.alice), order)
    execute = stage.build.execute_order(stage.trader(stage.alice), order, 0, keeper=stage.keeper)
    alive = transfer(TransferParams(from_pubkey=stage.faucet, to_pubkey=order, lamports=10**9))

    assert refused(stage, cancel, execute) == "AccountNotInitialized"
    assert refused(stage, cancel, alive, execute) == "AccountOwnedByWrongProgram"
    assert refused(stage, execute, execute) == "AccountNotInitialized"
    assert refused(stage, cancel, alive, cancel) == "AccountOwnedByWrongProgram"


def test_9_closing_pays_the_rent_to_the_owner_and_nobody_else(stage: Stage) -> None:
    order = stage.where.order(stage.user(stage.alice), SOL_ORDER)
    good = stage.build.cancel_order(stage.trader(stage.alice), order)
    rent = stage.svm.get_balance(order)
    before = stage.svm.get_balance(stage.alice)

    assert refused(stage, with_accounts(stage, good, owner=stage.mallory)) == "WrongAccount"
    assert stage.attempt(good) == LANDS
    assert stage.svm.get_balance(stage.alice) == (before or 0) + (rent or 0)


def test_10_sysvar_a_forged_list_of_instructions_is_not_read(stage: Stage) -> None:
    sysvars = Pubkey.from_string("Sysvar1111111111111111111111111111111111111")
    forged = stage.put(address("instructions of mine"), bytes(64), sysvars)
    clock = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
    for name in ("propose_change", "execute_change (market)"):
        stage, good = CASES[name].staged()
        for wrong in (forged, clock):
            attack = with_accounts(stage, good, instructions=wrong)
            assert refused(stage, attack) == "ConstraintAddress"


def test_10_no_instruction_takes_a_clock_or_a_rent_from_its_caller(stage: Stage) -> None:
    listed = {
        row["address"]
        for each in stage.program._instructions.values()
        for row in each.accounts
        if row.get("address", "").startswith("Sysvar")
    }

    assert listed == {str(admin_cases.INSTRUCTIONS)}
