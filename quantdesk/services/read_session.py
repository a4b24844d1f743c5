"""Read a session: who, if anyone, is behind a cookie."""

from __future__ import annotations

import re

from quantdesk.services.dependencies import Dependencies
from quantdesk.services.ports import Session
from quantdesk.services.sign_in import token_hash

TOKEN_FORM = re.compile(r"[A-Za-z0-9_-]{43}")


async def read_session(deps: Dependencies, token: str | None) -> Session | None:
    """The live session of `token`; None when absent, malformed, expired or signed out."""
    if token is None or TOKEN_FORM.fullmatch(token) is None:
        return None
    return await deps.sessions.find(token_hash(token), now_ms=deps.clock.now_ms())
