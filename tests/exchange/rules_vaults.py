"""Rules of vaults: native SOL, collateral bought and sold out, tight vaults, a watched USDC."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import rule

from quantdesk.domain.account import USDC
from quantdesk.domain.conversion import Offer
from quantdesk.domain.custody import Tokens
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.security import VaultChange
from quantdesk.domain.vault import PEG_FLOOR_E6, RAMP_S, WEIGHT_MAX_E6, VaultState
from tests.domain.fullstep import ADMIN, BOT, COLLATERALS, GUARDIAN
from tests.domain.onchain import address
from tests.exchange.stage import TOKENS, TRADERS, U64_EDGES, Stage, mostly

LAMPORTS = mostly(st.integers(1, 10**10), U64_EDGES[:-1])
UNITS = mostly(st.integers(1, 10**10), (0, 1, 2**63 - 1, 2**64 - 1))
PEGS = st.sampled_from((10**6, 10**6, PEG_FLOOR_E6, PEG_FLOOR_E6 - 1, 0))


class VaultRules(Stage):
    """What happens to collateral besides coming and going."""

    @rule(name=TRADERS, amount=LAMPORTS)
    def native_in(self, name: str, amount: int) -> None:
        self.proof.deposit_native(name, amount)

    @rule(name=TRADERS, amount=LAMPORTS)
    def native_out(self, name: str, amount: int) -> None:
        if self.proof.ledger.native_lamports:
            self.publish_all()
            self.proof.withdraw_native(name, amount)

    @rule(names=st.permutations(("trader 0", "trader 1", "trader 2")), index=TOKENS, amount=UNITS)
    def agree(self, names: list[str], index: int, amount: int) -> None:
        seller, buyer = names[:2]
        held = self.account(seller).balances[index]
        self.publish_all()
        offer = Offer(
            seller=self.proof.key(seller),
            buyer=self.proof.key(buyer),
            vault_index=index,
            amount=amount if amount < 10 else max(1, held * amount // 10**10),
            agreed_by=str(self.proof.owners[seller]),
        )
        self.proof.convert((seller, buyer), offer, self.proof.owners[buyer])

    @rule(names=st.permutations(("trader 0", "trader 1", "trader 2")), index=TOKENS, amount=UNITS)
    def sell_out(self, names: list[str], index: int, amount: int) -> None:
        seller, buyer = names[:2]
        self.publish_all()
        offer = Offer(
            seller=self.proof.key(seller),
            buyer=self.proof.key(buyer),
            vault_index=index,
            amount=amount,
        )
        self.proof.convert((seller, buyer), offer, self.proof.owners[buyer])

    @rule(name=TRADERS, index=TOKENS, percent=st.sampled_from((50, 150, 200)))
    def owe(self, name: str, index: int, percent: int) -> None:
        """A loss beside other tokens becomes a debt, and others buy the tokens."""
        decimals = self.proof.ledger.collaterals[index].decimals
        amount = {1: 400, 2: 3, 3: 0.01}[index] * 10**decimals
        self.proof.deposit_token(name, Tokens(amount=int(amount), vault_index=index))
        self.fill(name, self.intent(0, self.size(name, 0, 40 if percent < 100 else -40)))
        if 10**6 < self.prices[0] < 10**11:
            self.prices[0] = self.prices[0] * percent // 100
        self.believe()
        if self.held(name, 0):
            self.fill(name, self.intent(0, -self.held(name, 0), reduce_only=True))
        for buyer in self.proof.traders:
            if buyer != name and self.account(name).balances[index]:
                self.sell_out([name, buyer], index, 2**64 - 1)

    @rule(index=TOKENS, less=st.sampled_from((0, 1, 100_000)), by=st.sampled_from((GUARDIAN, BOT)))
    def tighten_vault(self, index: int, less: int, by: str) -> None:
        limits = self.proof.ledger.vault_of(index).limits
        wanted = replace(limits, weight_init_e6=max(0, limits.weight_init_e6 - less))
        self.proof.tighten_vault(index, wanted, address(by))

    @rule(
        start=st.sampled_from(COLLATERALS),
        weight=st.sampled_from((0, 500_000, WEIGHT_MAX_E6, WEIGHT_MAX_E6 + 1)),
        seconds=st.sampled_from((1, RAMP_S // 3, RAMP_S)),
    )
    def change_weights(self, start: VaultState, weight: int, seconds: int) -> None:
        keep = max(start.weight_init_e6, weight)
        rules = replace(start, weight_maint_e6=keep, is_watched=True)
        self.number += 1
        self.proof.propose(self.number, VaultChange(rules=rules), address(ADMIN))
        self.wait(self.proof.ledger.security.timelock_s)
        self.proof.execute_change(self.number, address(ADMIN))
        self.wait(seconds)
        self.believe()

    @rule(price=PEGS, age=st.sampled_from((0, 0, 10, 11)))
    def move_peg(self, price: int, age: int) -> None:
        reading = PriceReading(price_e6=price, conf_e6=0, publish_time=self.proof.now - age)
        self.proof.publish_token(USDC, reading)
