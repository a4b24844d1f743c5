"""Debts of accounts that hold nothing any more: the fund pays, then the pool, and nobody twice."""

import pytest
from solders.pubkey import Pubkey

from tests.domain.onchain import Failed, Landed
from tests.program.scene import BASE, USD, Scene
from tests.program.test_security import LIQUIDATE, pause


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.price(150)
    return scene


def resolve(scene: Scene, owner: Pubkey) -> Landed | Failed:
    accounts = {"user_account": scene.where.user_account(owner)}
    made = scene.program.instruction("resolve_bankruptcy", accounts)
    return scene.do("resolve_bankruptcy", made, scene.keeper)


@pytest.fixture
def bankrupt(scene: Scene) -> Pubkey:
    """Somebody who closed 100 SOL far below zero before anyone liquidated."""
    owner = scene.person("the bankrupt", usd=1_000)
    scene.trade(owner, 100 * BASE, 150)
    scene.settle_on(130)
    scene.trade(owner, -100 * BASE, 130, reduce_only=True)
    return owner


def test_a_debt_left_by_closing_below_zero_is_paid_by_the_fund(
    scene: Scene, bankrupt: Pubkey
) -> None:
    debt, fund, pool = -scene.cash_e6(bankrupt), scene.fund_e6(), scene.pool()["cash_e6"]

    paid = scene.one("BankruptcyResolved", resolve(scene, bankrupt))

    assert debt > 1_000 * USD
    assert paid.fields["insurance_paid_e6"] == debt
    assert scene.cash_e6(bankrupt) == 0
    assert scene.fund_e6() == fund - debt
    assert scene.pool()["cash_e6"] == pool
    assert resolve(scene, bankrupt) == Failed("NotBankrupt")


def test_who_holds_or_owes_nothing_is_not_bankrupt(scene: Scene) -> None:
    rich = scene.person("the rich", usd=10)
    holder = scene.person("the holder", usd=800)
    scene.trade(holder, 100 * BASE, 150)
    scene.settle_on(130)

    assert resolve(scene, rich) == Failed("NotBankrupt")
    assert resolve(scene, holder) == Failed("NotBankrupt")


def test_a_pause_of_liquidations_holds_this_too(scene: Scene, bankrupt: Pubkey) -> None:
    scene.require(pause(scene, LIQUIDATE))

    assert resolve(scene, bankrupt) == Failed("Paused")
