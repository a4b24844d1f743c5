"""Give up: a prepared transaction that nobody will sign is closed, so that it can never be sent.

What a person is told ("nothing was sent") is made true in the log before they are told.
"""

from uuid import UUID

from quantdesk.services.actions import IntentState
from quantdesk.services.dependencies import Dependencies
from quantdesk.services.ports import User

NOT_SIGNED = "NOT_SIGNED"


async def give_up(deps: Dependencies, user: User, *, intent_id: UUID, reason: str) -> bool:
    """Close a prepared intent of this user; False when it was signed, closed or is not theirs.

    Raises DatabaseUnavailable.
    """
    if await deps.intents.find(user.id, intent_id) is None:
        return False
    return await deps.intents.mark(
        intent_id,
        IntentState.EXPIRED,
        expected=[IntentState.PREPARED],
        error={"code": NOT_SIGNED, "message": reason},
    )
