"""Order sender: finishes every intent that was signed, whatever crashed in between.

It looks at the table of intents, not at messages, so nothing has to be handed to it and two of them
may run: the same bytes can land only once, and a state moves only from the one that was read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from uuid import UUID

import structlog

from quantdesk import wiring
from quantdesk.adapters.postgres.sender_queue import Queued, SenderQueue
from quantdesk.adapters.redis.account_channel import AccountChannel
from quantdesk.services.actions import Intent, IntentState, TransactionStatus
from quantdesk.services.market_ports import PricesUnavailable
from quantdesk.services.ports import (
    DatabaseUnavailable,
    ExchangeUnavailable,
    TransactionRefused,
    Transactions,
)
from quantdesk.services.resolve_intent import (
    FINALITY_BLOCKS,
    Knowledge,
    Mark,
    Resend,
    SearchHistory,
    Wait,
    next_step,
)
from quantdesk.settings import Settings

ROUND_S = 0.25
SETTLING_ROUNDS = 4
"""Intents already in a confirmed block are looked at every so many rounds."""
PREPARED_S = 5.0
PAUSE_S = 0.5
BATCH = 200
FIRST_RESEND_MS = 1_000
"""Whoever took the signature is sending these bytes right now; leave it that long."""

MOVING = (IntentState.SIGNED, IntentState.SENT, IntentState.UNKNOWN, IntentState.PROCESSED)
SETTLING = (IntentState.CONFIRMED,)

log = structlog.get_logger()


def wall_ms() -> int:
    """The clock, in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


class OrderSender:
    """Takes unresolved intents one step further at a time."""

    def __init__(
        self,
        queue: SenderQueue,
        transactions: Transactions,
        *,
        channel: AccountChannel | None = None,
        clock: Callable[[], int] = wall_ms,
    ) -> None:
        self._queue = queue
        self._transactions = transactions
        self._channel = channel
        self._clock = clock
        self._sent_ms: dict[UUID, int] = {}

    async def advance(self, states: Sequence[IntentState]) -> int:
        """One step for each intent in `states`; returns how many there were."""
        queued = await self._queue.unresolved(states, limit=BATCH)
        if not queued:
            return 0
        height = await self._transactions.block_height()
        statuses = await self._statuses(queued, search_history=False)
        marks = []
        for each, status in zip(queued, statuses, strict=True):
            mark = await self._step(each, status, height=height)
            if mark is not None:
                marks.append((each, mark))
        await self._mark(marks)
        self._forget_resolved(queued, states)
        return len(queued)

    async def expire_prepared(self) -> int:
        """End intents whose bytes nobody returned signed and that can no longer land."""
        if not await self._queue.has_prepared():
            return 0
        height = await self._transactions.block_height()
        return await self._queue.expire_prepared(below_height=height - FINALITY_BLOCKS)

    async def _step(
        self, queued: Queued, status: TransactionStatus | None, *, height: int
    ) -> Mark | None:
        step = next_step(queued.intent, self._known(queued.intent, status, height=height))
        if isinstance(step, SearchHistory):
            [status] = await self._statuses([queued], search_history=True)
            known = self._known(queued.intent, status, height=height, is_searched=True)
            step = next_step(queued.intent, known)
        match step:
            case Mark():
                return step
            case Resend():
                return await self._resend(queued)
            case Wait() | SearchHistory():
                return None

    async def _statuses(
        self, queued: Sequence[Queued], *, search_history: bool
    ) -> list[TransactionStatus | None]:
        signatures = [str(each.intent.signature) for each in queued]
        return await self._transactions.statuses(signatures, search_history=search_history)

    def _known(
        self,
        intent: Intent,
        status: TransactionStatus | None,
        *,
        height: int,
        is_searched: bool = False,
    ) -> Knowledge:
        now_ms = self._clock()
        first_ms = now_ms - FIRST_RESEND_MS
        return Knowledge(
            status=status,
            is_history_searched=is_searched,
            block_height=height,
            now_ms=now_ms,
            sent_ms=self._sent_ms.setdefault(intent.id, first_ms),
        )

    async def _resend(self, queued: Queued) -> Mark | None:
        intent = queued.intent
        assert intent.signed_transaction is not None, "a signed intent keeps its bytes"
        self._sent_ms[intent.id] = self._clock()
        try:
            await self._transactions.send(intent.signed_transaction)
        except TransactionRefused as refusal:
            # A node's opinion of now: an earlier send may land all the same, so this is no end.
            log.info("resend_refused", intent=str(intent.id), reason=refusal.reason)
            return None
        log.info("resent", intent=str(intent.id), signature=intent.signature)
        return None if intent.state is IntentState.SENT else Mark(state=IntentState.SENT)

    async def _mark(self, marks: Sequence[tuple[Queued, Mark]]) -> None:
        if not marks:
            return
        moves = [(queued.intent, mark) for queued, mark in marks]
        for (queued, mark), moved in zip(marks, await self._queue.move(moves), strict=True):
            if moved:
                await self._tell(queued, mark)

    async def _tell(self, queued: Queued, mark: Mark) -> None:
        intent = queued.intent
        log.info("intent_moved", intent=str(intent.id), was=intent.state, now=mark.state)
        if self._channel is not None:
            try:
                await self._channel.publish(
                    queued.owner,
                    "transaction",
                    at_ms=self._clock(),
                    intent_id=str(intent.id),
                    state=mark.state.value,
                )
            except PricesUnavailable as fault:
                log.warning("news_lost", fault=str(fault))

    def _forget_resolved(self, queued: Sequence[Queued], states: Sequence[IntentState]) -> None:
        if len(self._sent_ms) > 4 * BATCH and set(MOVING) <= set(states):
            present = {each.intent.id for each in queued}
            self._sent_ms = {k: v for k, v in self._sent_ms.items() if k in present}


async def run(settings: Settings) -> None:
    """Send until cancelled."""
    async with (
        wiring.alive(settings, worker="order_sender") as valkey,
        wiring.database(settings) as pool,
        wiring.transactions(settings) as transactions,
    ):
        sender = OrderSender(
            wiring.sender_queue(pool),
            transactions,
            channel=wiring.account_channel(valkey),
        )
        log.info("order_sender_ready")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_advance_for_ever(sender))
            tasks.create_task(_expire_for_ever(sender))


async def _advance_for_ever(sender: OrderSender) -> None:
    rounds = 0
    while True:
        rounds += 1
        states = MOVING if rounds % SETTLING_ROUNDS else (*MOVING, *SETTLING)
        try:
            await sender.advance(states)
        except (ExchangeUnavailable, DatabaseUnavailable) as fault:
            log.warning("sender_waits", fault=str(fault))
            await asyncio.sleep(PAUSE_S)
        await asyncio.sleep(ROUND_S)


async def _expire_for_ever(sender: OrderSender) -> None:
    while True:
        try:
            expired = await sender.expire_prepared()
            if expired:
                log.info("prepared_expired", count=expired)
        except (ExchangeUnavailable, DatabaseUnavailable) as fault:
            log.warning("expiry_waits", fault=str(fault))
        await asyncio.sleep(PREPARED_S)
