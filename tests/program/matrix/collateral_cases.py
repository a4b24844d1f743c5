"""Good cases of other collateral: lamports in and out, sales for USDC, tighter vaults."""

from solders.instruction import Instruction

from quantdesk.adapters.chain.collateral import (
    Sale,
    VaultLimits,
    convert_collateral,
    tighten_vault,
)
from quantdesk.adapters.chain.collateral import deposit_native_sol as deposit
from quantdesk.adapters.chain.collateral import withdraw_native_sol as withdraw
from tests.domain.onchain import token_mint
from tests.program.matrix.registry import case
from tests.program.matrix.stage import NATIVE, TOKEN, Stage
from tests.program.scene import BASE

ONE = 10**9


@case("deposit_native_sol (first)")
def deposit_first_sol(stage: Stage) -> Instruction:
    """The vault of lamports is made too."""
    return deposit(stage.build, stage.trader(stage.alice), ONE)


@case("deposit_native_sol")
def deposit_native_sol(stage: Stage) -> Instruction:
    for owner in (stage.alice, stage.mallory):
        stage.require(stage.do("deposit", deposit(stage.build, stage.trader(owner), ONE), owner))
    return deposit(stage.build, stage.trader(stage.alice), ONE)


@case("withdraw_native_sol")
def withdraw_native_sol(stage: Stage) -> Instruction:
    deposit_native_sol(stage)
    return withdraw(stage.build, stage.trader(stage.alice), ONE // 2, vault_index=NATIVE.index)


def withdraw_all(stage: Stage) -> Instruction:
    """As many lamports as Alice and Mallory put in together."""
    return withdraw(stage.build, stage.trader(stage.alice), 2 * ONE, vault_index=NATIVE.index)


@case("convert_collateral (agreed)")
def sell_by_agreement(stage: Stage) -> Instruction:
    stage.require(stage.deposit(stage.keeper, 1_000 * 10**6))
    parties = stage.trader(stage.alice), stage.trader(stage.keeper)
    sale = Sale(vault_index=TOKEN.index, amount=ONE // 2)
    return convert_collateral(stage.build, *parties, sale, agreed=True)


@case("convert_collateral (forced)")
def sell_by_force(stage: Stage) -> Instruction:
    """Carol owes more than her tokens count for."""
    stage.require(stage.deposit(stage.keeper, 2_000 * 10**6))
    carol = stage.person("carol")
    tokens = stage.build.deposit(stage.trader(carol), token_mint(1), 10 * ONE)
    stage.require(stage.do("deposit", tokens, carol))
    stage.fill(carol, 0, 20 * BASE)
    stage.moved(100)
    stage.fill(carol, 0, -20 * BASE, reduce_only=True)
    stage.forger.rivals[stage.user(carol)] = stage.user(stage.mallory)
    parties = stage.trader(carol), stage.trader(stage.keeper)
    sale = Sale(vault_index=TOKEN.index, amount=ONE)
    return convert_collateral(stage.build, *parties, sale, agreed=False)


@case("tighten_vault")
def tighten(stage: Stage) -> Instruction:
    limits = VaultLimits(
        weight_init_e6=700_000, deposit_cap=10**14, outflow_floor=10**11, outflow_share_e6=100_000
    )
    return tighten_vault(stage.build, stage.admin, token_mint(1), limits)
