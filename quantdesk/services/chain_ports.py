"""Ports of the workers that follow the chain: its history, and what a keeper may do to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from quantdesk.domain.account import AccountState
from quantdesk.domain.market import MarketState
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import Order
from quantdesk.domain.pool import PoolState
from quantdesk.domain.position import Position
from quantdesk.services.chain_changes import ChainTransaction
from quantdesk.services.exchange_state import CollateralVault
from quantdesk.services.keeping_tasks import ExchangeBook, Task


class ChainHistory(Protocol):
    """What happened to the program, as confirmed. Every call raises ExchangeUnavailable."""

    async def signatures(self, *, after: str | None) -> list[str]:
        """Transactions that named the program after `after` (None: all), oldest first."""
        ...

    async def transaction(self, signature: str) -> ChainTransaction:
        """A transaction with the events that the program itself emitted in it."""
        ...

    async def finalized_slot(self) -> int:
        """The newest slot that can no longer be rolled back."""
        ...

    async def missing(self, signatures: Sequence[str]) -> list[str]:
        """Those that the chain no longer knows, old blocks included."""
        ...

    def pokes(self) -> AsyncIterator[None]:
        """Something when the program was named again; may repeat, may miss, reconnects itself."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """An account that was closed, by address."""

    address: str


Content = MarketState | PoolState | AccountState | Position | Order | CollateralVault


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An account of the program with its content."""

    address: str
    content: Content


@dataclass(frozen=True, slots=True)
class Gap:
    """The connection is new: changes before this moment may have been missed."""


Change = Found | Gone | Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRefused:
    """Why the program would not do a task; `code` is the program's name for it."""

    code: str
    message: str


class KeeperChain(Protocol):
    """The exchange as a keeper sees and moves it. Every call raises ExchangeUnavailable."""

    async def read(self) -> Sequence[Found]:
        """Every market, account, position and order, and the pool."""
        ...

    def changes(self) -> AsyncIterator[Change]:
        """Accounts as they change; a Gap when some may have been missed, reconnects itself."""
        ...

    async def slot(self) -> int:
        """The newest slot of the node."""
        ...

    async def post_prices(self, readings: Mapping[int, PriceReading]) -> None:
        """Put prices on chain, by market index; all in one transaction."""
        ...

    async def perform(
        self, task: Task, book: ExchangeBook, *, rehearse: bool
    ) -> TaskRefused | None:
        """Send one task; None when the node took it.

        Only with `rehearse` does the node try it first, so that a refusal is told and costs no fee.
        """
        ...
