"""A stage with collateral besides USDC: the defaults of genesis, priced by feeds of their own."""

from dataclasses import dataclass, replace

from solders.account import Account
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import TOKEN_PROGRAM
from quantdesk.adapters.chain.collateral import NATIVE_MINT, Sale, convert_collateral
from quantdesk.adapters.chain.instructions import Trader
from quantdesk.adapters.chain.program import Fields
from quantdesk.domain.market import MarketParams
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.vault import Outflow, VaultState
from tests.domain.onchain import Failed, Landed, token_mint, vault_params
from tests.program.scene import BASE, USD, Scene
from tests.program.test_security import VAULT_RULES, change, changed

RAMP_S = 604_800
CAP = 10**15


def token(index: int, decimals: int, weights: tuple[int, int]) -> VaultState:
    """A collateral whose limits do not bind."""
    return VaultState(
        index=index,
        decimals=decimals,
        weight_init_e6=weights[0],
        weight_maint_e6=weights[1],
        conf_gate_e6=5_000,
        age_max_s=10,
        deposit_cap=CAP,
        outflow=Outflow(floor=CAP, share_e6=0),
    )


USDT = token(1, 6, (950_000, 980_000))
SOL = token(2, 9, (800_000, 900_000))
BTC = token(3, 8, (850_000, 920_000))
ETH = token(4, 8, (850_000, 920_000))
DEFAULTS = (USDT, SOL, BTC, ETH)
WORTHLESS = replace(SOL, weight_init_e6=0, weight_maint_e6=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A price and its confidence, USD e6."""

    price_e6: int
    conf_e6: int = 50_000


class VaultScene(Scene):
    """People with USDC and other tokens."""

    def __init__(self, *collaterals: VaultState, markets: tuple[MarketParams, ...] = ()) -> None:
        """Opens flat SOL, or other markets, and the collaterals, each at 100 USD."""
        super().__init__(*markets, collaterals=collaterals)
        self.price(100)
        for each in collaterals:
            self.quote(each.index, Band(price_e6=100 * USD))

    def quote(self, vault_index: int, band: Band, *, age_s: int = 0) -> None:
        """Publishes a token's price dated `age_s` before now."""
        reading = PriceReading(
            price_e6=band.price_e6, conf_e6=band.conf_e6, publish_time=self.now - age_s
        )
        self.publish_token(vault_index, reading, slot=self.slot)

    def refresh(self, usd: float = 100) -> None:
        """The market and every token at `usd` again, accepted and dated now."""
        self.settle_on(usd)
        for each in self.collaterals:
            self.quote(each.index, Band(price_e6=round(usd * USD)))

    def put_in(self, owner: Pubkey, vault_index: int, amount: int) -> Landed | Failed:
        """Deposits a token, native units."""
        made = self.build.deposit(self.trader(owner), token_mint(vault_index), amount)
        return self.do("deposit other", made, owner)

    def take_out(self, owner: Pubkey, vault_index: int, amount: int) -> Landed | Failed:
        """Withdraws a token, native units."""
        made = self.build.withdraw(self.trader(owner), token_mint(vault_index), amount)
        return self.do("withdraw other", made, owner)

    def token_of(self, owner: Pubkey, vault_index: int) -> int:
        """What an account holds of a token, native units."""
        balance: int = self.account(owner)["balances"][vault_index]
        return balance

    def vault(self, vault_index: int) -> Fields:
        """A token's vault."""
        return self.must("TokenVault", self.where.vault(token_mint(vault_index)))

    def change_weights(self, vault_index: int, weights: tuple[int, int]) -> Landed | Failed:
        """Other weights by the timelock; leaves every price fresh."""
        rules = vault_params(token(vault_index, 9, (0, 0)))
        rules |= {"weight_init_e6": weights[0], "weight_maint_e6": weights[1]}
        proposed = change(self, VAULT_RULES, index=vault_index, vault=rules)
        outcome = changed(self, proposed, vault=self.where.vault(token_mint(vault_index)))
        self.refresh()
        return outcome

    def indebted(self, name: str, *, tokens: int, index: int = 2) -> Pubkey:
        """Somebody with tokens at 100 USD and a debt: 20 SOL bought at 100 and sold at 90."""
        owner = self.person(name)
        self.require(self.put_in(owner, index, tokens))
        self.trade(owner, 20 * BASE, 100)
        self.settle_on(90)
        self.trade(owner, -20 * BASE, 90, reduce_only=True)
        for each in self.collaterals:
            self.quote(each.index, Band(price_e6=100 * USD))
        assert self.cash_e6(owner) < -200 * USD
        return owner

    def convert(
        self, seller: Pubkey, buyer: Pubkey, sale: Sale, *, agreed: bool = False
    ) -> Landed | Failed:
        """A sale between the accounts of two people."""
        parties: tuple[Trader, Trader] = (self.trader(seller), self.trader(buyer))
        made = convert_collateral(self.build, *parties, sale, agreed=agreed)
        return self.do("convert_collateral", made, buyer)


def create_native_mint(scene: Scene) -> None:
    """Wrapped SOL's mint as clusters have it: nine decimals and nobody's authority."""
    data = bytes(36) + bytes(8) + bytes([9, 1]) + bytes(36)
    scene.svm.set_account(NATIVE_MINT, Account(10**9, data, TOKEN_PROGRAM, False, 0))
