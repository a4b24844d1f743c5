"""Sign in: a signed message comes back; every field, every byte and the signature must hold.

The nonce leaves use before anything else is judged, so no message is ever tried twice.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from solders.message import Message, from_bytes_versioned
from solders.transaction import VersionedTransaction

from quantdesk.services.dependencies import Dependencies
from quantdesk.services.limits import SIGN_IN, over_limit
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import Nonce, Session
from quantdesk.services.sign_in_message import MessageFault, SignInMessage, read
from quantdesk.services.wallet_key import is_signed_by, public_key

SESSION_LIFE_MS = 7 * 24 * 60 * 60 * 1000
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAttempt:
    """What a browser brings back from its wallet."""

    address: str
    message: bytes
    signature: bytes
    browser_token: str
    client: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new session; `token` is the cookie's value and is stored nowhere."""

    token: str
    session: Session


async def sign_in(deps: Dependencies, attempt: SignInAttempt) -> SignedIn | Refused:
    """Open a session for the wallet that signed, or say why not."""
    refused = await over_limit(deps, SIGN_IN, attempt.client)
    if refused is not None:
        return refused
    if is_transaction(attempt.message):
        return _refused(Reason.SIGN_IN_MESSAGE, "these bytes are a transaction, not a sign-in")
    try:
        message = read(attempt.message)
    except MessageFault as fault:
        return _refused(Reason.SIGN_IN_MESSAGE, f"this is not the sign-in message ({fault})")
    stored = await deps.nonces.consume(message.nonce, now_ms=deps.clock.now_ms())
    refused = _fault(deps, attempt, message, stored)
    if refused is not None:
        return refused
    return await _open_session(deps, attempt)


def is_transaction(message: bytes) -> bool:
    """Whether a chain could take these bytes for a transaction or the message of one."""
    for parse in (VersionedTransaction.from_bytes, from_bytes_versioned, Message.from_bytes):
        try:
            parse(message)
        except ValueError:
            continue
        return True
    return False


def _fault(
    deps: Dependencies, attempt: SignInAttempt, message: SignInMessage, stored: Nonce | None
) -> Refused | None:
    if stored is None:
        return _refused(
            Reason.SIGN_IN_NONCE, "this sign-in message is unknown, used or older than 5 minutes"
        )
    browser_hash = hashlib.sha256(attempt.browser_token.encode()).digest()
    if not hmac.compare_digest(browser_hash, stored.browser_hash):
        return _refused(Reason.SIGN_IN_NONCE, "this sign-in was started in another browser")
    if not stored.issued_at_ms <= deps.clock.now_ms() < stored.expires_at_ms:
        return _refused(Reason.SIGN_IN_NONCE, "this sign-in message has expired")
    difference = read(stored.message.encode()).first_difference(message)
    if difference is not None or stored.message.encode() != attempt.message:
        return _refused(
            Reason.SIGN_IN_MESSAGE, f"the signed {difference or 'text'} differs from what was asked"
        )
    if attempt.address != message.address:
        return _refused(
            Reason.SIGN_IN_ADDRESS,
            "the wallet signed with another account; choose that account and try again",
        )
    key = public_key(attempt.address)
    if key is None or not is_signed_by(key, attempt.message, attempt.signature):
        return _refused(Reason.SIGN_IN_SIGNATURE, "the signature does not belong to this wallet")
    return None


async def _open_session(deps: Dependencies, attempt: SignInAttempt) -> SignedIn:
    user = await deps.users.find_or_create(attempt.address)
    secret = deps.randomness.secret(TOKEN_BYTES)
    token = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    now_ms = deps.clock.now_ms()
    session = Session(
        token_hash=token_hash(token), user=user, expires_at_ms=now_ms + SESSION_LIFE_MS
    )
    await deps.sessions.open(session, now_ms=now_ms, user_agent=attempt.user_agent)
    return SignedIn(token=token, session=session)


def token_hash(token: str) -> bytes:
    """What is stored of a session token."""
    return hashlib.sha256(token.encode()).digest()


def _refused(code: Reason, what: str) -> Refused:
    return Refused(code=code, message=f"{what}; sign in again")
