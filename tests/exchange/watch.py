"""Watch: the twin alone under the laws, so that a lie planted in it meets the law it breaks."""

from collections.abc import Callable
from typing import Any

from quantdesk.domain.account import AccountState
from quantdesk.domain.closeout import Demand
from quantdesk.domain.conversion import Offer
from quantdesk.domain.exchange import Exchange
from quantdesk.domain.ledger import Applied, Ledger, Moment, Outcome, Refused
from quantdesk.domain.market import SOL, MarketParams
from quantdesk.domain.money import USD_ONE
from quantdesk.domain.security import SecurityState
from tests.domain.desk import KEEPER, TRADER, Desk
from tests.exchange.laws import Laws
from tests.exchange.step import Step, changes, snapshot

INSTRUCTIONS = (
    "deposit",
    "withdraw",
    "transfer_between",
    "update_user_account",
    "add_delegate",
    "remove_delegate",
    "place_order",
    "cancel_order",
    "execute_order",
    "update_oracle_price",
    "settle_funding",
    "liquidate",
    "resolve_bankruptcy",
    "pay_claims",
    "settle_pnl",
    "deleverage",
    "pool_deposit",
    "request_pool_withdrawal",
    "pool_withdraw",
    "convert_collateral",
    "set_mandate",
)


class Watched(Exchange):
    """A twin whose every instruction is judged."""

    def __init__(self, ledger: Ledger, *, only: str | None) -> None:
        """Starts from `ledger`; `only` one law, or all."""
        super().__init__(ledger)
        self.laws = Laws(snapshot(ledger), only=only)
        self.at = Moment(now=0, slot=0)
        self.told: list[Outcome] = []

    def run(self, name: str, *args: Any, **named: Any) -> Outcome:
        """One instruction, then the laws."""
        before = snapshot(self.ledger)
        self.at = named.get("at", self.at)
        told: Outcome = getattr(Exchange, name)(self, *args, **named)
        demand = args[0] if isinstance(args[0], Demand) else None
        about = args[0] if demand is None else demand.account
        about = args[0].seller if isinstance(args[0], Offer) else about
        account = before.accounts.get(about) if isinstance(about, str) else None
        owner = None if account is None else account.owner
        after = snapshot(self.ledger)
        self.told.append(told)
        self.laws.judge(
            Step(
                action=f"{name} {args} {named}",
                before=before,
                after=after,
                events=told.events if isinstance(told, Applied) else (),
                at=self.at,
                refusal=told.refusal if isinstance(told, Refused) else None,
                changed=changes(before, after),
                by=named.get("by") or owner,
                subject=None if account is None else account.address,
                keeper=KEEPER,
                most_e9=0 if demand is None else demand.max_size_e9,
            )
        )
        return told


def _judged(name: str) -> Callable[..., Outcome]:
    def instruction(self: Watched, *args: Any, **named: Any) -> Outcome:
        return self.run(name, *args, **named)

    return instruction


for each in INSTRUCTIONS:
    setattr(Watched, each, _judged(each))


class Watch(Desk):
    """A desk whose exchange is watched."""

    exchange: Watched

    def __init__(self, *markets: MarketParams, only: str | None = None) -> None:
        """Opens the markets (SOL when none is given) with pool and insurance."""
        super().__init__(*(markets or (SOL,)), keeper_reward_e6=10_000)
        self.ledger.security = SecurityState(keeper=KEEPER)
        self.only = only
        self.exchange = Watched(self.ledger, only=only)

    def start_anew(self) -> None:
        """Lets the laws forget what they counted, after a test moved money by hand."""
        self.exchange.laws = Laws(snapshot(self.ledger), only=self.only)

    def open_beside(self, address: str, *, owner: str) -> None:
        """Opens another account of an owner."""
        account = AccountState(address=address, owner=owner, sub_account_id=1)
        self.exchange.create_user_account(account, at=self.at)
        self.start_anew()

    def open(self, address: str = TRADER, *, usd: int) -> None:
        """Opens an account and deposits whole US dollars."""
        super().open(address, usd=0)
        if self.has_laws:
            self.start_anew()
        if usd:
            self.exchange.deposit(address, usd * USD_ONE)

    @property
    def has_laws(self) -> bool:
        """Whether the exchange is watched already."""
        return isinstance(self.exchange, Watched)
