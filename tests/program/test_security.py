"""Security: stricter at once, looser only after a timelock, never by a signature kept for later."""

from typing import Any

import pytest
from solders.instruction import Instruction
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import (
    AdvanceNonceAccountParams,
    advance_nonce_account,
    create_nonce_account,
)
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata

from quantdesk.adapters.chain.addresses import associated_token_account, derived
from quantdesk.world.chain.genesis import market_params
from tests.domain.onchain import VAULT, Failed, Landed, address, initial, token_mint
from tests.program.scene import BASE, FLAT_SOL, USD, Scene

UNPAUSE, MARKET, VAULT_RULES, SECURITY = range(4)
DEPOSIT, WITHDRAW, PLACE, GROW, EXECUTE, LIQUIDATE, FUNDING = (1 << bit for bit in range(7))
TIMELOCK_S = 86_400
INSTRUCTIONS = Pubkey.from_string("Sysvar1nstructions1111111111111111111111111")


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.price(150)
    return scene


def pause(scene: Scene, bits: int, by: Pubkey | None = None) -> Landed | Failed:
    signer = by or scene.admin
    made = scene.program.instruction("pause", {"authority": signer}, {"pause_bits": bits})
    return scene.do("pause", made, signer)


def tighten(scene: Scene, status: int, by: Pubkey | None = None) -> Landed | Failed:
    signer = by or scene.admin
    accounts = {"authority": signer, "market": scene.where.market(0)}
    made = scene.program.instruction("tighten_market", accounts, {"status": status})
    return scene.do("tighten", made, signer)


def change(scene: Scene, kind: int, **given: Any) -> dict[str, Any]:
    usual = {
        "kind": kind,
        "index": 0,
        "status": 0,
        "pause_bits": 0,
        "admin": scene.admin,
        "guardian": scene.admin,
        "keeper": scene.keeper,
        "timelock_s": TIMELOCK_S,
        "keeper_reward_e6": 10_000,
        "daily_loss_share_e6": 100_000,
        "market": market_params(FLAT_SOL, scene.feeds[0]),
        "vault": VAULT,
    }
    return usual | given


def proposal(scene: Scene, number: int) -> Pubkey:
    return derived(scene.program.id, b"proposal", number.to_bytes(8, "little"))


def propose(scene: Scene, wanted: dict[str, Any], number: int = 1) -> Instruction:
    accounts = {"admin": scene.admin, "instructions": INSTRUCTIONS}
    arguments = {"id": number, "change": wanted}
    return scene.program.instruction("propose_change", accounts, arguments)


def execute(scene: Scene, number: int = 1, **accounts: Pubkey) -> Landed | Failed:
    given = {
        "admin": scene.admin,
        "proposal": proposal(scene, number),
        "instructions": INSTRUCTIONS,
        **accounts,
    }
    return scene.do("execute", scene.program.instruction("execute_change", given), scene.admin)


def changed(scene: Scene, wanted: dict[str, Any], **accounts: Any) -> Landed | Failed:
    scene.require(scene.do("propose", propose(scene, wanted), scene.admin))
    scene.pass_time(TIMELOCK_S)
    return execute(scene, **accounts)


def test_a_paused_action_is_refused_and_the_others_go_on(scene: Scene) -> None:
    owner = scene.person("the trader", usd=1_000)
    scene.trade(owner, 10 * BASE, 150)
    scene.require(scene.place(owner, BASE))
    scene.pass_time(1)
    scene.price(150)
    scene.require(pause(scene, DEPOSIT | PLACE | GROW | FUNDING))

    assert scene.deposit(owner, USD) == Failed("Paused")
    assert scene.place(owner, BASE) == Failed("Paused")
    assert scene.settle_funding() == Failed("Paused")
    scene.order_id -= 1
    assert scene.execute(owner) == Failed("Paused")
    assert isinstance(scene.withdraw(owner, USD), Landed)
    scene.require(pause(scene, WITHDRAW | LIQUIDATE))
    assert scene.withdraw(owner, USD) == Failed("Paused")
    assert scene.liquidate(owner) == Failed("Paused")


def test_only_guardian_and_admin_pause_and_nobody_sets_what_does_not_exist(scene: Scene) -> None:
    assert pause(scene, DEPOSIT, by=scene.keeper) == Failed("Unauthorized")
    assert tighten(scene, 1, by=scene.keeper) == Failed("Unauthorized")
    assert pause(scene, 1 << 8) == Failed("InvalidParameter")
    assert pause(scene, 0) == Failed("InvalidParameter")


def test_a_market_closes_at_once_and_positions_can_still_be_reduced(scene: Scene) -> None:
    owner = scene.person("the trader", usd=1_000)
    scene.trade(owner, 10 * BASE, 150)
    scene.require(tighten(scene, 1))

    assert scene.place(owner, BASE) == Failed("Paused")
    assert scene.trade(owner, -10 * BASE, 150, reduce_only=True).fields["size_after_e9"] == 0
    assert tighten(scene, 1) == Failed("InvalidParameter")
    assert tighten(scene, 0) == Failed("InvalidParameter")


def test_lifting_a_pause_waits_for_the_timelock(scene: Scene) -> None:
    scene.require(pause(scene, DEPOSIT | WITHDRAW))
    scene.pass_time(1)
    scene.require(
        scene.do("propose", propose(scene, change(scene, UNPAUSE, pause_bits=DEPOSIT)), scene.admin)
    )

    scene.pass_time(TIMELOCK_S - 1)
    early = execute(scene)
    scene.pass_time(1)
    late = execute(scene)

    assert early == Failed("Timelocked")
    assert isinstance(late, Landed)
    assert scene.must("Security", scene.where.security)["pause_bits"] == WITHDRAW
    assert execute(scene) == Failed("AccountNotInitialized")


def test_the_guardian_withdraws_what_it_does_not_trust(scene: Scene) -> None:
    guardian = address("the guardian")
    scene.svm.airdrop(guardian, 10**12)
    roles = change(scene, SECURITY, guardian=guardian)
    scene.require(changed(scene, roles))
    scene.require(scene.do("propose", propose(scene, change(scene, UNPAUSE), 2), scene.admin))

    def cancel(by: Pubkey) -> Landed | Failed:
        accounts = {"authority": by, "proposal": proposal(scene, 2)}
        return scene.do("cancel", scene.program.instruction("cancel_change", accounts), by)

    assert cancel(scene.keeper) == Failed("Unauthorized")
    assert isinstance(cancel(guardian), Landed)
    scene.pass_time(TIMELOCK_S)
    assert execute(scene, 2) == Failed("AccountNotInitialized")
    assert isinstance(pause(scene, DEPOSIT, by=guardian), Landed)


def test_a_market_takes_new_terms_only_for_itself_and_only_sound_ones(scene: Scene) -> None:
    better = market_params(FLAT_SOL, scene.feeds[0]) | {"spread_e6": 100}
    wanted = change(scene, MARKET, market=better)
    cheap = change(scene, MARKET, market=better | {"liquidation_fee_e6": 100})

    assert changed(scene, wanted) == Failed("ProposalMismatch")
    assert isinstance(execute(scene, market=scene.where.market(0)), Landed)
    assert scene.must("Market", scene.where.market(0))["spread_e6"] == 100
    assert changed(scene, cheap, market=scene.where.market(0)) == Failed("LiquidationTooCheap")


def test_a_vault_takes_new_limits(scene: Scene) -> None:
    wanted = change(scene, VAULT_RULES, vault=VAULT | {"deposit_cap": 7})

    assert changed(scene, wanted) == Failed("ProposalMismatch")
    assert isinstance(execute(scene, vault=scene.where.vault(scene.mint)), Landed)
    assert scene.must("TokenVault", scene.where.vault(scene.mint))["deposit_cap"] == 7


def advance_of(scene: Scene) -> Instruction:
    """The advance of a nonce account that the admin opened."""
    nonce = address("a nonce account")
    rent = scene.svm.minimum_balance_for_rent_exemption(80)
    for instruction in create_nonce_account(scene.admin, nonce, scene.admin, rent):
        scene.require(scene.run(instruction, payer=scene.admin))
    scene.svm.expire_blockhash()
    return advance_nonce_account(
        AdvanceNonceAccountParams(nonce_pubkey=nonce, authorized_pubkey=scene.admin)
    )


def test_an_admin_instruction_under_a_durable_nonce_is_refused(scene: Scene) -> None:
    advance = advance_of(scene)

    kept = first(scene, advance, propose(scene, change(scene, UNPAUSE)))
    scene.svm.expire_blockhash()
    fresh = first(scene, propose(scene, change(scene, UNPAUSE)), advance)

    assert kept == Failed("DurableNonce")
    assert isinstance(fresh, Landed)


def test_a_seed_of_the_pool_under_a_durable_nonce_is_refused(scene: Scene) -> None:
    scene.fund_wallet(scene.admin, 1_000 * USD)
    advance = advance_of(scene)
    wallet = associated_token_account(scene.admin, scene.mint)
    accounts = {**scene._vault(), "admin": scene.admin, "user_tokens": wallet}
    seed = scene.program.instruction("seed_pool", accounts, {"amount": USD})

    kept = first(scene, advance, seed)
    scene.svm.expire_blockhash()
    fresh = first(scene, seed, advance)

    assert kept == Failed("DurableNonce")
    assert isinstance(fresh, Landed)


def test_the_exchange_is_not_opened_under_a_durable_nonce() -> None:
    scene = Unopened()
    advance = advance_of(scene)
    accounts = {"admin": scene.admin, "program_data": scene.where.program_data}
    opening = scene.program.instruction("initialize", accounts, initial(scene.admin))

    kept = first(scene, advance, opening)
    scene.svm.expire_blockhash()
    fresh = first(scene, opening, advance)

    assert kept == Failed("DurableNonce")
    assert isinstance(fresh, Landed)


class Unopened(Scene):
    """A stage on which the program is deployed and nothing else."""

    def _open(self, markets: object) -> None:
        del markets

    def _seed(self, pool_e6: int, insurance_e6: int) -> None:
        del pool_e6, insurance_e6

    def open_trader(self, owner: Pubkey, usdc_e6: int = 0) -> Pubkey:
        """Nobody has an account yet."""
        del usdc_e6
        return owner


class Unseeded(Scene):
    """A stage whose pool and fund are empty."""

    def _seed(self, pool_e6: int, insurance_e6: int) -> None:
        del pool_e6, insurance_e6


def first(scene: Scene, *instructions: Instruction) -> Landed | Failed:
    """One transaction in which the first instruction really is the first."""
    message = MessageV0.try_compile(
        scene.admin, list(instructions), [], scene.svm.latest_blockhash()
    )
    signers = [Signature.default()] * message.header.num_required_signatures
    result = scene.svm.send_transaction(VersionedTransaction.populate(message, signers))
    if isinstance(result, FailedTransactionMetadata):
        logs = " ".join(result.meta().logs())
        return Failed("DurableNonce" if "Error Code: DurableNonce" in logs else logs)
    return Landed(scene.program.events(result.logs()))


@pytest.mark.parametrize("usd", [0, 1_000])
def test_users_deposits_before_the_seed_are_money_too(usd: int) -> None:
    scene = Unseeded()
    scene.person("the saver", usd=usd)
    mint = token_mint(1)
    scene._mint(mint, decimals=6)
    accounts = {"admin": scene.admin, "mint": mint, "vault_tokens": scene.where.vault_tokens(mint)}
    weighty = VAULT | {"weight_init_e6": 900_000, "weight_maint_e6": 980_000}

    made = scene.program.instruction("initialize_token_vault", accounts, {"params": weighty})
    vault = scene.do("initialize_token_vault", made, scene.admin)
    params = market_params(FLAT_SOL, scene.feeds[0])
    made = scene.program.instruction(
        "initialize_market", {"admin": scene.admin}, {"index": 1, "params": params}
    )
    scene.require(scene.do("initialize_market", made, scene.admin))

    assert vault == Failed("Timelocked") if usd else isinstance(vault, Landed)
    assert scene.must("Market", scene.where.market(1))["status"] == (2 if usd else 0)


def test_a_market_added_beside_money_starts_closed_and_opens_by_timelock(scene: Scene) -> None:
    params = market_params(FLAT_SOL, scene.feeds[0])
    made = scene.program.instruction(
        "initialize_market", {"admin": scene.admin}, {"index": 1, "params": params}
    )
    scene.require(scene.do("initialize_market", made, scene.admin))
    added = scene.where.market(1)
    closed = scene.must("Market", added)["status"]
    opening = change(scene, MARKET, index=1, market=params)

    opened = changed(scene, opening, market=added)

    assert closed == 2
    assert isinstance(opened, Landed)
    assert scene.must("Market", added)["status"] == 0


@pytest.mark.parametrize(
    ("timelock_s", "fits"), [(3_599, False), (3_600, True), (2_592_000, True), (2_592_001, False)]
)
def test_a_timelock_is_neither_too_short_to_look_nor_too_long_to_mend(
    scene: Scene, timelock_s: int, fits: bool
) -> None:
    outcome = changed(scene, change(scene, SECURITY, timelock_s=timelock_s))

    assert isinstance(outcome, Landed) if fits else outcome == Failed("InvalidParameter")
