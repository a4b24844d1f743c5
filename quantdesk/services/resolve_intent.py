"""Resolve an intent: the next step for a transaction that may or may not have landed.

The law: the same bytes are sent again until their blockhash is dead; only the chain's answer, or
its silence after that, ends an intent. Not knowing is a state and never an end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quantdesk.services.actions import Commitment, Intent, IntentState, TransactionStatus

RESEND_MS = 2_000
FINALITY_BLOCKS = 32
"""Blocks after the last valid one until no fork can still hold the transaction."""

ON_CHAIN = {
    Commitment.PROCESSED: IntentState.PROCESSED,
    Commitment.CONFIRMED: IntentState.CONFIRMED,
    Commitment.FINALIZED: IntentState.FINALIZED,
}
FINAL = frozenset({IntentState.FINALIZED, IntentState.REJECTED, IntentState.EXPIRED})
UNRESOLVED = tuple(
    state for state in IntentState if state not in FINAL and state is not IntentState.PREPARED
)
RANK = {
    IntentState.PROCESSED: 1,
    IntentState.CONFIRMED: 2,
    IntentState.FINALIZED: 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What was learnt about one signature; `is_history_searched`: old blocks were asked too."""

    status: TransactionStatus | None
    is_history_searched: bool
    block_height: int
    now_ms: int
    sent_ms: int
    """When these bytes were last handed to a node by this process; 0: never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Record the new state."""

    state: IntentState
    error: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Resend:
    """Hand the same bytes to a node again."""


@dataclass(frozen=True, slots=True)
class SearchHistory:
    """Ask again, old blocks included: recent memory alone cannot prove an absence."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do yet."""


Step = Mark | Resend | SearchHistory | Wait


def next_step(intent: Intent, known: Knowledge) -> Step:
    """What to do now for an unresolved intent whose bytes were signed."""
    assert intent.state in UNRESOLVED, f"{intent.state} needs no step"
    if known.status is not None:
        return _step_of_status(intent, known.status)
    return _step_of_silence(intent, known)


def is_prepared_dead(intent_last_valid_block_height: int, block_height: int) -> bool:
    """Whether bytes that nobody returned signed can no longer land."""
    return block_height > intent_last_valid_block_height + FINALITY_BLOCKS


def _step_of_status(intent: Intent, status: TransactionStatus) -> Step:
    if status.error is not None:
        if status.commitment is Commitment.PROCESSED:
            # The fork that refused it may be dropped, and another may still accept it.
            return Wait()
        reason = {"code": status.error_code or "REFUSED_BY_CHAIN", "message": status.error}
        return Mark(state=IntentState.REJECTED, error=reason)
    reached = ON_CHAIN[status.commitment]
    if RANK[reached] > RANK.get(intent.state, 0):
        return Mark(state=reached)
    return Wait()


def _step_of_silence(intent: Intent, known: Knowledge) -> Step:
    if known.block_height > intent.last_valid_block_height + FINALITY_BLOCKS:
        if not known.is_history_searched:
            return SearchHistory()
        return Mark(state=IntentState.EXPIRED, error=_expired(intent))
    if intent.state in RANK or known.block_height > intent.last_valid_block_height:
        return _as_unknown(intent)
    if known.now_ms - known.sent_ms >= RESEND_MS:
        return Resend()
    return Wait()


def _as_unknown(intent: Intent) -> Step:
    if intent.state is IntentState.UNKNOWN:
        return Wait()
    return Mark(state=IntentState.UNKNOWN)


def _expired(intent: Intent) -> Mapping[str, object]:
    height = intent.last_valid_block_height
    message = f"the network did not take it before block {height}; nothing was done, try again"
    return {"code": "EXPIRED", "message": message}
