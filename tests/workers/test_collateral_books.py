"""Collateral in the books of the built program: tokens in two forms, sales, debts beside them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.collateral import Sale
from quantdesk.adapters.postgres.database import Database
from tests.adapters.postgres.server import Server
from tests.program.scene import BASE, USD
from tests.program.test_conversion import under_water
from tests.program.test_native_sol import NativeScene
from tests.program.vaults import DEFAULTS, VaultScene
from tests.workers.heard import Heard
from tests.workers.test_books_on_program import (
    database,
    heard,
    index,
    must_agree,
    server,
    snapshot,
)
from tests.workers.test_indexer import rows

__all__ = ["database", "heard", "server"]
ONE = 10**9


def agreed(scene: VaultScene, buyer: Pubkey) -> Pubkey:
    seller = scene.person("the holder")
    scene.require(scene.put_in(seller, 2, 10 * ONE))
    sale = Sale(vault_index=2, amount=3 * ONE)
    scene.require(scene.convert(seller, buyer, sale, agreed=True))
    scene.require(scene.take_out(seller, 2, 7 * ONE))
    return seller


def forced(scene: VaultScene, buyer: Pubkey) -> Pubkey:
    seller, _ = under_water(scene)
    scene.require(scene.convert(seller, buyer, Sale(vault_index=2, amount=2**63)))
    assert scene.cash_e6(seller) >= 0
    return seller


def liquidated(scene: VaultScene, buyer: Pubkey) -> Pubkey:
    seller = scene.person("the holder")
    scene.require(scene.put_in(seller, 2, 10 * ONE))
    scene.trade(seller, 100 * BASE, 100)
    scene.settle_on(88)
    scene.refresh(88)
    scene.require(scene.liquidate(seller))
    return seller


@pytest.mark.parametrize("happens", [agreed, forced, liquidated])
async def test_tokens_and_dollars_agree_after(
    database: Database, heard: Heard, happens: Callable[[VaultScene, Pubkey], Pubkey]
) -> None:
    scene = VaultScene(*DEFAULTS)
    buyer = scene.person("the buyer", usd=100_000)

    seller = happens(scene, buyer)

    await index(database, heard, scene)
    await must_agree(database, scene, seller, buyer, scene.keeper)


async def test_sol_in_both_forms_is_one_balance(
    server: Server, database: Database, heard: Heard
) -> None:
    scene = NativeScene()
    owner = scene.person("the holder", usd=5)
    scene.require(scene.give(owner, 7 * ONE))
    scene.give_wrapped(owner, 2 * ONE)
    scene.require(scene.take(owner, 4 * ONE))
    scene.require(scene.take_wrapped(owner, ONE))

    await index(database, heard, scene)
    await must_agree(database, scene, owner)
    held = snapshot(scene, owner).account
    assert held.balances[:3] == (5 * USD, 0, 4 * ONE)
    assert [each["index"] for each in rows(server, "vaults")] == [0, 1, 2]
