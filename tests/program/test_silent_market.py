"""A market whose price stopped keeps nobody from being liquidated in another, and harms nobody."""

import pytest
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.collateral import Sale
from tests.domain.onchain import Failed, Landed
from tests.program.scene import BASE, FLAT_BTC, FLAT_SOL, USD, Scene
from tests.program.test_bankruptcy import resolve
from tests.program.vaults import DEFAULTS, Band, VaultScene

SPECK = BASE // 1_000
MINUTE_S = 60
ONE = 10**9


def held(scene: Scene, owner: Pubkey, *, speck_e9: int) -> None:
    """100 SOL at 150 beside some BTC at 100,000, whose feed stops now."""
    scene.price(150)
    scene.price(100_000, market=1)
    bound = 10**6 * USD if speck_e9 > 0 else 1_000 * USD
    scene.trade(owner, speck_e9, 100_000, market=1, limit_price_e6=bound)
    scene.price(150)
    scene.price(100_000, market=1)
    scene.require(scene.place(owner, 100 * BASE))
    scene.pass_time(1)
    scene.price(150)
    scene.price(100_000, market=1)
    scene.require(scene.execute(owner))


def fall_silent(scene: Scene, usd: float | str, seconds: int = MINUTE_S + 1) -> None:
    """SOL goes on to a price, accepted when BTC has been silent for so long."""
    scene.pass_time(seconds - 12)
    scene.settle_on(usd)


@pytest.fixture
def scene() -> Scene:
    return Scene(FLAT_SOL, FLAT_BTC)


@pytest.mark.parametrize("speck_e9", [SPECK, -SPECK])
def test_a_speck_without_a_price_counts_a_quarter_better_and_not_a_unit_more(
    scene: Scene, speck_e9: int
) -> None:
    owner = scene.person("the owner", usd=2_000)
    held(scene, owner, speck_e9=speck_e9)
    fall_silent(scene, "142.5")
    scene.require(scene.settle_funding(owner))
    scene.require(scene.settle_funding(owner, market=1))

    def outcome(slack_e6: int) -> Landed | Failed:
        worth = 100 * 142_500_000 - scene.holding(owner)["entry_e6"]
        speck_e6 = 100 * USD if speck_e9 > 0 else -100 * USD
        worth += speck_e6 + 25 * USD - scene.holding(owner, 1)["entry_e6"]
        set_cash(scene, owner, 100 * 142_500_000 // 40 - worth + slack_e6)
        return scene.liquidate(owner)

    assert outcome(0) == Failed("Healthy")
    assert isinstance(outcome(-1), Landed)


def test_for_a_minute_somebody_should_post_and_the_silent_market_itself_is_not_closed(
    scene: Scene,
) -> None:
    owner = scene.person("the owner", usd=1_000)
    held(scene, owner, speck_e9=SPECK)
    fall_silent(scene, 120, MINUTE_S)

    early = scene.liquidate(owner)
    scene.pass_time(1)
    scene.price(120)
    itself = scene.liquidate(owner, market=1)
    closed = scene.one("Liquidated", scene.liquidate(owner)).fields

    assert early == itself == Failed("StalePrice")
    assert closed["size_after_e9"] == closed["insurance_paid_e6"] == closed["pool_loss_e6"] == 0
    assert closed["balance_after_e6"] < 0
    assert resolve(scene, owner) == Failed("NotBankrupt")


def test_the_silent_market_is_not_the_largest_and_waits_for_a_price(scene: Scene) -> None:
    owner = scene.person("the owner", usd=10_000)
    held(scene, owner, speck_e9=BASE)
    scene.settle_on(90)
    scene.price(100_000, market=1)
    set_cash(scene, owner, -30_000 * USD)

    alive = scene.liquidate(owner)
    fall_silent(scene, 90)

    assert alive == Failed("NotLargestRequirement")
    assert isinstance(scene.liquidate(owner), Landed)


def test_a_missing_price_still_hinders_whoever_grows_or_leaves(scene: Scene) -> None:
    owner = scene.person("the owner", usd=5_000)
    held(scene, owner, speck_e9=SPECK)
    fall_silent(scene, 150)

    assert scene.place(owner, BASE) == Failed("StalePrice")
    assert scene.withdraw(owner, USD) == Failed("StalePrice")
    assert isinstance(scene.place(owner, -BASE, reduce_only=True), Landed)


def test_a_debt_is_sold_out_beside_a_market_without_a_price() -> None:
    scene = VaultScene(*DEFAULTS, markets=(FLAT_SOL, FLAT_BTC))
    scene.price(100_000, market=1)
    buyer = scene.person("the buyer", usd=50_000)
    owner = scene.person("the owner", usd=1_000)
    scene.trade(owner, SPECK, 100_000, market=1)
    scene.require(scene.put_in(owner, 2, ONE))
    set_cash(scene, owner, -500 * USD)
    sale = Sale(vault_index=2, amount=ONE)

    def sold(silent_s: int) -> Landed | Failed:
        scene.pass_time(silent_s)
        scene.quote(2, Band(price_e6=100 * USD))
        return scene.convert(owner, buyer, sale)

    assert sold(MINUTE_S) == Failed("StalePrice")
    assert isinstance(sold(1), Landed)


def set_cash(scene: Scene, owner: Pubkey, cash_e6: int) -> None:
    """Overwrites the USDC balance of an account."""
    at = scene.where.user_account(owner)
    account = scene.svm.get_account(at)
    assert account is not None
    data, before = bytes(account.data), scene.cash_e6(owner).to_bytes(8, "little", signed=True)
    place = data.index(before)
    assert data.count(before) == 1
    scene.overwrite(
        at, data[:place] + cash_e6.to_bytes(8, "little", signed=True) + data[place + 8 :]
    )
