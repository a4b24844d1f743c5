"""The peer of the order bench: the same node without us, and what it says of signatures."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self

import psycopg
from solders.keypair import Keypair
from solders.signature import Signature
from solders.system_program import TransferParams, transfer

from quantdesk import wiring
from quantdesk.adapters.chain.transaction import build_message, sign, signature_of
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.settings import Settings

POLL_S = 0.005
FILLED_POLL_S = 0.02
FUNDS_LAMPORTS = 10_000_000_000
TRANSFER_LAMPORTS = 1_000_000


class ChainPeer:
    """A wallet of its own on the node, and a look into Postgres."""

    def __init__(self, node: RpcClient, database: psycopg.AsyncConnection, key: Keypair) -> None:
        self._node = node
        self._database = database
        self._key = key
        self._amounts = itertools.count(TRANSFER_LAMPORTS)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Self]:
        """A funded peer."""
        async with (
            wiring.rpc_node(settings) as node,
            await psycopg.AsyncConnection.connect(
                settings.migration_database_url, autocommit=True
            ) as database,
        ):
            peer = cls(node, database, Keypair())
            airdrop = await node.request_airdrop(peer._key.pubkey(), FUNDS_LAMPORTS)
            await peer.processed(bytes(Signature.from_string(airdrop)))
            yield peer

    async def transfer(self) -> None:
        """Send one transfer and wait until it is processed."""
        payer = self._key.pubkey()
        # Each amount is another, so no two transfers have the same bytes.
        move = transfer(
            TransferParams(
                from_pubkey=payer, to_pubkey=Keypair().pubkey(), lamports=next(self._amounts)
            )
        )
        recent = await self._node.latest_blockhash()
        wire = sign(build_message(payer, [move], recent.hash), [self._key])
        await self._node.send(wire)
        await self.processed(bytes(signature_of(wire)))

    async def processed(self, signature: bytes) -> None:
        """Wait until the node has executed a transaction."""
        name = str(Signature.from_bytes(signature))
        end_s = time.monotonic() + 60
        while (await self._node.statuses([name], search_history=False))[0] is None:
            if time.monotonic() > end_s:
                raise TimeoutError(f"{name} was not processed within 60 s")
            await asyncio.sleep(POLL_S)

    async def filled(self, orders: Sequence[str], *, wait_s: float) -> None:
        """Wait until every order has its trade in Postgres."""
        end_s = time.monotonic() + wait_s
        while (count := await self._trades(orders)) < len(orders):
            if time.monotonic() > end_s:
                raise TimeoutError(f"{count} of {len(orders)} orders filled within {wait_s} s")
            await asyncio.sleep(FILLED_POLL_S)

    async def _trades(self, orders: Sequence[str]) -> int:
        found = await self._database.execute(
            "select count(*) from trades where order_address = any(%s)", [list(orders)]
        )
        row = await found.fetchone()
        return int(row[0]) if row else 0
