"""Vault walk: the pool walk with native SOL, sold collateral, tightened vaults, a watched USDC."""

from dataclasses import replace

from quantdesk.domain.account import USDC
from quantdesk.domain.conversion import Offer
from quantdesk.domain.events import Event
from quantdesk.domain.money import USD_ONE
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.security import VaultChange
from quantdesk.domain.vault import PEG_FLOOR_E6, RAMP_S, WEIGHT_MAX_E6
from quantdesk.domain.vault_events import CollateralConverted
from tests.domain.fullstep import ADMIN, BOT, COLLATERALS, GUARDIAN, WRAPPED_SOL
from tests.domain.fullwalk import PRICED_BY
from tests.domain.onchain import address
from tests.domain.poolwalk import PoolWalk
from tests.domain.vaultstep import VaultStep

WALLET_LAMPORTS = 10**12


class VaultWalk(PoolWalk):
    """Walks a `VaultStep`."""

    pair: VaultStep

    def __init__(self, pair: VaultStep, seed: int) -> None:
        """Publishes USDC's own price before anybody deposits."""
        self.is_watched = pair.chain.watches_usdc
        if self.is_watched:
            first = PriceReading(price_e6=USD_ONE, conf_e6=0, publish_time=pair.now)
            pair.publish_token(USDC, first)
        super().__init__(pair, seed)
        self.actions += [
            ("native_in", self.native_in),
            ("native_out", self.native_out),
            ("agree", self.agree),
            ("force", self.force),
            ("tighten_vault", self.tighten_vault),
            ("owe", self.owe),
        ]
        self.habits += [
            {"tighten_vault": 1}.get(name, 4) * self.source.choice((1, 2))
            for name, _ in self.actions[-6:]
        ]

    def deposit(self) -> None:
        """A deposit, mostly under a fresh price of USDC."""
        self.look_at_peg()
        super().deposit()

    def refill(self, name: str) -> None:
        """The same."""
        self.look_at_peg()
        super().refill(name)

    def provide(self) -> None:
        """The same for the pool."""
        self.look_at_peg()
        super().provide()

    def look_at_peg(self) -> None:
        """USDC's price, seldom off its peg, wide, old or from the future."""
        if not self.is_watched or self.source.random() < 0.1:
            return
        off = (PEG_FLOOR_E6 - 1, PEG_FLOOR_E6, PEG_FLOOR_E6 + 1, 1_030_000)
        price_e6 = self.source.choice((*(USD_ONE,) * 12, *off))
        reading = PriceReading(
            price_e6=price_e6,
            conf_e6=price_e6 * self.source.choice((0, 1, 4, 5, 5, 6)) // 1_000,
            publish_time=self.pair.now + self.source.choice((0,) * 9 + (-10, -11, 2, 3)),
        )
        self.pair.publish_token(USDC, reading)

    def native_in(self) -> None:
        """Somebody deposits lamports."""
        amount = self.source.choice((0, 1, *(self.source.randint(1, 10**10),) * 6, 2**63))
        self.note("native in", self.pair.deposit_native(self.someone(), amount))

    def native_out(self) -> None:
        """Somebody withdraws lamports, in this form or a unit too many."""
        if self.pair.ledger.native_lamports == 0:
            return
        name = self.someone()
        held = self.balance(name, WRAPPED_SOL.index)
        there = self.pair.ledger.native_lamports
        part = self.source.randint(0, held)
        amount = self.source.choice((part, part // 7, held, held + 1, there, there + 1))
        self.publish_all()
        if self.note("native out", self.pair.withdraw_native(name, amount)):
            self.count("lamports withdrawn")

    def agree(self) -> None:
        """Somebody sells tokens to somebody else who wants them."""
        index = self.source.choice(list(PRICED_BY))
        seller, buyer = self.source.sample(self.pair.traders, 2)
        held = self.balance(seller, index)
        part = self.source.randint(0, held)
        amount = self.source.choice((part, part // 9, held, held + 1))
        strangers = (address(BOT), self.pair.owners[buyer])
        signer = self.source.choice((*(self.pair.owners[seller],) * 9, *strangers))
        self.publish_all()
        self.sell((seller, buyer), index, amount, agreed_by=str(signer))

    def force(self) -> None:
        """Somebody tries to sell another's tokens against their will."""
        index = self.source.choice(list(PRICED_BY))
        seller, buyer = self.source.sample(self.pair.traders, 2)
        self.publish_all()
        self.sell((seller, buyer), index, self.source.choice((0, 1, 10**18, 10**18)))

    def owe(self) -> None:
        """A debt arises beside other tokens, and is collected token by token."""
        self.ruin()
        accounts = self.pair.ledger.accounts
        for name in self.pair.traders:
            account = accounts[self.pair.key(name)]
            if account.usdc_e6 < 0 and account.other_vaults:
                self.collect(name, account.other_vaults)

    def collect(self, seller: str, indices: tuple[int, ...]) -> None:
        """Others buy what a debtor holds, then the debt that is left is resolved."""
        self.publish_all()
        if self.source.random() < 0.2:
            self.pair.wait(self.source.choice((11, 604_800, 604_811)), 10)
            self.refresh_markets()
        for index in indices:
            self.publish_token(index)
            buyers = [each for each in self.pair.traders if each != seller]
            richest = max(buyers, key=lambda each: self.balance(each, USDC))
            most = self.balance(seller, index)
            amount = self.source.choice((10**18, 10**18, max(1, most // 3)))
            self.sell((seller, richest), index, amount)
        self.note("resolve", self.pair.resolve(seller))

    def refresh_markets(self) -> None:
        """Fresh prices of markets alone: every token's stays old."""
        for _ in range(2):
            self.pair.wait(1, 2)
            for index in self.prices:
                reading = PriceReading(
                    price_e6=self.prices[index], conf_e6=0, publish_time=self.pair.now
                )
                self.pair.publish(index, reading)
                self.note("look", self.pair.look(index))

    def sell(
        self, names: tuple[str, str], index: int, amount: int, *, agreed_by: str | None = None
    ) -> None:
        """One sale, seldom with bounds that do not hold or by somebody else's key."""
        seller, buyer = names
        offer = Offer(
            seller=self.pair.key(seller),
            buyer=self.pair.key(buyer),
            vault_index=index,
            amount=amount,
            agreed_by=agreed_by,
        )
        if self.source.random() < 0.1:
            offer = replace(offer, min_usdc_e6=10**9, max_usdc_e6=self.source.choice((0, 10**12)))
        by = self.pair.owners[buyer]
        if self.source.random() < 0.03:
            by = address(BOT)
        self.note("convert", self.pair.convert(names, offer, by))

    def tighten_vault(self) -> None:
        """Guardian or admin (or a bot) lowers a vault's limits; later they are restored."""
        index = self.source.choice(list(PRICED_BY))
        limits = self.pair.ledger.vault_of(index).limits
        weight = limits.weight_init_e6 + self.source.choice((0, -1, -100_000, 1))
        wanted = replace(
            limits,
            weight_init_e6=max(0, weight),
            outflow_floor=limits.outflow_floor - self.source.choice((0, 0, 1)),
            deposit_cap=limits.deposit_cap - self.source.choice((0, 1, -1)),
        )
        by = address(self.source.choice((ADMIN, GUARDIAN, BOT)))
        self.note("tighten vault", self.pair.tighten_vault(index, wanted, by))

    def change(self) -> None:
        """As the base, or a vault's rules are raised and ramp for a part of a week."""
        if self.source.random() < 0.5:
            super().change()
            return
        start = self.source.choice(COLLATERALS)
        weight = self.source.choice((0, 500_000, WEIGHT_MAX_E6, WEIGHT_MAX_E6 + 1))
        keep = max(start.weight_init_e6, weight)
        self.enact(VaultChange(rules=replace(start, weight_maint_e6=keep, is_watched=True)))
        self.pair.wait(self.source.choice((0, 1, RAMP_S // 3, RAMP_S)), 10)
        self.refresh()

    def balance(self, name: str, index: int) -> int:
        """What somebody holds of a token."""
        return self.pair.ledger.accounts[self.pair.key(name)].balances[index]

    def count_hardship(self, event: Event) -> None:
        """As the base, and which sales were forced."""
        super().count_hardship(event)
        if isinstance(event, CollateralConverted):
            self.count("sale forced" if event.forced else "sale agreed")
