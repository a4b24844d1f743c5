"""A full house: two users with everything an instruction can name, and a way back after a crime.

Alice acts; Mallory owns the same things and is whose things are passed off. Everything that any
transaction named is known, so the whole of it can be compared and put back.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from solders.account import Account
from solders.compute_budget import set_compute_unit_limit
from solders.instruction import AccountMeta, Instruction
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata

from quantdesk.adapters.chain.addresses import associated_token_account, derived, price_update
from quantdesk.adapters.chain.collateral import NATIVE_MINT
from quantdesk.adapters.chain.instructions import Instructions, MarketRef, VaultRef
from quantdesk.adapters.chain.program import Fields
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.vault import Outflow, VaultState
from tests.domain.onchain import (
    UNIT_LIMIT,
    Failed,
    Landed,
    OnChain,
    address,
    token_feed,
    token_mint,
    vault_params,
    vault_ref,
)
from tests.program.scene import BASE, FLAT_BTC, FLAT_SOL, START_S, USD, Scene
from tests.program.vaults import create_native_mint

TOKEN = VaultState(
    index=1,
    decimals=9,
    weight_init_e6=800_000,
    weight_maint_e6=900_000,
    conf_gate_e6=10_000,
    age_max_s=10,
    deposit_cap=10**15,
    outflow=Outflow(floor=10**12, share_e6=250_000),
)
NATIVE = replace(TOKEN, index=2)
SOL_ORDER, BTC_ORDER = 901, 902
LANDS = "lands"
PRICES = {0: 150, 1: 60_000}
# The system and the token program count alike here.
OTHER_PROGRAMS = {0: "AlreadyInUse", 1: "InsufficientFunds"}
ERROR_CODE = re.compile(r"Error Code: (\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forger:
    """Where the same thing of another user, or of another market or collateral, lies."""

    rivals: dict[Pubkey, Pubkey]
    elsewhere: dict[Pubkey, Pubkey]


class Stage(Scene):
    """Two markets, USDC and a token, Alice and Mallory with accounts, positions and orders."""

    def __init__(self, *, is_bare: bool = False) -> None:
        """Builds the house; a bare one has the program and nothing initialized."""
        self.is_bare = is_bare
        self.units: dict[str, int] = {}
        self.known: set[Pubkey] = set()
        self.forgeries: set[Pubkey] = set()
        self.prices = dict(PRICES)
        self.now, self.slot, self.order_id = START_S, 1_000, 0
        OnChain.__init__(self, (FLAT_SOL, FLAT_BTC), now=START_S, collaterals=(TOKEN,))
        self.svm.airdrop(address("somebody else"), 10**12)
        if is_bare:
            self.forger = Forger(rivals={}, elsewhere={})
            return
        self.keeper = self.person("the keeper")
        self.keeper_account = self.where.user_account(self.keeper)
        self.fresh()
        self.alice, self.mallory = self._resident("alice"), self._resident("mallory")
        self.forger = Forger(rivals=self._rivals(), elsewhere=self._elsewhere())

    def _open(self, markets: Any) -> None:
        if self.is_bare:
            return
        super()._open(markets)
        create_native_mint(self)
        accounts = {"mint": NATIVE_MINT, "vault_tokens": self.where.vault_tokens(NATIVE_MINT)}
        self._admin("initialize_token_vault", accounts, {"params": vault_params(NATIVE)})
        native = VaultRef(
            index=NATIVE.index, mint=NATIVE_MINT, oracle=price_update(token_feed(NATIVE.index))
        )
        refs = [MarketRef(index=at, oracle=self.oracle(at)) for at in self.feeds]
        self.build = Instructions(self.program, refs, [vault_ref(1), native])

    def _seed(self, pool_e6: int, insurance_e6: int) -> None:
        if not self.is_bare:
            super()._seed(pool_e6, insurance_e6)

    def fresh(self) -> None:
        """Publishes every price, dated now."""
        for market, usd in self.prices.items():
            self.price(usd, market=market)
        reading = PriceReading(price_e6=100 * USD, conf_e6=50_000, publish_time=self.now)
        for vault in (TOKEN, NATIVE):
            self.publish_token(vault.index, reading, slot=self.slot)

    def later(self, seconds: int = 1) -> None:
        """Lets time pass and publishes again."""
        self.pass_time(seconds)
        self.fresh()

    def moved(self, sol: int) -> None:
        """Brings SOL to another price that its market believes."""
        self.prices = {0: sol, 1: 60_000}
        for _ in range(2):
            self.later(6)
            self.require(self.do("update", self.build.update_oracle_price(0), self.keeper))

    def set_cash(self, cash_e6: int) -> None:
        """Leaves the pool with so much cash; the rest is gone from the books only."""
        data = self.bytes_at(self.where.pool)
        self.overwrite(self.where.pool, data[:10] + cash_e6.to_bytes(8, "little") + data[18:])

    def bytes_at(self, at: Pubkey) -> bytes:
        """What an account that must exist holds."""
        account = self.svm.get_account(at)
        assert account is not None, f"{at} does not exist"
        return bytes(account.data)

    def user(self, owner: Pubkey, sub: int = 0) -> Pubkey:
        """The address of a user account."""
        return self.where.user_account(owner, sub)

    def wallet(self, owner: Pubkey, mint: Pubkey | None = None) -> Pubkey:
        """The token account of an owner, for USDC unless a mint is given."""
        return associated_token_account(owner, mint or self.mint)

    def share(self, owner: Pubkey) -> Pubkey:
        """The pool share of an owner."""
        return derived(self.program.id, b"pool_share", bytes(owner))

    def in_market(self, owner: Pubkey, market: int = 0) -> dict[str, Pubkey]:
        """The accounts that a position's instructions share."""
        user = self.user(owner)
        return {
            "user_account": user,
            "market": self.where.market(market),
            "oracle": price_update(self.feeds[market]),
            "position": self.where.position(user, market),
        }

    def in_vault(self, owner: Pubkey) -> dict[str, Pubkey]:
        """The accounts that USDC moves through."""
        return {
            "mint": self.mint,
            "vault_tokens": self.where.vault_tokens(self.mint),
            "user_tokens": self.wallet(owner),
        }

    def run(self, *instructions: Instruction, payer: Pubkey) -> Landed | Failed:
        """Remembers every account that a transaction names."""
        self._note(instructions)
        return super().run(*instructions, payer=payer)

    def do(self, name: str, instruction: Instruction, by: Pubkey) -> Landed | Failed:
        """Remembers every account that a step names."""
        self._note((instruction,))
        return super().do(name, instruction, by)

    def attempt(self, *instructions: Instruction) -> str:
        """What became of a transaction that the faucet pays for: `lands`, or its error's name."""
        self._note(instructions)
        self.svm.expire_blockhash()
        budget = set_compute_unit_limit(UNIT_LIMIT)
        message = MessageV0.try_compile(
            self.faucet, [budget, *instructions], [], self.svm.latest_blockhash()
        )
        signers = [Signature.default()] * message.header.num_required_signatures
        result = self.svm.send_transaction(VersionedTransaction.populate(message, signers))
        if not isinstance(result, FailedTransactionMetadata):
            return LANDS
        found = ERROR_CODE.findall("\n".join(result.meta().logs()))
        return str(found[-1]) if found else runtime_error(str(result.err()))

    def snapshot(self) -> dict[Pubkey, Account | None]:
        """Every account that any transaction ever named, but the payer of the attempts."""
        return {at: self.svm.get_account(at) for at in self.known if at != self.faucet}

    def restore(self, snapshot: dict[Pubkey, Account | None]) -> None:
        """Puts every account back; what was not there before is gone."""
        for at in self.known - {self.faucet}:
            old, present = snapshot.get(at), self.svm.get_account(at)
            if old == present or (old is None and present is None):
                continue
            self.svm.set_account(at, old or Account(0, b"", Pubkey.default(), False, 0))

    def imbalance_e6(self) -> int:
        """Tokens in the vault less what the books say they belong to, USD e6."""
        if self.is_bare:
            return 0
        pool = self.pool()
        parts = self._held(0) + pool["cash_e6"] + pool["claims_pot_e6"] + self.fund_e6()
        return int(self.vault_tokens() - parts)

    def gaps(self) -> tuple[int, ...]:
        """For every vault what it holds less what its books say, and less what users hold of it."""
        if self.is_bare:
            return ()
        sol = self.fields("ProtocolSolVault", derived(self.program.id, b"sol_vault"))
        found = [self.imbalance_e6()]
        for index, mint in enumerate((self.mint, token_mint(1), NATIVE_MINT)):
            booked = self.must("TokenVault", self.where.vault(mint))["total_deposits"]
            lamports = sol["lamports"] if sol and mint == NATIVE_MINT else 0
            found.append(self.vault_tokens(mint) + lamports - booked)
            found.append(booked - self._held(index) if index else 0)
        return tuple(found)

    def _held(self, vault_index: int) -> int:
        return sum(fields["balances"][vault_index] for fields in self._users())

    def _users(self) -> Iterator[Fields]:
        for at in self.known - self.forgeries:
            account = self.svm.get_account(at)
            if account is not None and account.owner == self.program.id:
                kind, fields = self.program.decode_account(account.data)
                if kind == "UserAccount":
                    yield fields

    def put(self, at: Pubkey, data: bytes, owner: Pubkey) -> Pubkey:
        """Writes an account that only a forger needs."""
        self.svm.set_account(at, Account(10**9, data, owner, False, 0))
        self.known.add(at)
        self.forgeries.add(at)
        return at

    def _note(self, instructions: tuple[Instruction, ...]) -> None:
        for instruction in instructions:
            self.known.update(meta.pubkey for meta in instruction.accounts)

    def _resident(self, name: str) -> Pubkey:
        owner = self.person(name, usd=5_000)
        self.open_trader(owner, 1)
        token = self.build.deposit(self.trader(owner), token_mint(1), 10**9)
        self.require(self.do("deposit", token, owner))
        share = self.program.instruction(
            "pool_deposit",
            {"authority": owner, **self.in_vault(owner)},
            {"amount": 1_000 * USD, "min_shares": 1},
            remaining=self.valuation(),
        )
        self.require(self.do("pool_deposit", share, owner))
        self.fill(owner, 0, 130 * BASE)
        self.fill(owner, 1, BASE // 50)
        self._rest(owner, 0, SOL_ORDER)
        self._rest(owner, 1, BTC_ORDER)
        return owner

    def valuation(self) -> list[AccountMeta]:
        """What a valuation of the pool reads."""
        found = []
        for index in (0, 1):
            at = self.where.market(index)
            fields = self.must("Market", at)
            is_open = fields["long_e9"] or fields["short_e9"]
            found += [at, price_update(self.feeds[index])] if is_open else [at]
        return [AccountMeta(each, is_signer=False, is_writable=False) for each in found]

    def fill(self, owner: Pubkey, market: int, size_e9: int, **given: Any) -> None:
        """Places a market order and fills it a second later, at the present prices."""
        self.require(self.place(owner, size_e9, market=market, **given))
        self.later()
        self.one("OrderExecuted", self.execute(owner, market=market))

    def _rest(self, owner: Pubkey, market: int, number: int) -> None:
        kept, self.order_id = self.order_id, number - 1
        price = {"kind": 1, "limit_price_e6": PRICES[market] // 2 * USD}
        self.require(self.place(owner, BASE, market=market, **price))
        self.order_id = kept

    def _rivals(self) -> dict[Pubkey, Pubkey]:
        pairs = {self.admin: self.mallory, self.keeper: self.mallory}
        pairs[self.keeper_account] = self.user(self.mallory)
        pairs[self.wallet(self.admin)] = self.wallet(self.mallory)
        for mine, theirs in ((self.alice, self.mallory),):
            pairs[mine], pairs[self.share(mine)] = theirs, self.share(theirs)
            for mint in (self.mint, token_mint(1)):
                pairs[self.wallet(mine, mint)] = self.wallet(theirs, mint)
            for sub in (0, 1):
                pairs[self.user(mine, sub)] = self.user(theirs, sub)
            for market in (0, 1):
                at = self.where.position(self.user(mine), market)
                pairs[at] = self.where.position(self.user(theirs), market)
            for number in (SOL_ORDER, BTC_ORDER):
                at = self.where.order(self.user(mine), number)
                pairs[at] = self.where.order(self.user(theirs), number)
        return pairs

    def _elsewhere(self) -> dict[Pubkey, Pubkey]:
        pairs: dict[Pubkey, Pubkey] = {}
        where, token = self.where, token_mint(1)
        user = self.user(self.alice)
        both = [
            (where.market(0), where.market(1)),
            (price_update(self.feeds[0]), price_update(self.feeds[1])),
            (where.position(user, 0), where.position(user, 1)),
            (where.order(user, SOL_ORDER), where.order(user, BTC_ORDER)),
            (self.mint, token),
            (where.vault(self.mint), where.vault(token)),
            (where.vault_tokens(self.mint), where.vault_tokens(token)),
            (self.wallet(self.alice), self.wallet(self.alice, token)),
            (where.vault(NATIVE_MINT), where.vault(token)),
            (price_update(token_feed(1)), price_update(token_feed(2))),
        ]
        for one, other in both:
            pairs.setdefault(one, other)
            pairs.setdefault(other, one)
        return pairs


def runtime_error(text: str) -> str:
    """The name of an error that the program did not give: the runtime's or another program's."""
    custom = re.search(r"Custom\((\d+)\)", text)
    if custom:
        return OTHER_PROGRAMS.get(int(custom.group(1)), f"Custom{custom.group(1)}")
    named = re.search(r"Fieldless\((\w+)\)", text)
    return named.group(1) if named else text
