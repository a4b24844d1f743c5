"""Tokens in and out: who may, how much, and that every unit is somewhere."""

import random

import pytest
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import associated_token_account
from tests.domain.onchain import Failed, Landed
from tests.program.scene import BASE, USD, Scene


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.price(150)
    return scene


def owed_e6(scene: Scene, owners: list[Pubkey]) -> int:
    users = sum(scene.cash_e6(owner) for owner in [*owners, scene.keeper])
    pool = scene.pool()
    assert pool["total_user_usdc_e6"] == users
    total: int = users + pool["cash_e6"] + scene.fund_e6()
    return total


def test_what_goes_in_comes_out(scene: Scene) -> None:
    owner = scene.person("the saver", usd=250)

    scene.require(scene.withdraw(owner, 250 * USD))

    assert scene.cash_e6(owner) == 0
    assert scene.vault_tokens() == owed_e6(scene, [owner])


@pytest.mark.parametrize(
    ("amount", "error"), [(0, "ZeroAmount"), (100 * USD + 1, "InsufficientBalance")]
)
def test_more_than_the_balance_never_leaves(scene: Scene, amount: int, error: str) -> None:
    owner = scene.person("the saver", usd=100)

    assert scene.withdraw(owner, amount) == Failed(error)
    assert scene.deposit(owner, 0) == Failed("ZeroAmount")


def test_collateral_in_use_stays_to_the_unit(scene: Scene) -> None:
    owner = scene.person("the trader", usd=1_000)
    scene.trade(owner, 100 * BASE, 150)
    loss_at_the_edge = 15_008_022_500 - 100 * 149_950_000
    free = scene.cash_e6(owner) - loss_at_the_edge - 750 * USD

    assert scene.withdraw(owner, free + 1) == Failed("InsufficientCollateral")
    assert isinstance(scene.withdraw(owner, free), Landed)


def test_the_vault_lets_out_only_so_much_in_an_hour(scene: Scene) -> None:
    owner = scene.person("the whale", usd=2_000_000)
    total = 1_000_000 + 50_000 + 2_000_000
    cap = 100_000 + total // 4

    first = scene.withdraw(owner, cap * USD)
    second = scene.withdraw(owner, USD)
    scene.pass_time(3_600)
    third = scene.withdraw(owner, 100_000 * USD)

    assert isinstance(first, Landed)
    assert second == Failed("OutflowCap")
    assert isinstance(third, Landed)


def test_who_takes_money_out_and_brings_it_back_holds_up_nobody(scene: Scene) -> None:
    whale, saver = scene.person("the whale", usd=2_000_000), scene.person("the saver", usd=500_000)
    cap = 100_000 + (1_000_000 + 50_000 + 2_000_000 + 500_000) // 4
    for _ in range(3):
        scene.require(scene.withdraw(whale, cap * USD))
        assert scene.withdraw(saver, USD) == Failed("OutflowCap")
        scene.require(scene.deposit(whale, cap * USD))

    assert isinstance(scene.withdraw(saver, 500_000 * USD), Landed)


def test_no_credit_is_stored_for_what_comes_in(scene: Scene) -> None:
    whale = scene.person("the whale", usd=2_000_000)
    cap = 100_000 + (1_000_000 + 50_000 + 2_000_000) // 4

    assert scene.withdraw(whale, cap * USD + 1) == Failed("OutflowCap")
    outflow = scene.must("TokenVault", scene.where.vault(scene.mint))["outflow"]
    assert (outflow["level"], outflow["updated_at"]) == (0, scene.now)


@pytest.mark.parametrize("name", ["seed_pool", "seed_insurance"])
def test_a_seed_lets_as_much_leave(scene: Scene, name: str) -> None:
    saver = scene.person("the saver", usd=500)
    scene.require(scene.withdraw(saver, 300 * USD))
    scene.fund_wallet(scene.admin, 100 * USD)
    wallet = associated_token_account(scene.admin, scene.mint)

    accounts = {**scene._vault(), "authority": scene.admin, "user_tokens": wallet}
    scene._admin(name, accounts, {"amount": 100 * USD})

    outflow = scene.must("TokenVault", scene.where.vault(scene.mint))["outflow"]
    assert outflow["level"] == 200 * USD


def test_a_random_life_keeps_every_unit(scene: Scene) -> None:
    draw = random.Random(20_251_010)  # noqa: S311 - a reproducible story, not a secret
    owners = [scene.person(f"trader {number}", usd=3_000) for number in range(4)]
    price, kinds = 150.0, ("trade", "deposit", "withdraw", "fund", "liquidate")

    for _ in range(120):
        price = max(60.0, price * draw.uniform(0.955, 1.045))
        owner, kind = draw.choice(owners), draw.choice(kinds)
        scene.settle_on(f"{price:.2f}")
        if kind == "trade":
            scene.place(owner, draw.choice((-1, 1)) * draw.randint(1, 150) * BASE)
            scene.pass_time(1)
            scene.price(f"{price:.2f}")
            scene.execute(owner, keeper_account=scene.keeper_account)
        elif kind == "deposit":
            scene.deposit(owner, draw.randint(1, 500 * USD))
        elif kind == "withdraw":
            scene.withdraw(owner, draw.randint(1, 500 * USD))
        elif kind == "fund":
            scene.settle_funding(owner if scene.account(owner)["open_markets"][0] == 0 else None)
        else:
            scene.liquidate(owner)
        assert_every_unit_is_somewhere(scene, owners)

    assert {"liquidate", "execute", "withdraw"} <= scene.units.keys()


def assert_every_unit_is_somewhere(scene: Scene, owners: list[Pubkey]) -> None:
    held = [
        position
        for owner in owners
        if (
            position := scene.fields(
                "Position", scene.where.position(scene.where.user_account(owner), 0)
            )
        )
    ]
    market = scene.must("Market", scene.where.market(0))
    vault = scene.must("TokenVault", scene.where.vault(scene.mint))
    sizes = [position["size_e9"] for position in held]

    assert scene.vault_tokens() == owed_e6(scene, owners) == vault["total_deposits"]
    assert market["long_e9"] == sum(size for size in sizes if size > 0)
    assert market["short_e9"] == -sum(size for size in sizes if size < 0)
    assert market["entry_sum_e6"] == sum(position["entry_e6"] for position in held)
    snapshots = sum(position["size_e9"] * position["funding_index"] for position in held)
    assert market["funding_snapshot_sum"] == snapshots
    assert scene.pool()["markets_value_e6"] == market["pool_value_e6"]
