"""A keeper's tasks as instructions of the program."""

from __future__ import annotations

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.instructions import Instructions, Trader
from quantdesk.adapters.chain.ties import Role, Ties
from quantdesk.domain.account import AccountState
from quantdesk.domain.order import Order
from quantdesk.services.keeping_tasks import (
    AccrueFunding,
    CancelExpired,
    CancelOrphan,
    Deleverage,
    ExchangeBook,
    ExecuteOrder,
    FollowPrice,
    Liquidate,
    PayClaims,
    RefreshMarket,
    ResolveBankruptcy,
    SettleFunding,
    Task,
)


class KeeperInstructions:
    """Builds what one keeper sends; `account` receives its rewards."""

    def __init__(self, build: Instructions, keeper: Pubkey, account: Pubkey) -> None:
        self._build = build
        self._keeper = keeper
        self._account = account

    def of(self, task: Task, book: ExchangeBook, *, for_reward: bool = True) -> Instruction:
        """The instruction that does a task; without a reward an execution names one less."""
        match task:
            case ExecuteOrder() | FollowPrice():
                return self._executing(task.order, book, for_reward=for_reward)
            case CancelExpired() | CancelOrphan():
                return self._cancelling(task, book)
            case Liquidate():
                return self._build.liquidate(
                    _trader(book.accounts[task.account]),
                    task.market_index,
                    liquidator=self._keeper,
                    liquidator_account=self._account,
                )
            case Deleverage() | PayClaims() | ResolveBankruptcy():
                return self._paying(task, book)
            case SettleFunding() | AccrueFunding() | RefreshMarket():
                return self._updating(task, book)

    def _executing(self, address: str, book: ExchangeBook, *, for_reward: bool) -> Instruction:
        order = book.orders[address]
        return self._build.execute_tied(
            _trader(book.accounts[order.account]),
            Pubkey.from_string(address),
            _ties(order),
            keeper=self._keeper,
            keeper_account=self._rewarded(order.account, book) if for_reward else None,
        )

    def _cancelling(self, task: CancelExpired | CancelOrphan, book: ExchangeBook) -> Instruction:
        order = book.orders[task.order]
        return self._build.cancel_order(
            _trader(book.accounts[order.account]),
            Pubkey.from_string(task.order),
            by=self._keeper,
            ties=_ties(order) if isinstance(task, CancelOrphan) else None,
        )

    def _paying(
        self, task: Deleverage | PayClaims | ResolveBankruptcy, book: ExchangeBook
    ) -> Instruction:
        match task:
            case Deleverage():
                return self._build.deleverage(
                    _trader(book.accounts[task.account]),
                    task.market_index,
                    keeper=self._keeper,
                    candidates=[Pubkey.from_string(each) for each in task.candidates],
                )
            case PayClaims():
                return self._build.pay_claims(Pubkey.from_string(task.account))
            case ResolveBankruptcy():
                return self._build.resolve_bankruptcy(Pubkey.from_string(task.account))

    def _updating(
        self, task: SettleFunding | AccrueFunding | RefreshMarket, book: ExchangeBook
    ) -> Instruction:
        match task:
            case SettleFunding():
                trader = _trader(book.accounts[task.account])
                return self._build.settle_funding(task.market_index, trader)
            case AccrueFunding():
                return self._build.settle_funding(task.market_index)
            case RefreshMarket():
                return self._build.update_oracle_price(task.market_index)

    def _rewarded(self, account: str, book: ExchangeBook) -> Pubkey | None:
        own = str(self._account)
        return self._account if own != account and own in book.accounts else None


def _trader(account: AccountState) -> Trader:
    return Trader(
        address=Pubkey.from_string(account.address),
        owner=Pubkey.from_string(account.owner),
        open_markets=account.open_markets,
        balances=account.balances,
        mandates=account.mandates,
    )


def _ties(order: Order) -> Ties:
    return Ties(
        placed_by=Pubkey.from_string(order.placed_by),
        market_index=order.market_index,
        role=Role(order.role),
        link_ids=order.link_ids,
    )
