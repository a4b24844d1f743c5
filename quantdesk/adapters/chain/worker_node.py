"""What the workers that follow the chain ask of a node, whoever talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from solders.pubkey import Pubkey

from quantdesk.adapters.chain.rpc_node import AccountBytes, FreshBlockhash
from quantdesk.services.actions import Commitment


class SignatureLine(Protocol):
    """One line of an address's history."""

    @property
    def signature(self) -> str:
        """The transaction's first signature."""
        ...


class Landed(Protocol):
    """A transaction in a block."""

    @property
    def slot(self) -> int:
        """The block's slot."""
        ...

    @property
    def block_time(self) -> int | None:
        """Unix seconds."""
        ...

    @property
    def err(self) -> Any:
        """None for success, else the JSON error."""
        ...

    @property
    def logs(self) -> list[str]:
        """What the programs printed."""
        ...


class HistoryNode(Protocol):
    """Calls that read the past. Each raises ExchangeUnavailable."""

    async def signatures_for(
        self,
        address: Pubkey,
        *,
        before: str | None = None,
        until: str | None = None,
        limit: int = 1000,
    ) -> Sequence[SignatureLine]:
        """History of an address, newest first, strictly between `until` and `before`."""
        ...

    async def transaction(self, signature: str) -> Landed | None:
        """A confirmed transaction."""
        ...

    async def statuses(
        self, signatures: Sequence[str], *, search_history: bool = True
    ) -> Sequence[object | None]:
        """Something for each signature that is known."""
        ...

    async def slot(self, commitment: Commitment = Commitment.CONFIRMED) -> int:
        """The newest slot."""
        ...


class KeeperNode(Protocol):
    """Calls that read the program's accounts and send. Each raises ExchangeUnavailable."""

    async def program_accounts(
        self, program: Pubkey, *, commitment: Commitment = Commitment.CONFIRMED
    ) -> Sequence[AccountBytes]:
        """Every account of a program."""
        ...

    async def accounts(self, addresses: Sequence[Pubkey]) -> Sequence[AccountBytes | None]:
        """Accounts of one moment, in the order asked."""
        ...

    async def latest_blockhash(self) -> FreshBlockhash:
        """A fresh blockhash."""
        ...

    async def simulate(self, transaction: bytes) -> Any:
        """Run without effect: `err`, `compute_units`."""
        ...

    async def prioritization_fees(self, addresses: Sequence[Pubkey]) -> Sequence[int]:
        """Micro-lamports per unit paid lately by whoever wrote these accounts."""
        ...

    async def slot(self, commitment: Commitment = Commitment.CONFIRMED) -> int:
        """The newest slot."""
        ...

    async def send(self, transaction: bytes, *, preflight: bool = True) -> str:
        """Hand signed bytes to a node."""
        ...

    async def statuses(
        self, signatures: Sequence[str], *, search_history: bool = True
    ) -> Sequence[Any]:
        """Where each signature stands."""
        ...


class Listener(Protocol):
    """Subscriptions; each message is a (re)connection or a notification with a `value`."""

    def logs(self, address: Pubkey, commitment: Commitment) -> AsyncIterator[object]:
        """Transactions that mention an address."""
        ...

    def program(self, program: Pubkey, commitment: Commitment) -> AsyncIterator[object]:
        """Accounts of a program that change."""
        ...
