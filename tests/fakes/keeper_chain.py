"""A chain in memory for the keeper: it remembers what was posted and asked of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from quantdesk.domain.oracle import PriceReading
from quantdesk.services.chain_ports import Change, Found, TaskRefused
from quantdesk.services.keeping_tasks import ExchangeBook, Task
from quantdesk.services.ports import ExchangeUnavailable


class RememberedChain:
    """Accounts, posted prices and tasks done; may refuse tasks, may be silent."""

    def __init__(self, accounts: Sequence[Found]) -> None:
        self.accounts = list(accounts)
        self.posted: list[dict[int, PriceReading]] = []
        self.done: list[Task] = []
        self.refusal: TaskRefused | None = None
        self.is_silent = False
        self.news: asyncio.Queue[Change] = asyncio.Queue()
        self.present_slot = 5_000

    async def read(self) -> Sequence[Found]:
        self._answer()
        return self.accounts

    async def changes(self) -> AsyncIterator[Change]:
        while True:
            yield await self.news.get()

    async def slot(self) -> int:
        self._answer()
        return self.present_slot

    async def post_prices(self, readings: Mapping[int, PriceReading]) -> None:
        self._answer()
        self.posted.append(dict(readings))

    async def perform(
        self, task: Task, book: ExchangeBook, *, rehearse: bool
    ) -> TaskRefused | None:
        self._answer()
        self.done.append(task)
        return self.refusal

    def _answer(self) -> None:
        if self.is_silent:
            raise ExchangeUnavailable("the chain is silent")
