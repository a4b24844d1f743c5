"""Exchange: the program's twin, one method per instruction, bit-equal to what the chain does.

Each call returns `Applied` with the events in order, or `Refused` with the program's error and an
unchanged ledger. Time is an argument.
"""

from quantdesk.domain import bankruptcy, closeout, custody, execution, placement, upkeep
from quantdesk.domain.account import AccountState
from quantdesk.domain.closeout import Demand
from quantdesk.domain.ledger import Ledger, Moment, Outcome, Refused
from quantdesk.domain.money import DoesNotFit
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import OrderIntent
from quantdesk.domain.refusal import Refusal


class Exchange:
    """A ledger and the instructions that change it."""

    def __init__(self, ledger: Ledger) -> None:
        """Starts from `ledger`, which the instructions then change in place."""
        self.ledger = ledger

    def publish(self, market_index: int, reading: PriceReading) -> None:
        """Puts a price into the market's oracle account; not an instruction of the program."""
        self.ledger.readings[market_index] = reading

    def create_user_account(self, account: AccountState, *, at: Moment) -> Outcome:
        """Opens an empty account under its address."""
        return custody.create_user_account(self.ledger, account, at=at)

    def deposit(self, address: str, amount: int) -> Outcome:
        """Moves `amount` USDC e6 from the owner's wallet into the account."""
        return custody.deposit(self.ledger, address, amount)

    def withdraw(self, address: str, amount: int, *, at: Moment) -> Outcome:
        """Moves `amount` USDC e6 of free collateral back to the owner's wallet."""
        return custody.withdraw(self.ledger, address, amount, at=at)

    def transfer_between(
        self, address: str, to_address: str, amount: int, *, at: Moment
    ) -> Outcome:
        """Moves `amount` USDC e6 of free collateral to another account of the same owner."""
        return custody.transfer_between(self.ledger, address, to_address, amount, at=at)

    def update_user_account(self, address: str, *, name: str, max_leverage: int) -> Outcome:
        """Renames an account or changes its leverage cap."""
        return custody.update_user_account(
            self.ledger, address, name=name, max_leverage=max_leverage
        )

    def seed_pool(self, amount: int) -> Outcome:
        """Gives `amount` USDC e6 to the pool."""
        return custody.seed_pool(self.ledger, amount)

    def seed_insurance(self, amount: int) -> Outcome:
        """Gives `amount` USDC e6 to the insurance fund."""
        return custody.seed_insurance(self.ledger, amount)

    def place_order(self, address: str, intent: OrderIntent, *, at: Moment) -> Outcome:
        """Records an order; it waits for a price published later."""
        try:
            return placement.place_order(self.ledger, address, intent, at=at)
        except DoesNotFit:
            return Refused(refusal=Refusal.MATH_OVERFLOW)

    def cancel_order(
        self, address: str, client_order_id: int, *, is_owner: bool, at: Moment
    ) -> Outcome:
        """Closes an order: its owner at will, anyone once it has expired."""
        return placement.cancel_order(
            self.ledger, address, client_order_id, is_owner=is_owner, at=at
        )

    def execute_order(
        self, address: str, client_order_id: int, *, keeper: str | None, at: Moment
    ) -> Outcome:
        """Fills an order at a newer price, or closes one that is reached but cannot fill."""
        try:
            return execution.execute_order(
                self.ledger, address, client_order_id, keeper=keeper, at=at
            )
        except DoesNotFit:
            return Refused(refusal=Refusal.MATH_OVERFLOW)

    def update_oracle_price(self, market_index: int, *, at: Moment) -> Outcome:
        """Lets a market look at its oracle."""
        return upkeep.update_oracle_price(self.ledger, market_index, at=at)

    def settle_funding(
        self, market_index: int, address: str | None = None, *, at: Moment
    ) -> Outcome:
        """Moves a market's funding index, and settles one position when it is named."""
        return upkeep.settle_funding(self.ledger, market_index, address, at=at)

    def resolve_bankruptcy(self, address: str, *, at: Moment) -> Outcome:
        """Lets the fund and then the pool pay the debt of an account that holds nothing."""
        return bankruptcy.resolve_bankruptcy(self.ledger, address, at=at)

    def liquidate(self, demand: Demand, *, at: Moment) -> Outcome:
        """Closes as much of a position as brings the account back above its requirement."""
        return closeout.liquidate(self.ledger, demand, at=at)
