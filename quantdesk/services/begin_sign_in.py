"""Begin a sign-in: hand out one message, for one wallet, in one browser, for five minutes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from quantdesk.services.dependencies import Dependencies
from quantdesk.services.limits import SIGN_IN, over_limit
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import Nonce
from quantdesk.services.sign_in_message import SignInMessage, written_time
from quantdesk.services.wallet_key import public_key

LIFE_MS = 5 * 60 * 1000
NONCE_BYTES = 20
BROWSER_TOKEN_LENGTH_MIN = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInChallenge:
    """What the wallet is asked to sign; `input` is the same as `solana:signIn` takes it."""

    message: str
    nonce: str
    issued_at_ms: int
    expires_at_ms: int
    input: Mapping[str, str]


async def begin_sign_in(
    deps: Dependencies, *, address: str, browser_token: str, client: str
) -> SignInChallenge | Refused:
    """A fresh message for `address`; `client` is the network address that limits are counted by."""
    refused = await over_limit(deps, SIGN_IN, client)
    if refused is not None:
        return refused
    if public_key(address) is None:
        return Refused(
            code=Reason.SIGN_IN_ADDRESS,
            message="expected the base58 address of a wallet; connect a wallet and try again",
            field="address",
        )
    if len(browser_token) < BROWSER_TOKEN_LENGTH_MIN:
        return Refused(
            code=Reason.SIGN_IN_NONCE, message="this browser refused a cookie; allow cookies"
        )
    issued_at_ms = deps.clock.now_ms()
    message = _message(deps, address, issued_at_ms)
    await deps.nonces.remember(
        Nonce(
            nonce=message.nonce,
            wallet_address=address,
            browser_hash=hashlib.sha256(browser_token.encode()).digest(),
            message=message.text,
            issued_at_ms=issued_at_ms,
            expires_at_ms=issued_at_ms + LIFE_MS,
        )
    )
    return SignInChallenge(
        message=message.text,
        nonce=message.nonce,
        issued_at_ms=issued_at_ms,
        expires_at_ms=issued_at_ms + LIFE_MS,
        input=_wallet_input(message),
    )


def _message(deps: Dependencies, address: str, issued_at_ms: int) -> SignInMessage:
    return SignInMessage(
        domain=deps.place.domain,
        address=address,
        uri=deps.place.origin,
        chain_id=deps.place.chain_id,
        nonce=deps.randomness.secret(NONCE_BYTES).hex(),
        issued_at=written_time(issued_at_ms),
        expiration_time=written_time(issued_at_ms + LIFE_MS),
    )


def _wallet_input(message: SignInMessage) -> Mapping[str, str]:
    return {
        "domain": message.domain,
        "address": message.address,
        "statement": message.statement,
        "uri": message.uri,
        "version": message.version,
        "chainId": message.chain_id,
        "nonce": message.nonce,
        "issuedAt": message.issued_at,
        "expirationTime": message.expiration_time,
    }
