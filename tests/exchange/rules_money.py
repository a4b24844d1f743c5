"""Rules of money: deposits, withdrawals, transfers, claims, and shares of the pool."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from quantdesk.domain.custody import Tokens
from quantdesk.domain.liquidity import COOLDOWN_S
from quantdesk.domain.money import USD_ONE
from tests.domain.lockstep import SECOND
from tests.exchange.stage import TOKENS, TRADERS, U64_EDGES, Stage, mostly

AMOUNTS = mostly(st.integers(1, 20_000 * USD_ONE), U64_EDGES)
SHARES = mostly(st.integers(1, 2_000 * USD_ONE), U64_EDGES)
PERCENT = st.sampled_from((1, 30, 99, 100, 101))
LEVERAGES = mostly(st.integers(1, 100), (0, 1, 100, 101, 65_535))
WHOLE = {1: 1_000, 2: 10, 3: 1}
"""Whole tokens that make a middling deposit, by vault."""


class MoneyRules(Stage):
    """What owners and liquidity providers do."""

    @rule(name=TRADERS, amount=AMOUNTS)
    def deposit(self, name: str, amount: int) -> None:
        self.proof.deposit(name, amount)

    @rule(name=TRADERS, percent=PERCENT)
    def withdraw(self, name: str, percent: int) -> None:
        self.publish_all()
        self.proof.withdraw(name, max(0, self.account(name).usdc_e6) * percent // 100)

    @rule(name=TRADERS, amount=AMOUNTS)
    def withdraw_some(self, name: str, amount: int) -> None:
        self.publish_all()
        self.proof.withdraw(name, amount)

    @rule(name=TRADERS, percent=PERCENT)
    def transfer(self, name: str, percent: int) -> None:
        self.publish_all()
        to_name = SECOND if name == "trader 0" else "trader 0"
        amount = max(0, self.account(name).usdc_e6) * percent // 100
        self.proof.transfer(name, to_name, amount)

    @rule(name=TRADERS, index=TOKENS, percent=PERCENT)
    def deposit_token(self, name: str, index: int, percent: int) -> None:
        vault = self.proof.ledger.collaterals[index]
        amount = WHOLE[index] * 10**vault.decimals * percent // 100
        self.proof.deposit_token(name, Tokens(amount=amount, vault_index=index))

    @rule(name=TRADERS, index=TOKENS, percent=PERCENT)
    def withdraw_token(self, name: str, index: int, percent: int) -> None:
        self.publish_all()
        amount = self.account(name).balances[index] * percent // 100
        self.proof.withdraw_token(name, Tokens(amount=amount, vault_index=index))

    @rule(name=TRADERS, leverage=LEVERAGES)
    def choose_leverage(self, name: str, leverage: int) -> None:
        self.proof.update(name, leverage)

    @rule(name=TRADERS)
    def pay_claims(self, name: str) -> None:
        self.proof.pay_claims(name)

    @rule(name=TRADERS, amount=SHARES, least=st.sampled_from((0, 0, 1, 10**12)))
    def provide(self, name: str, amount: int, least: int) -> None:
        self.publish_all()
        self.proof.pool_deposit(name, amount, least)

    @rule(amount=st.integers(1, 5_000 * USD_ONE))
    def seed_pool(self, amount: int) -> None:
        self.proof.seed_pool(amount)

    @rule(name=TRADERS, percent=PERCENT, waits=st.booleans())
    def leave(self, name: str, percent: int, waits: bool) -> None:
        share = self.proof.ledger.pool_shares.get(str(self.proof.owners[name]))
        if share is None:
            return
        self.proof.request_withdrawal(name, share.shares * percent // 100)
        if waits:
            self.wait(COOLDOWN_S)
            self.believe()
        self.proof.pool_withdraw(name, 0)
