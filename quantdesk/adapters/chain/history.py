"""The program's history: which transactions named it, and what it said in each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from solders.pubkey import Pubkey

from quantdesk.adapters.chain.codec import Value
from quantdesk.adapters.chain.program import Program
from quantdesk.adapters.chain.worker_node import HistoryNode, Listener
from quantdesk.services.actions import Commitment
from quantdesk.services.chain_changes import ChainEvent, ChainTransaction
from quantdesk.services.ports import ExchangeUnavailable

PAGE = 1_000


class ProgramHistory:
    """The port `ChainHistory` at commitment confirmed."""

    def __init__(self, node: HistoryNode, listener: Listener, program: Program) -> None:
        self._node = node
        self._listener = listener
        self._program = program

    async def signatures(self, *, after: str | None) -> list[str]:
        """Transactions that named the program after `after` (None: all), oldest first."""
        newest_first: list[str] = []
        before: str | None = None
        while True:
            page = await self._node.signatures_for(
                self._program.id, before=before, until=after, limit=PAGE
            )
            newest_first += [row.signature for row in page]
            if len(page) < PAGE:
                return newest_first[::-1]
            before = newest_first[-1]

    async def transaction(self, signature: str) -> ChainTransaction:
        """A transaction with the events that the program itself emitted in it."""
        found = await self._node.transaction(signature)
        if found is None:
            raise ExchangeUnavailable(f"the node lists {signature} and does not have it")
        events = self._program.events(found.logs) if found.err is None else []
        return ChainTransaction(
            signature=signature,
            slot=found.slot,
            block_time=found.block_time,
            error=found.err,
            events=tuple(
                ChainEvent(
                    name=event.name,
                    log_index=event.log_index,
                    fields={name: _plain(value) for name, value in event.fields.items()},
                )
                for event in events
            ),
        )

    async def finalized_slot(self) -> int:
        """The newest slot that can no longer be rolled back."""
        return await self._node.slot(Commitment.FINALIZED)

    async def missing(self, signatures: Sequence[str]) -> list[str]:
        """Those that the chain no longer knows, old blocks included."""
        states = await self._node.statuses(signatures, search_history=True)
        pairs = zip(signatures, states, strict=True)
        return [signature for signature, state in pairs if state is None]

    async def pokes(self) -> AsyncIterator[None]:
        """Something when the program was named again; reconnects itself."""
        async for _ in self._listener.logs(self._program.id, Commitment.CONFIRMED):
            yield


def _plain(value: Value) -> object:
    return str(value) if isinstance(value, Pubkey) else value
