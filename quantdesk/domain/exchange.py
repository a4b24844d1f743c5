"""Exchange: the program's twin, one method per instruction, bit-equal to what the chain does.

Each call returns `Applied` with the events in order, or `Refused` with the program's error and an
unchanged ledger. Time is an argument.
"""

from collections.abc import Callable
from typing import ParamSpec

from quantdesk.domain import (
    bankruptcy,
    closeout,
    conversion,
    custody,
    execution,
    guard,
    liquidity,
    payout,
    placement,
    upkeep,
)
from quantdesk.domain import bracket as brackets
from quantdesk.domain.account import USDC, AccountState
from quantdesk.domain.bracket import Bracket
from quantdesk.domain.closeout import Demand
from quantdesk.domain.conversion import Offer
from quantdesk.domain.custody import Tokens
from quantdesk.domain.delegate import Delegate
from quantdesk.domain.ledger import Ledger, Moment, Outcome, Refused
from quantdesk.domain.mandate import MandateCaps
from quantdesk.domain.market import MarketStatus
from quantdesk.domain.money import DoesNotFit
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import OrderIntent
from quantdesk.domain.payout import Closure
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import Change
from quantdesk.domain.vault import VaultLimits

Given = ParamSpec("Given")


def fitting(
    instruction: Callable[Given, Outcome], *given: Given.args, **named: Given.kwargs
) -> Outcome:
    """What an instruction answers; refused when a figure does not fit into the program's bits."""
    try:
        return instruction(*given, **named)
    except DoesNotFit:
        return Refused(refusal=Refusal.MATH_OVERFLOW)


class Exchange:
    """A ledger and the instructions that change it."""

    def __init__(self, ledger: Ledger) -> None:
        """Starts from `ledger`, which the instructions then change in place."""
        self.ledger = ledger

    def publish(self, market_index: int, reading: PriceReading) -> None:
        """Puts a price into the market's oracle account; not an instruction of the program."""
        self.ledger.readings[market_index] = reading

    def publish_token(self, vault_index: int, reading: PriceReading) -> None:
        """Puts a price into a collateral's oracle account; not an instruction of the program."""
        self.ledger.token_readings[vault_index] = reading

    def create_user_account(self, account: AccountState, *, at: Moment) -> Outcome:
        """Opens an empty account under its address."""
        return custody.create_user_account(self.ledger, account, at=at)

    def deposit(
        self,
        address: str,
        tokens: Tokens | int,
        *,
        vault_index: int = USDC,
        at: Moment | None = None,
        by: str | None = None,
    ) -> Outcome:
        """Moves tokens (a bare number: of `vault_index`) from the owner's wallet into the account.

        Without `at` no time passes.
        """
        if isinstance(tokens, int):
            tokens = Tokens(amount=tokens, vault_index=vault_index)
        now = self._second(at, tokens.vault_index)
        refused = self._if_owner(address, by)
        return refused or fitting(custody.deposit, self.ledger, address, tokens, now=now)

    def withdraw(
        self, address: str, tokens: Tokens | int, *, at: Moment, by: str | None = None
    ) -> Outcome:
        """Moves free collateral (a bare number: USDC e6) back to the owner's wallet."""
        wanted = Tokens(amount=tokens) if isinstance(tokens, int) else tokens
        refused = self._if_owner(address, by)
        return refused or custody.withdraw(self.ledger, address, wanted, at=at)

    def transfer_between(
        self, address: str, to_address: str, amount: int, *, at: Moment, by: str | None = None
    ) -> Outcome:
        """Moves `amount` USDC e6 of free collateral to another account of the same owner."""
        refused = self._if_owner(address, by)
        return refused or custody.transfer_between(self.ledger, address, to_address, amount, at=at)

    def update_user_account(
        self, address: str, *, name: str, max_leverage: int, by: str | None = None
    ) -> Outcome:
        """Renames an account or changes its leverage cap."""
        return self._if_owner(address, by) or custody.update_user_account(
            self.ledger, address, name=name, max_leverage=max_leverage
        )

    def add_delegate(
        self, address: str, delegate: Delegate, *, at: Moment, by: str | None = None
    ) -> Outcome:
        """Lets another key trade for an account."""
        refused = self._if_owner(address, by)
        return refused or guard.add_delegate(self.ledger, address, delegate, at=at)

    def remove_delegate(self, address: str, key: str, *, by: str | None = None) -> Outcome:
        """Takes a delegate off an account."""
        return guard.remove_delegate(self.ledger, address, key, by=by)

    def set_mandate(
        self, address: str, delegate: str, caps: MandateCaps, *, at: Moment, by: str | None = None
    ) -> Outcome:
        """Caps what a key may do for an account, whether or not it is a delegate yet."""
        refused = self._if_owner(address, by)
        return refused or guard.set_mandate(self.ledger, address, delegate, caps, at=at)

    def close_mandate(self, address: str, delegate: str, *, by: str | None = None) -> Outcome:
        """Ends a key's caps, and takes the key off the delegates."""
        return self._if_owner(address, by) or guard.close_mandate(self.ledger, address, delegate)

    def pause(self, bits: int, *, by: str, at: Moment) -> Outcome:
        """Stops actions at once."""
        return guard.pause(self.ledger, bits, by=by, at=at)

    def tighten_market(
        self, market_index: int, status: MarketStatus, *, by: str, at: Moment
    ) -> Outcome:
        """Closes a market further at once."""
        return guard.tighten_market(self.ledger, market_index, status, by=by, at=at)

    def tighten_vault(
        self, vault_index: int, limits: VaultLimits, *, by: str, at: Moment
    ) -> Outcome:
        """Lets a token count for less, or less of it through, at once."""
        return guard.tighten_vault(self.ledger, vault_index, limits, by=by, at=at)

    def propose_change(self, number: int, change: Change, *, by: str, at: Moment) -> Outcome:
        """Announces a loosening."""
        return guard.propose_change(self.ledger, number, change, by=by, at=at)

    def execute_change(self, number: int, *, by: str, at: Moment) -> Outcome:
        """Makes a proposed change true, once its timelock has passed."""
        return guard.execute_change(self.ledger, number, by=by, at=at)

    def cancel_change(self, number: int, *, by: str) -> Outcome:
        """Withdraws a proposed change."""
        return guard.cancel_change(self.ledger, number, by=by)

    def seed_pool(self, amount: int, *, at: Moment | None = None) -> Outcome:
        """Gives `amount` USDC e6 to the pool; without `at` no time passes."""
        return fitting(custody.seed_pool, self.ledger, amount, now=self._second(at))

    def seed_insurance(self, amount: int, *, at: Moment | None = None) -> Outcome:
        """Gives `amount` USDC e6 to the insurance fund; without `at` no time passes."""
        return fitting(custody.seed_insurance, self.ledger, amount, now=self._second(at))

    def place_order(
        self, address: str, intent: OrderIntent, *, at: Moment, by: str | None = None
    ) -> Outcome:
        """Records an order of the owner (`by` None) or a delegate; it waits for a later price."""
        return fitting(placement.place_order, self.ledger, address, intent, at=at, by=by)

    def open_position(
        self, address: str, intent: OrderIntent, *, at: Moment, by: str | None = None
    ) -> Outcome:
        """Places a market order that opens, extends or flips a position."""
        return fitting(placement.open_position, self.ledger, address, intent, at=at, by=by)

    def close_position(
        self, address: str, intent: OrderIntent, *, at: Moment, by: str | None = None
    ) -> Outcome:
        """Places a reduce-only market order; size 0 closes the whole position."""
        return placement.close_position(self.ledger, address, intent, at=at, by=by)

    def place_bracket(
        self, address: str, bracket: Bracket, *, at: Moment, by: str | None = None
    ) -> Outcome:
        """Places a take profit and a stop of which one closes the other."""
        return brackets.place_bracket(self.ledger, address, bracket, at=at, by=by)

    def cancel_order(
        self, address: str, client_order_id: int, *, at: Moment, by: str | None = None
    ) -> Outcome:
        """Closes an order: its owner (`by` None) or a delegate, and once it has expired anyone."""
        return placement.cancel_order(self.ledger, address, client_order_id, at=at, by=by)

    def execute_order(
        self, address: str, client_order_id: int, *, keeper: str | None, at: Moment
    ) -> Outcome:
        """Fills an order at a newer price, or closes one that is reached but cannot fill."""
        execute = execution.execute_order
        return fitting(execute, self.ledger, address, client_order_id, keeper=keeper, at=at)

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

    def pay_claims(self, address: str) -> Outcome:
        """Pays what the pool owes, pro rata, as far as its cash goes."""
        return payout.pay_claims(self.ledger, address)

    def settle_pnl(
        self, address: str, market_index: int, *, at: Moment, by: str | None = None
    ) -> Outcome:
        """Turns an open position's profit into USDC."""
        return payout.settle_pnl(self.ledger, address, market_index, at=at, by=by)

    def deleverage(self, closure: Closure, *, by: str, at: Moment) -> Outcome:
        """Closes a profitable position while the pool is under its floor; the keeper role may."""
        return payout.deleverage(self.ledger, closure, by=by, at=at)

    def convert_collateral(self, offer: Offer, *, by: str, at: Moment) -> Outcome:
        """Sells an account's tokens to another's for USDC, agreed or forced by a debt."""
        return conversion.convert_collateral(self.ledger, offer, by=by, at=at)

    def pool_deposit(self, owner: str, amount: int, *, min_shares: int, at: Moment) -> Outcome:
        """Buys shares of the pool."""
        enter = liquidity.pool_deposit
        return fitting(enter, self.ledger, owner, amount, min_shares=min_shares, at=at)

    def request_pool_withdrawal(self, owner: str, shares: int, *, at: Moment) -> Outcome:
        """Starts the wait before shares may be withdrawn."""
        return liquidity.request_pool_withdrawal(self.ledger, owner, shares, at=at)

    def pool_withdraw(self, owner: str, *, min_amount: int, at: Moment) -> Outcome:
        """Sells waiting shares back to the pool."""
        return liquidity.pool_withdraw(self.ledger, owner, min_amount=min_amount, at=at)

    def _second(self, at: Moment | None, vault_index: int = USDC) -> int:
        return self.ledger.vault_of(vault_index).outflow.updated_at if at is None else at.now

    def _if_owner(self, address: str, by: str | None) -> Refused | None:
        if by is None or by == self.ledger.accounts[address].owner:
            return None
        return Refused(refusal=Refusal.UNAUTHORIZED)
