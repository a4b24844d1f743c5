"""Submit a transaction: the signed bytes must be the prepared ones, and are kept before they go.

Signature and last valid block height are committed before the first send, so a crash at any later
point leaves something that can be looked up. What became of the bytes may be unknown for a while;
the order sender finds out. Submitting the same bytes again changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from solders.signature import Signature

from quantdesk.services.actions import Intent, IntentState
from quantdesk.services.dependencies import Dependencies
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import ExchangeUnavailable, TransactionRefused, User
from quantdesk.services.prepare import limited
from quantdesk.services.wallet_key import SIGNATURE_LENGTH, is_signed_by, public_key

SEND_TIMEOUT_S = 8.0
MESSAGE_START = 1 + SIGNATURE_LENGTH
BLOCKHASH_NOT_FOUND = "BlockhashNotFound"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """How far an intent has come; `error` says in words why it will not get further."""

    intent_id: UUID
    kind: str
    state: IntentState
    signature: str | None
    error: Mapping[str, object] | None = None


async def submit_transaction(
    deps: Dependencies, user: User, *, intent_id: UUID, transaction: bytes
) -> Submitted | Refused:
    """Send what the wallet signed, once, whatever happens to the answer."""
    refused = await limited(deps, user)
    if refused is not None:
        return refused
    intent = await deps.intents.find(user.id, intent_id)
    if intent is None:
        return _not_found()
    refused = _bytes_fault(user, intent, transaction)
    if refused is not None:
        return refused
    signature = str(Signature.from_bytes(transaction[1:MESSAGE_START]))
    if intent.state is not IntentState.PREPARED:
        return _repeated(intent, signature)
    if not await deps.intents.mark_signed(
        intent, signature=signature, signed_transaction=transaction
    ):
        return await _after_race(deps, user, intent_id, signature)
    state, error = await _send(deps, intent, transaction)
    await deps.intents.mark(intent_id, state, expected=[IntentState.SIGNED], error=error)
    return Submitted(
        intent_id=intent_id, kind=intent.kind.value, state=state, signature=signature, error=error
    )


def submitted(intent: Intent) -> Submitted:
    """The public face of an intent."""
    return Submitted(
        intent_id=intent.id,
        kind=intent.kind.value,
        state=intent.state,
        signature=intent.signature,
        error=intent.error,
    )


def _bytes_fault(user: User, intent: Intent, transaction: bytes) -> Refused | None:
    if transaction[:1] != b"\x01" or transaction[MESSAGE_START:] != intent.message_bytes:
        return Refused(
            code=Reason.WRONG_BYTES,
            message=(
                "the signed transaction is not the one that was prepared; turn off wallet "
                "features that change transactions, then prepare it again"
            ),
            field="transaction",
        )
    key = public_key(user.wallet_address)
    signature = transaction[1:MESSAGE_START]
    if key is None or not is_signed_by(key, intent.message_bytes, signature):
        return Refused(
            code=Reason.WRONG_SIGNATURE,
            message="the signature is not this wallet's; sign with the account you signed in with",
            field="transaction",
        )
    return None


def _repeated(intent: Intent, signature: str) -> Submitted | Refused:
    if intent.signature == signature:
        return submitted(intent)
    return Refused(
        code=Reason.ALREADY_RESOLVED,
        message=f"this request is already {intent.state.value}; prepare a new one",
        field="transaction",
    )


async def _after_race(
    deps: Dependencies, user: User, intent_id: UUID, signature: str
) -> Submitted | Refused:
    intent = await deps.intents.find(user.id, intent_id)
    return _not_found() if intent is None else _repeated(intent, signature)


async def _send(
    deps: Dependencies, intent: Intent, transaction: bytes
) -> tuple[IntentState, Mapping[str, object] | None]:
    try:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await deps.transactions.send(transaction)
    except TransactionRefused as refusal:
        if refusal.code == BLOCKHASH_NOT_FOUND and not await _has_expired(deps, intent):
            # The node may only be behind; the same bytes can still land elsewhere.
            return IntentState.UNKNOWN, None
        final = refusal.code == BLOCKHASH_NOT_FOUND
        state = IntentState.EXPIRED if final else IntentState.REJECTED
        return state, {"code": refusal.code, "message": refusal.reason}
    except (ExchangeUnavailable, TimeoutError):
        return IntentState.UNKNOWN, None
    return IntentState.SENT, None


async def _has_expired(deps: Dependencies, intent: Intent) -> bool:
    try:
        return await deps.transactions.block_height() > intent.last_valid_block_height
    except ExchangeUnavailable:
        return False


def _not_found() -> Refused:
    return Refused(
        code=Reason.NOT_FOUND,
        message="this request is unknown; prepare it again",
        field="intent_id",
    )
