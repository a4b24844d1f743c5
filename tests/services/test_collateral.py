"""Collateral in a portfolio: counted while its price is fresh; an old one is to look at only."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quantdesk.domain.account import AccountState
from quantdesk.domain.collateral import NO_COLLATERAL, Collateral
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.vault import Outflow, VaultState
from quantdesk.services.exchange_state import AccountSnapshot, CollateralVault
from quantdesk.services.gather_portfolio import gather_portfolio
from tests.fakes.wallet import Wallet
from tests.fakes.world import World, fake_world

OWNER = Wallet.named("alice").address
TOKENS = 10 * 10**9
WORTH = Collateral(initial_e6=800 * 10**6, maintenance_e6=900 * 10**6)


def world_with_tokens(*, age_s: int) -> World:
    world = fake_world()
    now_s = world.clock.now_ms() // 1000
    vault = CollateralVault(
        state=VaultState(
            index=1,
            decimals=9,
            weight_init_e6=800_000,
            weight_maint_e6=900_000,
            conf_gate_e6=5_000,
            age_max_s=10,
            deposit_cap=10**15,
            outflow=Outflow(floor=0, share_e6=0),
        ),
        mint="mint",
        oracle="oracle",
        reading=PriceReading(price_e6=100 * 10**6, conf_e6=0, publish_time=now_s - age_s),
    )
    world.exchange.vaults = {1: vault}
    account = AccountState(address="alice", owner=OWNER, balances=(0, TOKENS, *(0,) * 6))
    snapshot = AccountSnapshot(account=account, positions=(), orders=(), slot=1)
    world.exchange.accounts[OWNER] = snapshot
    return world


@pytest.mark.parametrize(
    ("age_s", "to_trade", "expected"),
    [(10, True, WORTH), (11, True, NO_COLLATERAL), (10, False, WORTH), (11, False, WORTH)],
)
async def test_tokens_count_as_the_program_would_count_them(
    age_s: int, to_trade: bool, expected: Collateral
) -> None:
    world = world_with_tokens(age_s=age_s)

    found = await gather_portfolio(world.deps, OWNER, also=["SOL-PERP"] if to_trade else [])

    assert found.portfolio.collateral == expected


async def test_somebody_without_tokens_has_none_to_count() -> None:
    world = world_with_tokens(age_s=0)
    held = world.exchange.accounts[OWNER]
    plain = replace(held.account, balances=(5, *(0,) * 7))
    world.exchange.accounts[OWNER] = replace(held, account=plain)

    found = await gather_portfolio(world.deps, OWNER)

    assert found.portfolio.collateral == NO_COLLATERAL
    assert found.portfolio.standing(now=found.now_s).initial_equity_e6 == 5
