"""A stage for the built program: named people, a clock, a price, and what each step cost.

Signatures are not verified by the machine, so a test may claim any signer; what is proven here is
that the program asks for the right one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from solders.account import Account
from solders.compute_budget import set_compute_unit_limit
from solders.instruction import AccountMeta, Instruction
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import TransactionMetadata

from quantdesk.adapters.chain.instructions import Trader
from quantdesk.adapters.chain.program import Event, Fields
from quantdesk.domain.market import BTC, SOL, MarketParams, Tier
from quantdesk.domain.money import U64_MAX
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.vault import VaultState
from tests.domain.onchain import Failed, Landed, OnChain, address

FLAT_TIER = Tier(notional_cap_e6=U64_MAX, max_leverage=20, imr_e6=50_000, mmr_e6=25_000)
FLAT_SOL = replace(SOL, tiers=(FLAT_TIER,) * 4)
FLAT_BTC = replace(BTC, tiers=(FLAT_TIER,) * 4)
USD = 10**6
BASE = 10**9
START_S = 1_760_000_000
NO_BOUND = 10**12


class Scene(OnChain):
    """The deployed exchange with people on it; prices are whole or decimal US dollars."""

    def __init__(self, *markets: MarketParams, collaterals: tuple[VaultState, ...] = ()) -> None:
        """Opens the markets (flat SOL when none is given), the collaterals and a keeper."""
        self.units: dict[str, int] = {}
        self.now, self.slot, self.order_id = START_S, 1_000, 0
        super().__init__(markets or (FLAT_SOL,), now=START_S, collaterals=collaterals)
        self.keeper = address("the keeper")
        self.keeper_account = self.open_trader(self.keeper)

    def person(self, name: str, usd: int = 0) -> Pubkey:
        """Opens an account for `name` with a deposit; returns the owner's key."""
        owner = address(name)
        self.open_trader(owner)
        if usd:
            self.require(self.deposit(owner, usd * USD))
        return owner

    def trader(self, owner: Pubkey) -> Trader:
        """What instructions need to know of an owner's account."""
        at = self.where.user_account(owner)
        return Trader.of(at, self.must("UserAccount", at))

    def pass_time(self, seconds: int) -> None:
        """Lets time go by, two slots to a second."""
        self.now += seconds
        self.slot += 2 * seconds
        self.set_time(self.now, slot=self.slot)

    def price(self, usd: float | str, *, market: int = 0, conf_e6: int = 50_000) -> None:
        """Publishes a price dated now."""
        price_e6 = round(float(usd) * USD)
        self.publish(market, self.reading(price_e6, conf_e6), slot=self.slot)

    def reading(self, price_e6: int, conf_e6: int = 50_000, *, age_s: int = 0) -> PriceReading:
        """A reading dated `age_s` before now."""
        return PriceReading(price_e6=price_e6, conf_e6=conf_e6, publish_time=self.now - age_s)

    def settle_on(self, usd: float | str, *, market: int = 0, conf_e6: int = 50_000) -> None:
        """Moves the accepted price anywhere: two publications beyond the jump window."""
        for _ in range(2):
            self.pass_time(6)
            self.price(usd, market=market, conf_e6=conf_e6)
            self.require(self.do("update", self.build.update_oracle_price(market), by=self.keeper))

    def deposit(self, owner: Pubkey, amount: int) -> Landed | Failed:
        """Deposits USDC, native units."""
        return self.do("deposit", self.build.deposit(self.trader(owner), self.mint, amount), owner)

    def withdraw(self, owner: Pubkey, amount: int) -> Landed | Failed:
        """Withdraws USDC, native units."""
        return self.do(
            "withdraw", self.build.withdraw(self.trader(owner), self.mint, amount), owner
        )

    def place(
        self, owner: Pubkey, size_e9: int, *, market: int = 0, **given: Any
    ) -> Landed | Failed:
        """Places an order (market without a bound unless `given` says otherwise)."""
        self.order_id += 1
        params = order_params(self.order_id, size_e9, **given)
        return self.do("place", self.build.place_order(self.trader(owner), market, params), owner)

    def order(self, owner: Pubkey) -> Pubkey:
        """The order that `owner` placed last."""
        return self.where.order(self.where.user_account(owner), self.order_id)

    def execute(self, owner: Pubkey, *, market: int = 0, **named: Any) -> Landed | Failed:
        """The keeper executes the last order of `owner`."""
        instruction = self.build.execute_order(
            self.trader(owner), self.order(owner), market, keeper=self.keeper, **named
        )
        return self.do("execute", instruction, self.keeper)

    def trade(self, owner: Pubkey, size_e9: int, usd: float | str, **given: Any) -> Event:
        """Places and fills at one price; the fill's event."""
        self.price(usd, market=given.get("market", 0))
        self.require(self.place(owner, size_e9, **given))
        self.pass_time(1)
        self.price(usd, market=given.get("market", 0))
        return self.one("OrderExecuted", self.execute(owner, market=given.get("market", 0)))

    def liquidate(self, owner: Pubkey, *, market: int = 0, max_size_e9: int = 0) -> Landed | Failed:
        """The keeper liquidates `owner` in a market."""
        instruction = self.build.liquidate(
            self.trader(owner),
            market,
            liquidator=self.keeper,
            liquidator_account=self.keeper_account,
            max_size_e9=max_size_e9,
        )
        return self.do("liquidate", instruction, self.keeper)

    def settle_funding(self, owner: Pubkey | None = None, *, market: int = 0) -> Landed | Failed:
        """Anyone moves the index and settles `owner`."""
        trader = None if owner is None else self.trader(owner)
        instruction = self.build.settle_funding(market, trader)
        return self.do("funding", instruction, self.keeper)

    def do(self, name: str, instruction: Instruction, by: Pubkey) -> Landed | Failed:
        """Runs one instruction and notes its compute units."""
        budget = set_compute_unit_limit(200_000)
        self.svm.expire_blockhash()
        message = MessageV0.try_compile(by, [budget, instruction], [], self._blockhash)
        signers = [Signature.default()] * message.header.num_required_signatures
        result = self.svm.send_transaction(VersionedTransaction.populate(message, signers))
        if isinstance(result, TransactionMetadata):
            spent = result.compute_units_consumed()
            self.units[name] = max(spent, self.units.get(name, 0))
            return Landed(self.program.events(result.logs()))
        return Failed(error_name(self._error_name(result)))

    def holding(self, owner: Pubkey, market: int = 0) -> Fields:
        """The position of `owner`."""
        at = self.where.position(self.where.user_account(owner), market)
        return self.must("Position", at)

    def cash_e6(self, owner: Pubkey) -> int:
        """USDC balance of `owner`."""
        balance: int = self.account(owner)["balances"][0]
        return balance

    def account(self, owner: Pubkey) -> Fields:
        """The user account of `owner`."""
        return self.must("UserAccount", self.where.user_account(owner))

    def pool(self) -> Fields:
        """The pool."""
        return self.must("Pool", self.where.pool)

    def fund_e6(self) -> int:
        """The insurance fund's balance."""
        balance: int = self.must("InsuranceFund", self.where.insurance)["balance_e6"]
        return balance

    def must(self, kind: str, at: Pubkey) -> Fields:
        """A decoded account that must exist."""
        fields = self.fields(kind, at)
        assert fields is not None, f"{kind} {at} does not exist"
        return fields

    def overwrite(self, at: Pubkey, data: bytes, *, owner: Pubkey | None = None) -> None:
        """Replaces an account's bytes, and its owner when one is given."""
        old = self.svm.get_account(at)
        lamports = old.lamports if old else 10**9
        program = owner or (old.owner if old else self.program.id)
        self.svm.set_account(at, Account(lamports, data, program, False, 0))

    @staticmethod
    def one(name: str, outcome: Landed | Failed) -> Event:
        """The only event of that name; the transaction must have succeeded."""
        assert isinstance(outcome, Landed), outcome
        (event,) = [each for each in outcome.events if each.name == name]
        return event


def order_params(order_id: int, size_e9: int, **given: Any) -> Mapping[str, Any]:
    """OrderParams of a market order without a bound, with what is `given` put in."""
    bound = NO_BOUND if size_e9 > 0 else 10_000
    usual = {
        "client_order_id": order_id,
        "kind": 0,
        "size_e9": size_e9,
        "limit_price_e6": bound,
        "trigger_price_e6": 0,
        "trailing_bps": 0,
        "reduce_only": False,
        "expires_at": 0,
    }
    return usual | given


def swapped(instruction: Instruction, position: int, account: Pubkey) -> Instruction:
    """The instruction with another account in one place."""
    metas: Sequence[AccountMeta] = instruction.accounts
    replaced = list(metas)
    old = replaced[position]
    replaced[position] = AccountMeta(account, old.is_signer, old.is_writable)
    return Instruction(instruction.program_id, bytes(instruction.data), replaced)


def unsigned(instruction: Instruction, position: int) -> Instruction:
    """The instruction with one signer that does not sign."""
    replaced = list(instruction.accounts)
    old = replaced[position]
    replaced[position] = AccountMeta(old.pubkey, False, old.is_writable)
    return Instruction(instruction.program_id, bytes(instruction.data), replaced)


FRAMEWORK_ERRORS = {
    2001: "ConstraintHasOne",
    2006: "ConstraintSeeds",
    2012: "ConstraintAddress",
    2014: "ConstraintTokenMint",
    2015: "ConstraintTokenOwner",
    2040: "ConstraintDuplicateMutableAccount",
    3002: "AccountDiscriminatorMismatch",
    3003: "AccountDidNotDeserialize",
    3007: "AccountOwnedByWrongProgram",
    3008: "InvalidProgramId",
    3010: "AccountNotSigner",
    3012: "AccountNotInitialized",
}


def error_name(text: str) -> str:
    """The name of the framework's own error where the program does not know it."""
    for code, name in FRAMEWORK_ERRORS.items():
        if f"InstructionErrorCustom({code})" in text:
            return name
    return text
