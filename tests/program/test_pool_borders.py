"""The pool's borders on the built program: reserve, outflow, gifts; pauses beside each other."""

import pytest

from quantdesk.adapters.chain.addresses import associated_token_account
from tests.domain.onchain import Failed, Landed
from tests.program.scene import BASE, USD, Scene
from tests.program.test_liquidity import DAY_S, ask, provide, take
from tests.program.test_security import DEPOSIT, WITHDRAW, pause


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.price(150)
    return scene


def give(scene: Scene, amount: int) -> Landed | Failed:
    scene.fund_wallet(scene.admin, amount)
    accounts = {
        "admin": scene.admin,
        "mint": scene.mint,
        "vault_tokens": scene.where.vault_tokens(scene.mint),
        "user_tokens": associated_token_account(scene.admin, scene.mint),
    }
    made = scene.program.instruction("seed_pool", accounts, {"amount": amount})
    return scene.do("seed_pool", made, scene.admin)


def test_no_provider_leaves_out_of_the_reserve(scene: Scene) -> None:
    owner = scene.person("the provider")
    scene.require(provide(scene, owner, 100_000 * USD))
    scene.require(ask(scene, owner, 100_000 * USD))
    scene.pass_time(DAY_S)
    trader = scene.person("the trader", usd=500_000)
    scene.settle_on(150)
    scene.trade(trader, 11_000 * BASE, 150)

    # 1,650,000 of skew ask for 825,000 of reserve; four fifths of a pool of 1,000,000 are 800,000.
    kept = take(scene, owner)
    scene.trade(trader, -1_000 * BASE, 150)

    assert kept == Failed("PoolReserve")
    assert isinstance(take(scene, owner), Landed)


def test_what_a_provider_takes_passes_the_outflow_cap(scene: Scene) -> None:
    owner = scene.person("the provider")
    scene.require(provide(scene, owner, 5_000_000 * USD))
    scene.require(ask(scene, owner, 5_000_000 * USD))
    scene.pass_time(DAY_S)

    assert take(scene, owner) == Failed("OutflowCap")


def test_a_gift_to_a_pool_with_providers_makes_no_shares(scene: Scene) -> None:
    owner = scene.person("the provider")
    scene.require(provide(scene, owner, 1_000 * USD))
    before = scene.pool()

    scene.require(give(scene, 50 * USD))

    assert scene.pool()["cash_e6"] == before["cash_e6"] + 50 * USD
    assert scene.pool()["shares"] == before["shares"]


def test_a_second_pause_leaves_the_first(scene: Scene) -> None:
    scene.require(pause(scene, DEPOSIT))
    scene.require(pause(scene, WITHDRAW))

    bits = scene.must("Security", scene.where.security)["pause_bits"]

    assert bits == DEPOSIT | WITHDRAW
