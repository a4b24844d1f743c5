"""What one account may hold: never more than one transaction can show to who liquidates it."""

from dataclasses import replace

import pytest
from solders.hash import Hash
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.collateral import Sale
from quantdesk.adapters.chain.transaction import build_message, unsigned
from tests.domain.onchain import Failed, Landed
from tests.program.scene import BASE, FLAT_SOL, USD
from tests.program.vaults import DEFAULTS, Band, VaultScene

MARKETS = tuple(replace(FLAT_SOL, index=index, symbol=f"SOL{index}-PERP") for index in range(8))


class WideScene(VaultScene):
    """A scene with eight markets and four tokens, all at 100."""

    def __init__(self) -> None:
        """Opens everything and publishes every price."""
        super().__init__(*DEFAULTS, markets=MARKETS)
        self.fresh()

    def fresh(self) -> None:
        """Every price dated now."""
        for market in MARKETS:
            self.price(100, market=market.index)
        for vault in self.collaterals:
            self.quote(vault.index, Band(price_e6=100 * USD))

    def open(self, owner: Pubkey, market: int) -> Landed | Failed:
        """Places an order for one SOL in a market and fills it."""
        self.fresh()
        placed = self.place(owner, BASE, market=market)
        if isinstance(placed, Failed):
            return placed
        self.pass_time(1)
        self.fresh()
        return self.execute(owner, market=market)


@pytest.fixture
def scene() -> WideScene:
    return WideScene()


@pytest.fixture
def owner(scene: WideScene) -> Pubkey:
    return scene.person("the collector", usd=10_000)


def with_markets(scene: WideScene, owner: Pubkey, count: int) -> None:
    for market in range(count):
        scene.require(scene.open(owner, market))


def with_tokens(scene: WideScene, owner: Pubkey, count: int) -> None:
    for index in range(1, count + 1):
        scene.require(scene.put_in(owner, index, USD))


def test_dollars_alone_fill_every_market(scene: WideScene, owner: Pubkey) -> None:
    with_markets(scene, owner, 8)

    assert scene.put_in(owner, 1, 1) == Failed("TooManyMarkets")
    assert isinstance(scene.deposit(owner, USD), Landed)


def test_a_new_kind_comes_only_while_the_whole_fits(scene: WideScene, owner: Pubkey) -> None:
    with_tokens(scene, owner, 1)
    with_markets(scene, owner, 7)
    scene.fresh()

    assert scene.put_in(owner, 2, 1) == Failed("TooManyMarkets")
    assert isinstance(scene.put_in(owner, 1, 1), Landed)
    assert scene.open(owner, 7) == Failed("TooManyMarkets")
    assert isinstance(scene.open(owner, 0), Landed)


def test_a_new_market_comes_only_while_the_whole_fits(scene: WideScene, owner: Pubkey) -> None:
    with_tokens(scene, owner, 3)
    with_markets(scene, owner, 6)

    assert scene.open(owner, 6) == Failed("TooManyMarkets")
    assert scene.put_in(owner, 4, 1) == Failed("TooManyMarkets")


def test_an_order_that_lost_its_room_is_closed_for_margin(scene: WideScene, owner: Pubkey) -> None:
    with_tokens(scene, owner, 3)
    with_markets(scene, owner, 5)
    scene.fresh()
    scene.require(scene.place(owner, BASE, market=5))
    scene.require(scene.put_in(owner, 4, 1))
    scene.pass_time(1)
    scene.fresh()

    closed = scene.one("OrderCancelled", scene.execute(owner, market=5))

    assert closed.fields["reason"] == 3


def test_who_buys_a_new_kind_needs_room_for_it_too(scene: WideScene, owner: Pubkey) -> None:
    seller = scene.person("the seller")
    with_tokens(scene, owner, 1)
    with_markets(scene, owner, 7)
    scene.require(scene.put_in(seller, 1, 10 * USD))
    scene.require(scene.put_in(seller, 2, BASE))

    def buy(index: int) -> Landed | Failed:
        return scene.convert(seller, owner, Sale(vault_index=index, amount=10**6), agreed=True)

    assert buy(2) == Failed("TooManyMarkets")
    assert isinstance(buy(1), Landed)


def test_the_fullest_accounts_are_liquidated_in_one_transaction(scene: WideScene) -> None:
    for markets, kinds in ((8, 0), (7, 1), (6, 3), (5, 4)):
        owner = scene.person(f"holder {markets}", usd=50)
        with_tokens(scene, owner, kinds)
        for market in range(markets):
            scene.require(scene.open(owner, market))
        made = scene.build.liquidate(
            scene.trader(owner),
            0,
            liquidator=scene.keeper,
            liquidator_account=scene.keeper_account,
        )
        message = build_message(
            scene.keeper, [made], Hash.default(), unit_limit=200_000, unit_price=1
        )
        assert len(unsigned(message)) <= 1_232
