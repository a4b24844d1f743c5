"""A cluster that stands still: its accounts, transactions and statuses are what a test wrote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from solders.pubkey import Pubkey

from quantdesk.adapters.chain.program import Fields, load_program
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.adapters.rpc.types import AccountData, SignatureState, TransactionRecord
from quantdesk.services.actions import Commitment
from quantdesk.settings import Settings
from quantdesk.world.chain.cluster import Cluster

PROGRAM = load_program()
LARGEST = 4096


class StillNode:
    """Answers what it was given."""

    def __init__(self) -> None:
        self.stored: dict[Pubkey, AccountData] = {}
        self.landed: TransactionRecord | None = None
        self.status: SignatureState | None = None

    def put(self, address: Pubkey, data: bytes, owner: Pubkey = PROGRAM.id) -> None:
        self.stored[address] = AccountData(
            address=address, owner=owner, lamports=10**9, data=data, slot=1
        )

    async def account(self, address: Pubkey) -> AccountData | None:
        return self.stored.get(address)

    async def accounts(
        self, addresses: Sequence[Pubkey], commitment: Commitment = Commitment.CONFIRMED
    ) -> list[AccountData | None]:
        return [self.stored.get(each) for each in addresses]

    async def program_accounts(
        self, program: Pubkey, *, matches: Sequence[Any] = ()
    ) -> list[AccountData]:
        return [
            each
            for each in self.stored.values()
            if each.owner == program and all(each.data.startswith(one.run) for one in matches)
        ]

    async def transaction(self, signature: str) -> TransactionRecord | None:
        return self.landed

    async def statuses(self, signatures: Sequence[str]) -> list[SignatureState | None]:
        return [self.status]

    async def request_airdrop(self, address: Pubkey, lamports: int) -> str:
        return "signature"

    async def balance(self, address: Pubkey) -> int:
        return 0

    async def rent_minimum(self, space: int) -> int:
        return 890_880


def cluster_of(node: StillNode, home: Path) -> Cluster:
    """A command's view of the node."""
    settings = Settings.from_env({"QD_HOME": str(home)})
    return Cluster(rpc=cast(RpcClient, node), program=PROGRAM, settings=settings)


def account_bytes(kind: str, /, **fields: object) -> bytes:
    """An account of the program, zero but for these fields."""
    codec = PROGRAM._codecs.defined(kind)
    empty: Fields = codec.decode(bytes(LARGEST), 0)[0]
    return PROGRAM.discriminator(kind) + codec.encode(empty | fields)
