"""Request test funds: SOL for fees and test USDC, on development chains only."""

from __future__ import annotations

from quantdesk.services.dependencies import Dependencies
from quantdesk.services.limits import FAUCET, over_limit
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import FaucetGrant, User


async def request_faucet(deps: Dependencies, user: User) -> FaucetGrant | Refused:
    """Send test funds to the user's wallet."""
    if deps.faucet is None or deps.place.is_production:
        return Refused(
            code=Reason.FORBIDDEN,
            message="test funds exist on development chains only; deposit real USDC here",
        )
    refused = await over_limit(deps, FAUCET, str(user.id))
    if refused is not None:
        return refused
    return await deps.faucet.grant(user.wallet_address)
