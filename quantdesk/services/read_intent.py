"""Read an intent: what became of something that was asked."""

from __future__ import annotations

from uuid import UUID

from quantdesk.services.dependencies import Dependencies
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import User
from quantdesk.services.submit_transaction import Submitted, submitted


async def read_intent(deps: Dependencies, user: User, intent_id: UUID) -> Submitted | Refused:
    """The state of one of this user's intents."""
    intent = await deps.intents.find(user.id, intent_id)
    if intent is None:
        return Refused(code=Reason.NOT_FOUND, message="this request is unknown; prepare it again")
    return submitted(intent)
