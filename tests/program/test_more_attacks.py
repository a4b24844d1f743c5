"""Attacks beyond the eleven classes: kept state, remaining accounts, events, nonces, other tokens.

As before: refused by name, nothing changed; what may happen is shown to be harmless.
"""

import base64

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import (
    AdvanceNonceAccountParams,
    TransferParams,
    advance_nonce_account,
    create_nonce_account,
    transfer,
)
from solders.transaction import VersionedTransaction

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import associated_token_account
from tests.domain.onchain import VAULT, address
from tests.program.matrix import (
    admin_cases,
    collateral_cases,
    custody_cases,
    tied_cases,
    trading_cases,
)
from tests.program.matrix.registry import CASES
from tests.program.matrix.stage import LANDS, SOL_ORDER, Stage
from tests.program.matrix.substitutions import TOKEN_2022
from tests.program.scene import BASE, USD
from tests.program.test_attack_classes import refused, with_accounts

CASE_MODULES = (admin_cases, collateral_cases, custody_cases, tied_cases, trading_cases)
MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
ADMINISTRATIVE = (
    "propose_change",
    "execute_change (market)",
    "execute_change (vault)",
    "cancel_change",
    "pause",
    "tighten_market",
    "tighten_vault",
    "initialize_market",
    "initialize_token_vault",
)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_init_if_needed_never_resets_what_is_there(stage: Stage) -> None:
    share, held = stage.share(stage.alice), stage.holding(stage.alice)
    before = stage.must("PoolShare", share)["shares"]

    assert stage.attempt(custody_cases.pool_deposit(stage)) == LANDS
    assert stage.attempt(trading_cases.place_order(stage)) == LANDS

    assert stage.must("PoolShare", share)["shares"] > before
    assert stage.holding(stage.alice) == held


def test_lamports_sent_ahead_do_not_keep_an_account_from_being_opened(stage: Stage) -> None:
    for name in ("place_order", "create_user_account", "propose_change"):
        good = CASES[name].prepare(stage)
        for meta in good.accounts:
            if meta.is_writable and stage.svm.get_account(meta.pubkey) is None:
                gift = TransferParams(
                    from_pubkey=stage.faucet, to_pubkey=meta.pubkey, lamports=1_000_000
                )
                assert stage.attempt(transfer(gift)) == LANDS

        assert stage.attempt(good) == LANDS


RISKY = (
    "withdraw_tokens",
    "transfer_between",
    "place_order",
    "execute_order",
    "liquidate",
    "pool_deposit",
    "pool_withdraw",
)


@pytest.mark.parametrize("name", RISKY)
def test_what_an_account_holds_can_neither_be_hidden_nor_doubled(name: str) -> None:
    stage, good = CASES[name].staged()
    listed = len(stage.program._instructions[name].accounts)
    fixed, rest = list(good.accounts[:listed]), list(good.accounts[listed:])
    assert len(rest) >= 4
    tricks = [
        [],
        rest[:-1],
        rest[1:],
        rest[2:],
        rest[::-1],
        rest + rest[:1],
        rest + rest[-1:],
        rest[:1] * len(rest),
        [*rest[2:], *rest[:2]],
    ]
    for trick in tricks:
        attack = Instruction(good.program_id, bytes(good.data), [*fixed, *trick])
        assert refused(stage, attack) in (
            "WrongRiskSet",
            "WrongFeed",
            "AccountDiscriminatorMismatch",
            "AccountOwnedByWrongProgram",
        )


def test_a_position_of_somebody_else_does_not_stand_for_a_worse_one(stage: Stage) -> None:
    good = custody_cases.withdraw_tokens(stage)
    mine = stage.where.position(stage.user(stage.alice), 0)
    theirs = stage.where.position(stage.user(stage.mallory), 0)
    metas = [
        AccountMeta(theirs, False, False) if each.pubkey == mine else each for each in good.accounts
    ]

    attack = Instruction(good.program_id, bytes(good.data), metas)

    assert refused(stage, attack) == "WrongRiskSet"


def test_a_candidate_cannot_hide_behind_another_position(stage: Stage) -> None:
    good = trading_cases.deleverage(stage)
    odd = Instruction(good.program_id, bytes(good.data), list(good.accounts[:-1]))
    crossed = list(good.accounts)
    crossed[-1] = AccountMeta(stage.where.position(stage.user(stage.alice), 0), False, False)
    swapped = Instruction(good.program_id, bytes(good.data), crossed)

    assert refused(stage, odd) == "WrongRiskSet"
    assert refused(stage, swapped) == "WrongAccount"


def event_of(stage: Stage) -> bytes:
    """A true event's bytes, taken from a transaction's logs."""
    outcome = stage.deposit(stage.alice, USD)
    event = stage.one("Deposited", outcome)
    codec = stage.program._codecs.defined("Deposited")
    head = next(key for key, name in stage.program._events.items() if name == "Deposited")
    return head + codec.encode(event.fields)


def test_an_event_of_another_program_is_none_of_ours(stage: Stage) -> None:
    data = f"Program data: {base64.b64encode(event_of(stage)).decode()}"
    ours, other = str(stage.program.id), str(MEMO)
    inside = [f"Program {ours} invoke [1]", data, f"Program {ours} success"]
    outside = [f"Program {other} invoke [1]", data, f"Program {other} success"]
    after = [f"Program {ours} invoke [1]", f"Program {ours} success", data]
    beneath = [f"Program {ours} invoke [1]", f"Program {other} invoke [2]", data]
    spoken = [
        f"Program {other} invoke [1]",
        f"Program log: Program {ours} invoke [2]",
        f"Program log: \nProgram {ours} invoke [2]",
        data,
    ]

    assert len(stage.program.events(inside)) == 1
    for forged in (outside, after, beneath, spoken):
        assert stage.program.events(forged) == []


def test_a_memo_that_reads_like_our_logs_makes_no_event(stage: Stage) -> None:
    text = f"\nProgram {stage.program.id} invoke [1]\nProgram data: "
    memo = Instruction(MEMO, text.encode() + base64.b64encode(event_of(stage)), [])

    outcome = stage.run(memo, payer=stage.faucet)

    assert outcome.__class__.__name__ == "Landed"
    assert getattr(outcome, "events", None) == []


def under_nonce(stage: Stage, instruction: Instruction) -> str:
    """The same in a transaction whose first instruction advances a nonce of the admin."""
    nonce = address("a nonce account")
    rent = stage.svm.minimum_balance_for_rent_exemption(80)
    for step in create_nonce_account(stage.admin, nonce, stage.admin, rent):
        stage.require(stage.run(step, payer=stage.admin))
    stage.svm.expire_blockhash()
    advance = advance_nonce_account(
        AdvanceNonceAccountParams(nonce_pubkey=nonce, authorized_pubkey=stage.admin)
    )
    message = MessageV0.try_compile(
        stage.faucet, [advance, instruction], [], stage.svm.latest_blockhash()
    )
    signers = [Signature.default()] * message.header.num_required_signatures
    result = stage.svm.send_transaction(VersionedTransaction.populate(message, signers))
    logs = result.meta().logs() if hasattr(result, "meta") else result.logs()
    found = [line.split("Error Code: ")[1] for line in logs if "Error Code: " in line]
    return found[0].split(".")[0] if found else LANDS


@pytest.mark.parametrize("name", ADMINISTRATIVE)
def test_what_an_administrator_signs_dies_with_its_blockhash(name: str) -> None:
    stage, good = CASES[name].staged()

    assert under_nonce(stage, good) == "DurableNonce"


def test_a_mint_of_token_2022_never_becomes_collateral(stage: Stage) -> None:
    mint = address("a mint with a transfer fee")
    stage.put(mint, stage.bytes_at(stage.mint) + bytes(83) + b"\1" + bytes(112), TOKEN_2022)
    accounts = {
        "admin": stage.admin,
        "mint": mint,
        "vault_tokens": stage.where.vault_tokens(mint),
    }
    weightless = VAULT | {"weight_init_e6": 0, "weight_maint_e6": 0}
    for program in (None, TOKEN_2022):
        named = accounts | ({"token_program": program} if program else {})
        attack = stage.program.instruction("initialize_token_vault", named, {"params": weightless})
        error = "InvalidProgramId" if program else "AccountOwnedByWrongProgram"
        assert refused(stage, attack) in (error, "AccountOwnedByWrongProgram")


def test_money_that_i_print_myself_buys_nothing(stage: Stage) -> None:
    mint = address("dollars of mine")
    stage._mint(mint, decimals=6)
    wallet = associated_token_account(stage.mallory, mint)
    create = tokens.create_token_account(stage.faucet, stage.mallory, mint)
    grant = tokens.mint_to(mint, wallet, stage.faucet, 10**15)
    stage.require(stage.run(create, grant, payer=stage.faucet))
    good = stage.build.deposit(stage.trader(stage.mallory), stage.mint, USD)
    alone = with_accounts(stage, good, user_tokens=wallet)
    both = with_accounts(stage, good, user_tokens=wallet, mint=mint)

    assert refused(stage, alone) == "ConstraintTokenMint"
    assert refused(stage, both) == "ConstraintSeeds"


def test_a_gift_to_the_vault_changes_no_share_and_no_balance(stage: Stage) -> None:
    vault = stage.where.vault_tokens(stage.mint)
    before = stage.pool(), stage.must("TokenVault", stage.where.vault(stage.mint))
    gift = tokens.mint_to(stage.mint, vault, stage.faucet, 10**9)
    assert stage.attempt(gift) == LANDS

    assert before == (stage.pool(), stage.must("TokenVault", stage.where.vault(stage.mint)))
    assert stage.imbalance_e6() == 10**9
    assert stage.attempt(custody_cases.withdraw_tokens(stage)) == LANDS
    assert stage.imbalance_e6() == 10**9


def test_lamports_never_leave_an_account_of_the_program_but_by_closing_it(stage: Stage) -> None:
    order = stage.where.order(stage.user(stage.alice), SOL_ORDER)
    for at in (stage.where.pool, stage.where.vault(stage.mint), order):
        take = TransferParams(from_pubkey=at, to_pubkey=stage.mallory, lamports=1)
        before = stage.svm.get_balance(at)
        assert stage.attempt(transfer(take)) != LANDS
        assert stage.svm.get_balance(at) == before


def test_a_second_fill_in_one_transaction_has_no_order_left(stage: Stage) -> None:
    good = trading_cases.execute_order(stage)

    assert refused(stage, good, good) == "AccountNotInitialized"
    assert stage.attempt(good) == LANDS
    assert stage.holding(stage.alice)["size_e9"] == 131 * BASE


def test_the_legs_of_a_bracket_can_neither_be_hidden_nor_exchanged(stage: Stage) -> None:
    good = tied_cases.execute_tied(stage)
    first, second, nothing = (
        stage.where.order(stage.user(stage.alice), tied_cases.GAIN),
        stage.where.order(stage.user(stage.alice), tied_cases.LOSS),
        stage.program.id,
    )
    crossed = with_accounts(stage, good, first_link=second, second_link=first)
    doubled = with_accounts(stage, good, second_link=first)

    assert refused(stage, crossed) == "WrongAccount"
    assert refused(stage, doubled) == "WrongAccount"
    for name in ("first_link", "second_link"):
        assert refused(stage, with_accounts(stage, good, **{name: nothing})) == "WrongAccount"


def test_a_bot_cannot_leave_its_mandate_out_or_show_another(stage: Stage) -> None:
    good = tied_cases.place_by_a_bot(stage)
    theirs = stage.where.mandate(stage.user(stage.mallory), tied_cases.BOT)

    assert refused(stage, with_accounts(stage, good, mandate=stage.program.id)) == "MandateMissing"
    assert refused(stage, with_accounts(stage, good, mandate=theirs)) == "WrongAccount"


def test_lamports_are_withdrawn_once_and_never_a_stranger_s(stage: Stage) -> None:
    good = collateral_cases.withdraw_native_sol(stage)

    assert refused(stage, good, good) == "WrongRiskSet"
    assert stage.attempt(good) == LANDS
    assert refused(stage, collateral_cases.withdraw_all(stage)) == "InsufficientBalance"
    assert stage.gaps() == (0,) * 7


def test_nobody_is_sold_out_who_owes_nothing(stage: Stage) -> None:
    agreed = collateral_cases.sell_by_agreement(stage)
    forced = with_accounts(stage, agreed, owner=stage.program.id)
    metas = list(forced.accounts)
    at = next(place for place, meta in enumerate(metas) if meta.pubkey == stage.program.id)
    metas[at] = AccountMeta(stage.program.id, is_signer=False, is_writable=False)

    attack = Instruction(forced.program_id, bytes(forced.data), metas)

    assert refused(stage, attack) in ("WrongRiskSet", "NothingToPay")
