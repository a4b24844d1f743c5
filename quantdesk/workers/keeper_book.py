"""The keeper's book: the exchange as last heard, kept current account by account."""

from __future__ import annotations

from collections.abc import Iterable

from quantdesk.domain.account import AccountState
from quantdesk.domain.market import MarketState
from quantdesk.domain.order import Order
from quantdesk.domain.pool import PoolState
from quantdesk.domain.position import Position
from quantdesk.services.chain_ports import Content, Found
from quantdesk.services.exchange_state import CollateralVault
from quantdesk.services.keeping_tasks import ExchangeBook


class KeeperBook:
    """Every account of the program that a plan can need."""

    def __init__(self) -> None:
        self._contents: dict[str, Content] = {}
        self._view: ExchangeBook | None = None

    def replace(self, found: Iterable[Found]) -> None:
        """Forget everything and remember `found`."""
        self._contents = {each.address: each.content for each in found}
        self._view = None

    def put(self, found: Found) -> None:
        """Remember one account."""
        self._contents[found.address] = found.content
        self._view = None

    def drop(self, address: str) -> None:
        """Forget a closed account."""
        if self._contents.pop(address, None) is not None:
            self._view = None

    def view(self) -> ExchangeBook:
        """The book as a plan reads it."""
        if self._view is None:
            self._view = self._read()
        return self._view

    @property
    def has_business(self) -> bool:
        """Whether a new price can matter to anybody: an order waits or a position is open."""
        view = self.view()
        return bool(view.orders) or any(not each.is_flat for each in view.positions.values())

    def _read(self) -> ExchangeBook:
        markets: dict[int, MarketState] = {}
        accounts: dict[str, AccountState] = {}
        positions: dict[tuple[str, int], Position] = {}
        orders: dict[str, Order] = {}
        vaults: dict[int, CollateralVault] = {}
        pool = PoolState()
        for address, content in self._contents.items():
            match content:
                case MarketState():
                    markets[content.params.index] = content
                case AccountState():
                    accounts[address] = content
                case Position():
                    positions[content.account, content.market_index] = content
                case Order():
                    orders[address] = content
                case CollateralVault():
                    vaults[content.state.index] = content
                case PoolState():
                    pool = content
        return ExchangeBook(
            markets=markets,
            pool=pool,
            accounts=accounts,
            positions=positions,
            orders=orders,
            vaults=vaults,
        )
