"""Sign out: the session ends everywhere at once."""

from __future__ import annotations

from quantdesk.services.dependencies import Dependencies
from quantdesk.services.sign_in import token_hash


async def sign_out(deps: Dependencies, token: str | None) -> None:
    """End the session of `token`; harmless when there is none."""
    if token is not None:
        await deps.sessions.revoke(token_hash(token), now_ms=deps.clock.now_ms())
