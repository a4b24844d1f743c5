"""Lockstep: every action runs on the real program and on the twin, and all they hold is compared.

A difference of one unit in one field, another error, or another event fails at once, with the
actions that led there.
"""

from dataclasses import fields as fields_of

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain import states
from quantdesk.adapters.chain.instructions import Trader
from quantdesk.adapters.chain.program import Event as ChainEvent
from quantdesk.adapters.chain.program import Fields
from quantdesk.domain.account import AccountState
from quantdesk.domain.closeout import Demand
from quantdesk.domain.events import Event
from quantdesk.domain.exchange import Exchange
from quantdesk.domain.ledger import Applied, Ledger, Moment, Outcome
from quantdesk.domain.market import BTC, ETH, SOL, MarketParams
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import OrderIntent
from quantdesk.domain.pool import InsuranceState
from quantdesk.domain.portfolio import Portfolio
from quantdesk.domain.vault import VaultState
from tests.domain.onchain import INSURANCE_E6, POOL_E6, Failed, Landed, OnChain, address

START_S = 1_760_000_000
KEEPER = "keeper"
STRANGER = "stranger"
SECOND = "trader 0, second account"


class Lockstep:
    """The program and its twin side by side, with named traders and one keeper."""

    chain_type: type[OnChain] = OnChain

    def __init__(
        self,
        traders: int = 3,
        markets: tuple[MarketParams, ...] = (SOL, BTC, ETH),
        *,
        pool_e6: int = POOL_E6,
        insurance_e6: int = INSURANCE_E6,
        collaterals: tuple[VaultState, ...] = (),
    ) -> None:
        """Opens both exchanges; the twin starts from the accounts that genesis left on chain."""
        self.now, self.slot = START_S, 1_000
        self.chain = self.chain_type(
            markets,
            now=self.now,
            pool_e6=pool_e6,
            insurance_e6=insurance_e6,
            collaterals=collaterals,
        )
        self.twin = Exchange(self._ledger(tuple(params.index for params in markets)))
        self.owners: dict[str, Pubkey] = {}
        self.log: list[str] = []
        self.steps = 0
        self.chain.svm.airdrop(address(STRANGER), 10**12)
        self.accounts: dict[str, Pubkey] = {}
        for name in (KEEPER, *(f"trader {number}" for number in range(traders))):
            self._open(name, address(name))
        self._open(SECOND, self.owners["trader 0"], sub_account_id=1)
        self.traders = [name for name in self.owners if name != KEEPER]

    @property
    def ledger(self) -> Ledger:
        """What the twin holds."""
        return self.twin.ledger

    @property
    def at(self) -> Moment:
        """The present moment."""
        return Moment(now=self.now, slot=self.slot)

    def key(self, name: str) -> str:
        """Address of a trader's account as text."""
        return str(self.account(name))

    def name_of(self, key: str) -> str:
        """Name of the trader whose account has this address."""
        return next(name for name in self.owners if self.key(name) == key)

    def portfolio(self, name: str) -> Portfolio:
        """A trader's account beside the prices of every market."""
        ledger, key = self.ledger, self.key(name)
        return Portfolio(
            account=ledger.accounts[key],
            positions={index: ledger.position(key, index) for index in ledger.markets},
            quotes={index: ledger.quote(index) for index in ledger.markets},
            pool=ledger.pool,
        )

    def account(self, name: str) -> Pubkey:
        """Address of a trader's account."""
        return self.accounts[name]

    def wait(self, seconds: int, slots: int) -> None:
        """Moves both clocks."""
        self.now, self.slot = self.now + seconds, self.slot + slots
        self.chain.set_time(self.now, slot=self.slot)

    def publish(self, market_index: int, reading: PriceReading) -> None:
        """Posts a price to both."""
        self.log.append(f"{self.now} publish {market_index} {reading}")
        self.chain.publish(market_index, reading, slot=self.slot)
        self.twin.publish(market_index, reading)

    def deposit(self, name: str, amount: int) -> Outcome:
        """A trader deposits USDC e6."""
        built = self.chain.build.deposit(self._trader(name), self.chain.mint, amount)
        ran = self.chain.run(built, payer=self.owners[name])
        told = self.twin.deposit(self.key(name), amount, at=self.at)
        return self._same(f"deposit {name} {amount}", ran, told)

    def withdraw(self, name: str, amount: int) -> Outcome:
        """A trader withdraws USDC e6."""
        built = self.chain.build.withdraw(self._trader(name), self.chain.mint, amount)
        ran = self.chain.run(built, payer=self.owners[name])
        told = self.twin.withdraw(self.key(name), amount, at=self.at)
        return self._same(f"withdraw {name} {amount}", ran, told)

    def transfer(self, name: str, to_name: str, amount: int) -> Outcome:
        """An owner moves USDC e6 between accounts."""
        built = self.chain.program.instruction(
            "transfer_between",
            {
                "authority": self.owners[name],
                "user_account": self.account(name),
                "to_account": self.account(to_name),
            },
            {"amount": amount},
            remaining=self.chain.build.risk_set(self._trader(name)),
        )
        ran = self.chain.run(built, payer=self.owners[name])
        told = self.twin.transfer_between(self.key(name), self.key(to_name), amount, at=self.at)
        return self._same(f"transfer {name} to {to_name} {amount}", ran, told)

    def update(self, name: str, max_leverage: int) -> Outcome:
        """An owner changes an account's leverage cap."""
        built = self.chain.program.instruction(
            "update_user_account",
            {"authority": self.owners[name], "user_account": self.account(name)},
            {"name": bytes(32), "max_leverage": max_leverage},
        )
        ran = self.chain.run(built, payer=self.owners[name])
        told = self.twin.update_user_account(self.key(name), name="", max_leverage=max_leverage)
        return self._same(f"update {name} {max_leverage}", ran, told)

    def place(self, name: str, intent: OrderIntent, by: Pubkey | None = None) -> Outcome:
        """A trader places an order, or somebody else does so in their name."""
        params = {
            each.name: getattr(intent, each.name)
            for each in fields_of(intent)
            if each.name != "market_index"
        }
        owner = self.owners[name]
        built = self.chain.build.place_order(self._trader(name), intent.market_index, params)
        ran = self.chain.run(signed_by(built, owner, by or owner), payer=by or owner)
        told = self.twin.place_order(self.key(name), intent, at=self.at, by=str(by or owner))
        return self._same(f"place {name} {intent} by {by}", ran, told)

    def cancel(self, name: str, order_id: int, *, by_owner: bool) -> Outcome:
        """The owner or a stranger cancels an order."""
        by = self.owners[name] if by_owner else address(STRANGER)
        return self.cancel_by(name, order_id, by)

    def cancel_by(self, name: str, order_id: int, by: Pubkey) -> Outcome:
        """Somebody cancels an order."""
        order = self.chain.where.order(self.account(name), order_id)
        built = self.chain.build.cancel_order(self._trader(name), order, by=by)
        ran = self.chain.run(built, payer=by)
        told = self.twin.cancel_order(self.key(name), order_id, at=self.at, by=str(by))
        return self._same(f"cancel {name} {order_id} by {by}", ran, told)

    def execute(self, name: str, order_id: int, *, with_reward: bool) -> Outcome:
        """The keeper executes an order, for the reward or without."""
        keeper = self.owners[KEEPER]
        order = self.ledger.orders[(self.key(name), order_id)]
        built = self.chain.build.execute_order(
            self._trader(name),
            self.chain.where.order(self.account(name), order_id),
            order.market_index,
            keeper=keeper,
            keeper_account=self.account(KEEPER) if with_reward else None,
        )
        ran = self.chain.run(built, payer=keeper)
        rewarded = self.key(KEEPER) if with_reward else None
        told = self.twin.execute_order(self.key(name), order_id, keeper=rewarded, at=self.at)
        return self._same(f"execute {name} {order_id} {with_reward}", ran, told)

    def look(self, market_index: int) -> Outcome:
        """Anyone lets a market look at its oracle."""
        built = self.chain.build.update_oracle_price(market_index)
        ran = self.chain.run(built, payer=self.owners[KEEPER])
        told = self.twin.update_oracle_price(market_index, at=self.at)
        return self._same(f"look {market_index}", ran, told)

    def settle(self, market_index: int, name: str | None) -> Outcome:
        """Anyone settles funding, of one position or of the market alone."""
        trader = None if name is None else self._trader(name)
        ran = self.chain.run(
            self.chain.build.settle_funding(market_index, trader), payer=self.owners[KEEPER]
        )
        address = None if name is None else self.key(name)
        told = self.twin.settle_funding(market_index, address, at=self.at)
        return self._same(f"settle {market_index} {name}", ran, told)

    def liquidate(self, name: str, market_index: int, most_e9: int) -> Outcome:
        """The keeper tries to liquidate a position."""
        keeper = self.owners[KEEPER]
        built = self.chain.build.liquidate(
            self._trader(name),
            market_index,
            liquidator=keeper,
            liquidator_account=self.account(KEEPER),
            max_size_e9=most_e9,
        )
        ran = self.chain.run(built, payer=keeper)
        demand = Demand(
            account=self.key(name),
            market_index=market_index,
            liquidator=self.key(KEEPER),
            max_size_e9=most_e9,
        )
        told = self.twin.liquidate(demand, at=self.at)
        return self._same(f"liquidate {name} {market_index} {most_e9}", ran, told)

    def resolve(self, name: str) -> Outcome:
        """Anyone resolves the bankruptcy of an account."""
        built = self.chain.program.instruction(
            "resolve_bankruptcy", {"user_account": self.account(name)}
        )
        ran = self.chain.run(built, payer=self.owners[KEEPER])
        told = self.twin.resolve_bankruptcy(self.key(name), at=self.at)
        return self._same(f"resolve {name}", ran, told)

    def compare_everything(self) -> None:
        """Every account of the exchange against the twin, field by field, and the money."""
        where = self.chain.where
        self._equal("pool", states.pool_state(self._read("Pool", where.pool)), self.ledger.pool)
        insurance = self._read("InsuranceFund", where.insurance)
        found = InsuranceState(balance_e6=insurance["balance_e6"], paid_e6=insurance["paid_e6"])
        self._equal("insurance", found, self.ledger.insurance)
        self._equal("vault", self._vault(), self.ledger.vault)
        for index, market in self.ledger.markets.items():
            on_chain = states.market_state(self._read("Market", where.market(index)))
            self._equal(f"market {index}", on_chain, market)
        for name in self.owners:
            self._compare_account(name)
        for (key, order_id), order in self.ledger.orders.items():
            at = self.chain.where.order(Pubkey.from_string(key), order_id)
            self._equal(f"order {order_id}", states.order(self._read("Order", at)), order)
        self._compare_money()

    def _compare_account(self, name: str) -> None:
        at = self.account(name)
        on_chain = states.account_state(str(at), self._read("UserAccount", at))
        self._equal(name, on_chain, self.ledger.accounts[str(at)])
        for index in self.ledger.markets:
            held = self.ledger.positions.get((str(at), index))
            found = self.chain.fields("Position", self.chain.where.position(at, index))
            position = None if found is None else states.position(found)
            self._equal(f"{name} in {index}", position, held)

    def _compare_money(self) -> None:
        tokens = self.chain.vault_tokens()
        self._equal("tokens in the vault", tokens, self.ledger.held_e6)
        self._equal("vault's own count", self.ledger.vault.total_deposits, tokens)

    def _same(self, action: str, ran: Landed | Failed, told: Outcome) -> Outcome:
        self.steps += 1
        self.log.append(f"{self.now} {action}")
        if isinstance(told, Applied):
            assert isinstance(ran, Landed), self._story(f"program: {ran}; twin: {told}")
            self._equal("number of events", len(ran.events), len(told.events))
            for said, expected in zip(ran.events, told.events, strict=True):
                self._compare_event(said, expected)
        else:
            found = ran.error if isinstance(ran, Failed) else f"success {ran}"
            self._equal("refusal", found, told.refusal.value)
        self.compare_everything()
        return told

    def _compare_event(self, said: ChainEvent, expected: Event) -> None:
        self._equal("event", said.name, type(expected).__name__)
        for each in fields_of(expected):
            found = said.fields[each.name]
            found = str(found) if isinstance(found, Pubkey) else found
            self._equal(f"{said.name}.{each.name}", found, getattr(expected, each.name))

    def _equal(self, what: str, program: object, twin: object) -> None:
        if program != twin:
            raise AssertionError(self._story(f"{what}\nprogram: {program}\ntwin:    {twin}"))

    def _story(self, difference: str) -> str:
        return "\n".join([difference, f"after {self.steps} steps:", *self.log[-30:]])

    def _trader(self, name: str) -> Trader:
        account = self.ledger.accounts[self.key(name)]
        return Trader(
            address=self.account(name),
            owner=self.owners[name],
            open_markets=account.open_markets,
            balances=account.balances,
        )

    def _open(self, name: str, owner: Pubkey, *, sub_account_id: int = 0) -> None:
        self.owners[name] = owner
        self.accounts[name] = self.chain.open_trader(owner, sub_account_id)
        opened = AccountState(
            address=self.key(name), owner=str(owner), sub_account_id=sub_account_id
        )
        self.twin.create_user_account(opened, at=self.at)

    def _ledger(self, indices: tuple[int, ...]) -> Ledger:
        where = self.chain.where
        insurance = self._read("InsuranceFund", where.insurance)
        return Ledger(
            vault=self._vault(),
            pool=states.pool_state(self._read("Pool", where.pool)),
            insurance=InsuranceState(balance_e6=insurance["balance_e6"]),
            markets={
                index: states.market_state(self._read("Market", where.market(index)))
                for index in indices
            },
        )

    def _vault(self, mint: Pubkey | None = None) -> VaultState:
        at = self.chain.where.vault(mint or self.chain.mint)
        return states.vault_state(self._read("TokenVault", at))

    def _read(self, kind: str, at: Pubkey) -> Fields:
        found = self.chain.fields(kind, at)
        assert found is not None, f"{kind} {at} is missing"
        return found


def signed_by(instruction: Instruction, owner: Pubkey, by: Pubkey) -> Instruction:
    """The instruction with `by` signing where `owner` would."""
    accounts = [
        AccountMeta(by, is_signer=True, is_writable=each.is_writable)
        if each.is_signer and each.pubkey == owner
        else each
        for each in instruction.accounts
    ]
    return Instruction(instruction.program_id, bytes(instruction.data), accounts)
