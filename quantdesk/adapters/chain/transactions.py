"""Sending signed transactions and asking what became of them, in the program's own words."""

from collections.abc import Sequence

from quantdesk.adapters.chain.failures import failure_of
from quantdesk.adapters.chain.program import Program
from quantdesk.adapters.chain.rpc_node import Node, SignatureStanding
from quantdesk.services.actions import TransactionStatus
from quantdesk.services.ports import ExchangeUnavailable, PortError, TransactionRefused


class ChainTransactions:
    """The port `Transactions`."""

    def __init__(self, node: Node, program: Program) -> None:
        self._node = node
        self._program = program

    async def send(self, signed_transaction: bytes) -> None:
        """Hand the bytes to a node. Raises TransactionRefused or ExchangeUnavailable."""
        try:
            await self._node.send(signed_transaction)
        except ExchangeUnavailable:
            raise
        except PortError as refusal:
            failure = failure_of(
                getattr(refusal, "err", None), self._program, getattr(refusal, "logs", None)
            )
            if failure is None:
                raise TransactionRefused(str(refusal)) from refusal
            raise TransactionRefused(failure.message, code=failure.code) from refusal

    async def statuses(
        self, signatures: Sequence[str], *, search_history: bool = True
    ) -> list[TransactionStatus | None]:
        """The status of each signature, None where the chain has not seen it."""
        found = await self._node.statuses(signatures, search_history=search_history)
        return [None if each is None else self._status(each) for each in found]

    async def block_height(self) -> int:
        """The chain's confirmed block height."""
        return await self._node.block_height()

    def _status(self, standing: SignatureStanding) -> TransactionStatus:
        failure = failure_of(standing.err, self._program)
        return TransactionStatus(
            slot=standing.slot,
            commitment=standing.commitment,
            error=failure.message if failure else None,
            error_code=failure.code if failure else None,
        )
