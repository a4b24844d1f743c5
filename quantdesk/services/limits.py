"""Limits: how often each thing may be asked, counted across every process.

A limiter that does not answer refuses: whatever moves money or opens a session stays closed.
"""

from __future__ import annotations

from quantdesk.services.dependencies import Dependencies
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import Limit

SIGN_IN = Limit(name="sign_in", burst=60, period_ms=60_000)
TRADE = Limit(name="trade", burst=100, period_ms=5_000)
PREVIEW = Limit(name="preview", burst=100, period_ms=5_000)
FAUCET = Limit(name="faucet", burst=5, period_ms=3_600_000)


async def over_limit(deps: Dependencies, limit: Limit, key: str) -> Refused | None:
    """A refusal when `key` has used up `limit`. Raises LimitsUnavailable."""
    wait_ms = await deps.limits.take(limit, key)
    if wait_ms == 0:
        return None
    seconds = -(-wait_ms // 1000)
    return Refused(
        code=Reason.RATE_LIMITED,
        message=f"too many requests; wait {seconds} s and try again",
        retry_after_ms=wait_ms,
    )
