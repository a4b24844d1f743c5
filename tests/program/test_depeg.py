"""USDC below its peg: nobody brings more of it in as dollars, and everybody may leave."""

import pytest
from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import (
    RECEIVER_PROGRAM,
    associated_token_account,
    price_update,
)
from quantdesk.adapters.chain.instructions import VaultRef
from tests.domain.onchain import VAULT, Failed, Landed, token_feed
from tests.program.scene import BASE, USD
from tests.program.test_liquidity import markets, money
from tests.program.test_security import VAULT_RULES, change, changed
from tests.program.vaults import USDT, Band, VaultScene

USDC = 0
ORACLE = price_update(token_feed(USDC))
AT_THE_FLOOR = Band(price_e6=980_000, conf_e6=1_000)
BELOW = Band(price_e6=979_999, conf_e6=1_000)


class PegScene(VaultScene):
    """A scene in which an oracle watches USDC."""

    def __init__(self) -> None:
        """Sets the oracle by the timelock and publishes the floor."""
        super().__init__(USDT)
        rules = VAULT | {
            "oracle": ORACLE,
            "oracle_owner": RECEIVER_PROGRAM,
            "feed_id": token_feed(USDC),
            "conf_gate_e6": 5_000,
            "age_max_s": 10,
        }
        wanted = change(self, VAULT_RULES, vault=rules)
        self.require(changed(self, wanted, vault=self.where.vault(self.mint)))
        self.refresh()
        self.quote(USDC, AT_THE_FLOOR)
        self.build._vaults[USDC] = VaultRef(index=USDC, mint=self.mint, oracle=ORACLE)

    def provide(self, owner: Pubkey, *, oracle: Pubkey | None = ORACLE) -> Landed | Failed:
        """Buys pool shares for 100 USD; `oracle` comes last."""
        watched = [AccountMeta(oracle, is_signer=False, is_writable=False)] if oracle else []
        made = self.program.instruction(
            "pool_deposit",
            money(self, owner),
            {"amount": 100 * USD, "min_shares": 0},
            remaining=[*markets(self), *watched],
        )
        return self.do("pool_deposit", made, owner)


@pytest.fixture
def scene() -> PegScene:
    return PegScene()


@pytest.fixture
def owner(scene: PegScene) -> Pubkey:
    return scene.person("the saver", usd=1_000)


def test_dollars_come_in_at_the_floor_and_not_a_millionth_below(
    scene: PegScene, owner: Pubkey
) -> None:
    at_the_floor = (scene.deposit(owner, USD), scene.provide(owner))
    scene.quote(USDC, BELOW)
    below = (scene.deposit(owner, USD), scene.provide(owner))

    assert [outcome.__class__ for outcome in at_the_floor] == [Landed, Landed]
    assert below == (Failed("Depegged"), Failed("Depegged"))
    assert scene.cash_e6(owner) == 1_001 * USD


@pytest.mark.parametrize(
    ("band", "age_s", "error"),
    [
        (AT_THE_FLOOR, 11, "StalePrice"),
        (Band(price_e6=980_000, conf_e6=4_901), 0, "WidePrice"),
        (AT_THE_FLOOR, -3, "FuturePrice"),
        (Band(price_e6=0), 0, "NegativePrice"),
    ],
)
def test_only_a_valid_price_vouches_for_the_peg(
    scene: PegScene, owner: Pubkey, band: Band, age_s: int, error: str
) -> None:
    scene.quote(USDC, band, age_s=age_s)

    assert scene.deposit(owner, USD) == Failed(error)
    assert scene.provide(owner) == Failed(error)


def test_the_watched_dollar_s_own_oracle_comes_last(scene: PegScene, owner: Pubkey) -> None:
    plain = scene.program.instruction(
        "deposit_tokens",
        scene.build._transfer(scene.trader(owner), scene.mint),
        {"amount": USD},
    )

    assert scene.do("deposit", plain, owner) == Failed("WrongRiskSet")
    assert scene.provide(owner, oracle=None) == Failed("WrongFeed")
    assert scene.provide(owner, oracle=scene.oracle(0)) == Failed("WrongFeed")


def test_shares_are_still_priced_by_every_open_market(scene: PegScene, owner: Pubkey) -> None:
    scene.trade(owner, 10 * BASE, 100)
    scene.quote(USDC, AT_THE_FLOOR)

    assert isinstance(scene.provide(owner), Landed)


def test_whoever_is_in_gets_out_and_other_tokens_come_in(scene: PegScene, owner: Pubkey) -> None:
    scene.quote(USDC, BELOW)

    assert isinstance(scene.withdraw(owner, 500 * USD), Landed)
    assert isinstance(scene.put_in(owner, 1, 100 * USD), Landed)
    assert isinstance(scene.take_out(owner, 1, 100 * USD), Landed)


def test_gifts_to_pool_and_fund_are_not_held_up(scene: PegScene) -> None:
    scene.quote(USDC, BELOW)
    scene.fund_wallet(scene.admin, 2 * USD)
    wallet = associated_token_account(scene.admin, scene.mint)
    given = {
        "authority": scene.admin,
        "admin": scene.admin,
        "mint": scene.mint,
        "vault_tokens": scene.where.vault_tokens(scene.mint),
        "user_tokens": wallet,
    }
    for name in ("seed_pool", "seed_insurance"):
        made = scene.program.instruction(name, given, {"amount": USD})
        assert isinstance(scene.do(name, made, scene.admin), Landed)


def test_without_an_oracle_nobody_watches() -> None:
    scene = VaultScene(USDT)

    assert isinstance(scene.deposit(scene.person("the saver"), USD), Landed)
