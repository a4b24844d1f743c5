"""What this adapter asks of a Solana node, whoever talks to it."""

from collections.abc import Sequence
from typing import Any, Protocol

from solders.pubkey import Pubkey

from quantdesk.services.actions import Commitment


class AccountBytes(Protocol):
    """An account as some node returned it."""

    @property
    def address(self) -> Pubkey:
        """Where it is."""
        ...

    @property
    def data(self) -> bytes:
        """What it holds."""
        ...

    @property
    def lamports(self) -> int:
        """What it is worth."""
        ...

    @property
    def slot(self) -> int:
        """As of when."""
        ...


class FreshBlockhash(Protocol):
    """A blockhash and how long it may be used."""

    @property
    def hash(self) -> str:
        """The blockhash, base58."""
        ...

    @property
    def last_valid_block_height(self) -> int:
        """The last block height at which a transaction with it may land."""
        ...


class SignatureStanding(Protocol):
    """Where a signature stands."""

    @property
    def slot(self) -> int:
        """The slot it landed in."""
        ...

    @property
    def commitment(self) -> Commitment:
        """How sure the chain is."""
        ...

    @property
    def err(self) -> Any:
        """The JSON error of a transaction that failed."""
        ...


class Node(Protocol):
    """One or several nodes as one. Every call raises ExchangeUnavailable."""

    async def accounts(self, addresses: Sequence[Pubkey]) -> Sequence[AccountBytes | None]:
        """Accounts of one moment, in the order asked."""
        ...

    async def program_accounts(
        self, program: Pubkey, *, matches: Sequence[Any]
    ) -> Sequence[AccountBytes]:
        """Every account of a program that fits."""
        ...

    async def latest_blockhash(self) -> FreshBlockhash:
        """A fresh blockhash."""
        ...

    async def simulate(self, transaction: bytes) -> Any:
        """Run a transaction, signed or not, without effect: `err`, `compute_units`."""
        ...

    async def prioritization_fees(self, addresses: Sequence[Pubkey]) -> Sequence[int]:
        """Micro-lamports per unit paid lately by whoever wrote these accounts."""
        ...

    async def send(self, transaction: bytes) -> str:
        """Hand over signed bytes; raises a PortError with `err` and `logs` when refused."""
        ...

    async def statuses(
        self, signatures: Sequence[str], *, search_history: bool = True
    ) -> Sequence[SignatureStanding | None]:
        """Where each signature stands; without history only recent blocks are looked at."""
        ...

    async def block_height(self) -> int:
        """The newest block height."""
        ...

    async def request_airdrop(self, address: Pubkey, lamports: int) -> str:
        """Test lamports."""
        ...
