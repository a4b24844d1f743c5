"""Liquidation beside other collateral: it counts, cannot block, and is sold before others pay."""

import random

import pytest
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.collateral import Sale
from tests.domain.onchain import Failed, Landed, token_mint
from tests.program.scene import BASE, USD
from tests.program.test_bankruptcy import resolve
from tests.program.vaults import DEFAULTS, Band, VaultScene

ONE = 10**9
WEEK_S = 604_800
ALL = 2**63


@pytest.fixture
def scene() -> VaultScene:
    return VaultScene(*DEFAULTS)


@pytest.fixture
def owner(scene: VaultScene) -> Pubkey:
    """Somebody 100 SOL long at 100 on nothing but 10 SOL of collateral."""
    owner = scene.person("the owner")
    scene.require(scene.put_in(owner, 2, 10 * ONE))
    scene.trade(owner, 100 * BASE, 100)
    return owner


def missing_e6(scene: VaultScene, owner: Pubkey, price_e6: int) -> int:
    """What the tokens must count for so that the account is just not liquidated."""
    scene.require(scene.settle_funding(owner))
    entry: int = scene.holding(owner)["entry_e6"]
    return 100 * price_e6 // 40 - scene.cash_e6(owner) - (100 * price_e6 - entry)


def low_for(value_e6: int) -> int:
    """The lowest price at which 10 SOL count for a value to keep a position."""
    return -(-value_e6 // 9)


def test_collateral_keeps_a_position_to_the_unit(scene: VaultScene, owner: Pubkey) -> None:
    scene.settle_on(94)
    enough = low_for(missing_e6(scene, owner, 94 * USD))

    scene.quote(2, Band(price_e6=enough, conf_e6=0))
    kept = scene.liquidate(owner)
    scene.quote(2, Band(price_e6=enough - 1, conf_e6=0))
    lost = scene.liquidate(owner)

    assert kept == Failed("Healthy")
    assert isinstance(lost, Landed)


def test_a_wide_price_of_collateral_counts_at_its_low_edge_when_liquidating(
    scene: VaultScene, owner: Pubkey
) -> None:
    scene.settle_on(94)
    enough = low_for(missing_e6(scene, owner, 94 * USD))

    scene.quote(2, Band(price_e6=enough + 5 * USD, conf_e6=5 * USD))
    kept = scene.liquidate(owner)
    scene.quote(2, Band(price_e6=enough + 5 * USD, conf_e6=5 * USD + 1))

    assert kept == Failed("Healthy")
    assert isinstance(scene.liquidate(owner), Landed)


def test_an_unposted_price_of_collateral_counts_double_and_so_harms_nobody(
    scene: VaultScene, owner: Pubkey
) -> None:
    scene.settle_on(94)
    enough = -(-low_for(missing_e6(scene, owner, 94 * USD)) // 2)

    scene.quote(2, Band(price_e6=enough, conf_e6=USD), age_s=11)
    kept = scene.liquidate(owner)
    scene.quote(2, Band(price_e6=enough - 1, conf_e6=0), age_s=11)

    assert kept == Failed("Healthy")
    assert isinstance(scene.liquidate(owner), Landed)


def test_one_token_s_dead_feed_keeps_nobody_from_being_liquidated_for_a_week(
    scene: VaultScene, owner: Pubkey
) -> None:
    scene.require(scene.put_in(owner, 4, 1))
    scene.settle_on(80)
    scene.quote(2, Band(price_e6=80 * USD))

    scene.quote(4, Band(price_e6=100 * USD), age_s=WEEK_S + 1)
    dead = scene.liquidate(owner)
    scene.quote(4, Band(price_e6=0))
    wrong = scene.liquidate(owner)
    scene.quote(4, Band(price_e6=100 * USD), age_s=-3)
    early = scene.liquidate(owner)
    scene.quote(4, Band(price_e6=100 * USD), age_s=WEEK_S)

    assert (dead, wrong, early) == (
        Failed("StalePrice"),
        Failed("NegativePrice"),
        Failed("FuturePrice"),
    )
    assert isinstance(scene.liquidate(owner), Landed)


def test_what_is_missing_is_paid_by_the_collateral_then_the_fund_and_nothing_is_lost(
    scene: VaultScene, owner: Pubkey
) -> None:
    buyer = scene.person("the buyer", usd=10_000)
    scene.require(scene.put_in(owner, 4, 10**8))
    scene.settle_on(80)
    for index in (2, 4):
        scene.quote(index, Band(price_e6=80 * USD))
    fund = scene.fund_e6()

    closed = scene.one("Liquidated", scene.liquidate(owner)).fields
    debt = -scene.cash_e6(owner)
    first = scene.convert(owner, buyer, Sale(vault_index=2, amount=ALL))
    second = scene.convert(owner, buyer, Sale(vault_index=4, amount=ALL))
    rest = -scene.cash_e6(owner)
    resolved = scene.one("BankruptcyResolved", resolve(scene, owner)).fields

    assert closed["size_after_e9"] == closed["insurance_paid_e6"] == closed["pool_loss_e6"] == 0
    assert isinstance(first, Landed)
    assert isinstance(second, Landed)
    sold_e6 = (10_000_000_000 * 79_950_000 + ONE * 79_950_000) * 98 // 100 // ONE
    assert debt - rest == sold_e6
    assert resolved["insurance_paid_e6"] == rest > 0
    assert scene.fund_e6() == fund - rest
    assert is_conserved(scene, [owner, buyer])


def is_conserved(scene: VaultScene, owners: list[Pubkey]) -> bool:
    everybody = [*owners, scene.keeper]
    pool = scene.pool()
    dollars = sum(scene.cash_e6(each) for each in everybody)
    parts = dollars + pool["cash_e6"] + pool["claims_pot_e6"] + scene.fund_e6()
    tokens = all(
        sum(scene.token_of(each, vault.index) for each in everybody)
        == scene.vault(vault.index)["total_deposits"]
        == scene.vault_tokens(token_mint(vault.index))
        for vault in scene.collaterals
    )
    return bool(tokens and pool["total_user_usdc_e6"] == dollars and scene.vault_tokens() == parts)


def test_a_random_life_beside_collateral_keeps_every_unit(scene: VaultScene) -> None:
    draw = random.Random(20_251_011)  # noqa: S311 - a reproducible story, not a secret
    owners = [scene.person(f"trader {number}") for number in range(4)]
    scene.require(scene.deposit(owners[0], 20_000 * USD))
    for each in owners[1:]:
        scene.require(scene.put_in(each, 2, 20 * ONE))
    usd, happened = 100.0, set()

    for _ in range(150):
        usd = max(50.0, usd * draw.uniform(0.94, 1.055))
        scene.settle_on(f"{usd:.2f}")
        for vault in scene.collaterals:
            scene.quote(vault.index, Band(price_e6=round(usd * USD)))
        owner, other = draw.sample(owners, 2)
        kind = draw.choice(("trade", "trade", "liquidate", "force", "agree", "token", "resolve"))
        if isinstance(step(scene, kind, (owner, other), draw), Landed):
            happened.add(kind)
        assert is_conserved(scene, owners)

    assert {"trade", "liquidate", "force", "agree", "token"} <= happened


def step(
    scene: VaultScene, kind: str, people: tuple[Pubkey, Pubkey], draw: random.Random
) -> Landed | Failed:
    owner, other = people
    sale = Sale(vault_index=2, amount=draw.randint(1, 5 * ONE))
    if kind == "liquidate":
        return scene.liquidate(owner)
    if kind in ("force", "agree"):
        return scene.convert(owner, other, sale, agreed=kind == "agree")
    if kind == "resolve":
        return resolve(scene, owner)
    if kind == "token":
        move = draw.choice((scene.put_in, scene.take_out))
        return move(owner, draw.randint(1, 4), draw.randint(1, ONE))
    scene.place(owner, draw.choice((-1, 1)) * draw.randint(1, 150) * BASE)
    scene.pass_time(1)
    price = scene.must("Market", scene.where.market(0))["last_price_e6"]
    scene.price(price / USD)
    for vault in scene.collaterals:
        scene.quote(vault.index, Band(price_e6=price))
    return scene.execute(owner, keeper_account=scene.keeper_account)
