"""Other collateral than USDC: added without weight, counted at the low edge, never lent out."""

import pytest
from solders.pubkey import Pubkey

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import (
    RECEIVER_PROGRAM,
    associated_token_account,
    price_update,
)
from quantdesk.adapters.chain.instructions import Instructions, MarketRef, VaultRef
from tests.domain.onchain import VAULT, Failed, Landed, address
from tests.program.scene import BASE, USD, Scene
from tests.program.test_security import VAULT_RULES, change, changed

SOL_FEED = 0
ONE_SOL = 10**9
WEEK_S = 604_800


@pytest.fixture
def scene() -> Scene:
    """A scene with a second vault of a nine-decimal token priced by the market's own feed."""
    scene = Scene()
    scene.price(100)
    mint = address("wrapped SOL")
    rent = scene.svm.minimum_balance_for_rent_exemption(tokens.MINT_SPACE)
    create = tokens.create_mint(scene.faucet, mint, scene.faucet, decimals=9, rent_lamports=rent)
    scene.require(scene.run(*create, payer=scene.faucet))
    scene.require(add_vault(scene, mint, weight_e6=0))
    oracle = price_update(scene.feeds[SOL_FEED])
    scene.build = Instructions(
        scene.program,
        [MarketRef(index=0, oracle=oracle)],
        [VaultRef(index=1, mint=mint, oracle=oracle)],
    )
    return scene


def rules(scene: Scene, weight_e6: int) -> dict[str, object]:
    return VAULT | {
        "weight_init_e6": weight_e6,
        "weight_maint_e6": weight_e6,
        "oracle": price_update(scene.feeds[SOL_FEED]),
        "oracle_owner": RECEIVER_PROGRAM,
        "feed_id": scene.feeds[SOL_FEED],
        "conf_gate_e6": 5_000,
        "age_max_s": 10,
    }


def add_vault(scene: Scene, mint: Pubkey, *, weight_e6: int) -> Landed | Failed:
    accounts = {
        "admin": scene.admin,
        "mint": mint,
        "vault_tokens": scene.where.vault_tokens(mint),
    }
    arguments = {"params": rules(scene, weight_e6)}
    made = scene.program.instruction("initialize_token_vault", accounts, arguments)
    return scene.do("initialize_token_vault", made, scene.admin)


def give_weight(scene: Scene, weight_e6: int) -> None:
    wanted = change(scene, VAULT_RULES, index=1, vault=rules(scene, weight_e6))
    vault = scene.where.vault(address("wrapped SOL"))
    scene.require(changed(scene, wanted, vault=vault))
    scene.pass_time(WEEK_S)
    scene.settle_on(100)


def holder_of(scene: Scene, amount: int) -> Pubkey:
    owner = scene.person("the holder")
    mint = address("wrapped SOL")
    wallet = associated_token_account(owner, mint)
    create = tokens.create_token_account(scene.faucet, owner, mint)
    grant = tokens.mint_to(mint, wallet, scene.faucet, amount)
    scene.require(scene.run(create, grant, payer=scene.faucet))
    deposit = scene.build.deposit(scene.trader(owner), mint, amount)
    scene.require(scene.do("deposit other", deposit, owner))
    return owner


def test_a_collateral_added_beside_money_has_no_weight(scene: Scene) -> None:
    other = address("another token")
    owner = holder_of(scene, 100 * ONE_SOL)

    assert add_vault(scene, other, weight_e6=1).__class__ is Failed
    assert scene.place(owner, BASE) == Failed("InsufficientCollateral")


def test_collateral_counts_weighted_at_the_low_edge_of_its_price(scene: Scene) -> None:
    give_weight(scene, 800_000)
    owner = holder_of(scene, 10 * ONE_SOL)
    worth_usd = 10 * 99.95 * 0.8
    per_base_usd = 5 + 0.02 + 0.05 + 0.05 + 0.05

    fits = int(worth_usd / per_base_usd * 0.999)
    assert isinstance(scene.place(owner, fits * BASE), Landed)
    assert scene.place(owner, (fits + 2) * BASE) == Failed("InsufficientCollateral")


def test_collateral_in_use_stays_and_a_stale_price_holds_it(scene: Scene) -> None:
    give_weight(scene, 800_000)
    owner = holder_of(scene, 10 * ONE_SOL)
    scene.trade(owner, 100 * BASE, 100)
    mint = address("wrapped SOL")

    def withdraw(amount: int) -> Landed | Failed:
        made = scene.build.withdraw(scene.trader(owner), mint, amount)
        return scene.do("withdraw other", made, owner)

    assert scene.cash_e6(owner) < 0
    assert withdraw(5 * ONE_SOL) == Failed("InsufficientCollateral")
    assert isinstance(withdraw(ONE_SOL), Landed)
    scene.pass_time(11)
    assert withdraw(ONE_SOL) == Failed("StalePrice")


def test_a_debt_beside_other_collateral_is_not_paid_by_the_fund(scene: Scene) -> None:
    give_weight(scene, 800_000)
    owner = holder_of(scene, 10 * ONE_SOL)
    scene.trade(owner, 100 * BASE, 100)
    fund = scene.fund_e6()
    scene.settle_on(80)

    closed = scene.one("Liquidated", scene.liquidate(owner))

    assert closed.fields["size_after_e9"] == 0
    assert closed.fields["insurance_paid_e6"] == 0
    assert scene.cash_e6(owner) < -1_900 * USD
    assert scene.fund_e6() >= fund
