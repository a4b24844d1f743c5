"""A chain's history in memory: the port that the indexer reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from quantdesk.services.chain_changes import ChainTransaction
from quantdesk.services.ports import ExchangeUnavailable


class RememberedHistory:
    """Transactions in order; may be silent, and may forget as a dropped fork does."""

    def __init__(self, transactions: Sequence[ChainTransaction] = ()) -> None:
        self.transactions = list(transactions)
        self.is_silent = False
        self.finalized = 0

    async def signatures(self, *, after: str | None) -> list[str]:
        self._answer()
        known = [each.signature for each in self.transactions]
        return known[known.index(after) + 1 :] if after in known else known

    async def transaction(self, signature: str) -> ChainTransaction:
        self._answer()
        return next(each for each in self.transactions if each.signature == signature)

    async def finalized_slot(self) -> int:
        self._answer()
        return self.finalized

    async def missing(self, signatures: Sequence[str]) -> list[str]:
        self._answer()
        known = {each.signature for each in self.transactions}
        return [each for each in signatures if each not in known]

    async def pokes(self) -> AsyncIterator[None]:
        self._answer()
        for _ in self.transactions:
            yield

    def _answer(self) -> None:
        if self.is_silent:
            raise ExchangeUnavailable("the chain is silent")
