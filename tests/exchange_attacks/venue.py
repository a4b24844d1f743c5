"""Where an attack happens: on the twin alone, or on the program with the twin in lock step.

Both have the same people under the same names: traders, the executor (who is the attacker's own
where an attack wants that), the admin and a guardian.
"""

from collections.abc import Iterable
from typing import Protocol

from quantdesk.domain.account import AccountState
from quantdesk.domain.closeout import Demand
from quantdesk.domain.custody import Tokens
from quantdesk.domain.exchange import Exchange
from quantdesk.domain.ledger import Ledger, Moment, Outcome
from quantdesk.domain.market import SOL, MarketState
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import OrderIntent
from quantdesk.domain.pool import PoolState
from quantdesk.domain.security import Change, SecurityState
from quantdesk.domain.vault import Outflow, VaultState
from tests.domain.fullstep import COLLATERALS
from tests.domain.lockstep import KEEPER, START_S
from tests.domain.onchain import INSURANCE_E6, POOL_E6
from tests.domain.poolstep import PoolStep

FLOOR_E6 = 100_000 * 10**6
SHARE_E6 = 250_000
TIMELOCK_S = 86_400


class Venue(Protocol):
    """What an attacker can do, by names of accounts; every call says what the exchange answered."""

    @property
    def ledger(self) -> Ledger:
        """What the exchange holds."""
        ...

    @property
    def at(self) -> Moment:
        """The present moment."""
        ...

    def key(self, name: str) -> str:
        """The address of an account."""
        ...

    def wait(self, seconds: int, slots: int) -> None: ...
    def publish(self, market_index: int, reading: PriceReading) -> None: ...
    def publish_token(self, vault_index: int, reading: PriceReading) -> None: ...
    def deposit(self, name: str, amount: int) -> Outcome: ...
    def deposit_token(self, name: str, tokens: Tokens) -> Outcome: ...
    def withdraw(self, name: str, amount: int) -> Outcome: ...
    def update(self, name: str, max_leverage: int) -> Outcome: ...
    def place(self, name: str, intent: OrderIntent) -> Outcome: ...
    def execute(self, name: str, order_id: int, *, with_reward: bool) -> Outcome: ...
    def look(self, market_index: int) -> Outcome: ...
    def settle(self, market_index: int, name: str | None) -> Outcome: ...
    def liquidate(self, name: str, market_index: int, most_e9: int) -> Outcome: ...
    def bank(self, name: str) -> Outcome: ...
    def pay_claims(self, name: str) -> Outcome: ...
    def resolve(self, name: str) -> Outcome: ...
    def pool_deposit(self, name: str, amount: int, min_shares: int) -> Outcome: ...
    def request_withdrawal(self, name: str, shares: int) -> Outcome: ...
    def pool_withdraw(self, name: str, min_amount: int) -> Outcome: ...
    def owner(self, name: str) -> str: ...
    def announce(self, number: int, change: Change) -> Outcome: ...
    def enact(self, number: int) -> Outcome: ...
    def veto(self, number: int) -> Outcome: ...


class ProgramVenue(PoolStep):
    """The built program, compared with the twin after every call."""

    def owner(self, name: str) -> str:
        """Who owns an account."""
        return str(self.owners[name])

    def bank(self, name: str) -> Outcome:
        """The owner turns the profit of the first market into USDC."""
        return self.settle_pnl(name, 0, self.owners[name])

    def announce(self, number: int, change: Change) -> Outcome:
        """The admin proposes."""
        return self.propose(number, change, self.chain.admin)

    def enact(self, number: int) -> Outcome:
        """The admin executes a proposal."""
        return self.execute_change(number, self.chain.admin)

    def veto(self, number: int) -> Outcome:
        """The guardian, who at genesis is the admin's key too, cancels a proposal."""
        return self.cancel_change(number, self.chain.admin)


class TwinVenue:
    """The twin alone: the same numbers a hundred times faster."""

    def __init__(
        self, traders: int = 3, *, pool_e6: int = POOL_E6, insurance_e6: int = INSURANCE_E6
    ) -> None:
        """Opens the SOL market with its standard terms, three collaterals and empty accounts."""
        outflow = Outflow(floor=FLOOR_E6, share_e6=SHARE_E6, updated_at=START_S)
        vault = VaultState(deposit_cap=10**14, outflow=outflow)
        self.now, self.slot = START_S, 1_000
        self.exchange = Exchange(
            Ledger(
                vault=vault,
                collaterals={each.index: each for each in COLLATERALS},
                pool=PoolState(keeper_reward_e6=10_000, market_count=1),
                markets={0: MarketState(params=SOL, funding_at=START_S)},
                security=SecurityState(
                    admin="admin", guardian="admin", keeper="admin", timelock_s=TIMELOCK_S
                ),
            )
        )
        self.exchange.seed_pool(pool_e6)
        self.exchange.seed_insurance(insurance_e6)
        self._open((KEEPER, *(f"trader {number}" for number in range(traders))))

    def _open(self, names: Iterable[str]) -> None:
        for name in names:
            account = AccountState(address=name, owner=self.owner(name))
            self.exchange.create_user_account(account, at=self.at)

    @property
    def ledger(self) -> Ledger:
        """What the exchange holds."""
        return self.exchange.ledger

    @property
    def at(self) -> Moment:
        """The present moment."""
        return Moment(now=self.now, slot=self.slot)

    def key(self, name: str) -> str:
        """The address of an account is its name."""
        return name

    def owner(self, name: str) -> str:
        """Who owns an account."""
        return f"owner of {name}"

    def wait(self, seconds: int, slots: int) -> None:
        """Moves both clocks."""
        self.now, self.slot = self.now + seconds, self.slot + slots

    def publish(self, market_index: int, reading: PriceReading) -> None:
        """Posts a price."""
        self.exchange.publish(market_index, reading)

    def publish_token(self, vault_index: int, reading: PriceReading) -> None:
        """Posts a collateral's price."""
        self.exchange.publish_token(vault_index, reading)

    def deposit(self, name: str, amount: int) -> Outcome:
        """Deposits USDC e6."""
        return self.exchange.deposit(name, amount, at=self.at)

    def deposit_token(self, name: str, tokens: Tokens) -> Outcome:
        """Deposits another token."""
        index = tokens.vault_index
        return self.exchange.deposit(name, tokens.amount, vault_index=index, at=self.at)

    def withdraw(self, name: str, amount: int) -> Outcome:
        """Withdraws USDC e6."""
        return self.exchange.withdraw(name, amount, at=self.at)

    def update(self, name: str, max_leverage: int) -> Outcome:
        """Changes the leverage cap."""
        return self.exchange.update_user_account(name, name="", max_leverage=max_leverage)

    def place(self, name: str, intent: OrderIntent) -> Outcome:
        """Places an order."""
        return self.exchange.place_order(name, intent, at=self.at)

    def execute(self, name: str, order_id: int, *, with_reward: bool) -> Outcome:
        """The executor fills an order."""
        keeper = KEEPER if with_reward else None
        return self.exchange.execute_order(name, order_id, keeper=keeper, at=self.at)

    def look(self, market_index: int) -> Outcome:
        """Lets the market look at its oracle."""
        return self.exchange.update_oracle_price(market_index, at=self.at)

    def settle(self, market_index: int, name: str | None) -> Outcome:
        """Settles funding."""
        return self.exchange.settle_funding(market_index, name, at=self.at)

    def liquidate(self, name: str, market_index: int, most_e9: int) -> Outcome:
        """The executor liquidates."""
        demand = Demand(
            account=name, market_index=market_index, liquidator=KEEPER, max_size_e9=most_e9
        )
        return self.exchange.liquidate(demand, at=self.at)

    def bank(self, name: str) -> Outcome:
        """Turns a profit into USDC."""
        return self.exchange.settle_pnl(name, 0, at=self.at)

    def pay_claims(self, name: str) -> Outcome:
        """Pays what is due to an account."""
        return self.exchange.pay_claims(name)

    def resolve(self, name: str) -> Outcome:
        """Resolves a bankruptcy."""
        return self.exchange.resolve_bankruptcy(name, at=self.at)

    def pool_deposit(self, name: str, amount: int, min_shares: int) -> Outcome:
        """Buys shares of the pool."""
        return self.exchange.pool_deposit(
            self.owner(name), amount, min_shares=min_shares, at=self.at
        )

    def request_withdrawal(self, name: str, shares: int) -> Outcome:
        """Asks to leave the pool."""
        return self.exchange.request_pool_withdrawal(self.owner(name), shares, at=self.at)

    def pool_withdraw(self, name: str, min_amount: int) -> Outcome:
        """Leaves the pool."""
        return self.exchange.pool_withdraw(self.owner(name), min_amount=min_amount, at=self.at)

    def announce(self, number: int, change: Change) -> Outcome:
        """The admin proposes."""
        return self.exchange.propose_change(number, change, by="admin", at=self.at)

    def enact(self, number: int) -> Outcome:
        """The admin executes a proposal."""
        return self.exchange.execute_change(number, by="admin", at=self.at)

    def veto(self, number: int) -> Outcome:
        """The guardian cancels a proposal."""
        return self.exchange.cancel_change(number, by="admin")
