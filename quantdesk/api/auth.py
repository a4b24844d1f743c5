"""Signing in and out."""

from __future__ import annotations

import base64

from fastapi import APIRouter, Request, Response

from quantdesk.api.schemas import EmptyBody, NonceBody, SignInBody
from quantdesk.api.wire import (
    Deps,
    MaybeSession,
    clear_cookie,
    client_of,
    decoded,
    encoded,
    granted,
    set_cookie,
)
from quantdesk.services.begin_sign_in import begin_sign_in
from quantdesk.services.dependencies import browser_cookie_name, session_cookie_name
from quantdesk.services.sign_in import SignInAttempt, sign_in
from quantdesk.services.sign_out import sign_out

BROWSER_LIFE_S = 600

router = APIRouter(prefix="/api/auth", tags=["auth"])


@router.post("/nonce")
async def nonce(body: NonceBody, request: Request, response: Response, deps: Deps) -> object:
    """A message for the wallet to sign, good once and for five minutes."""
    name = browser_cookie_name(deps.place)
    token = request.cookies.get(name) or ""
    if len(token) != 43:
        token = base64.urlsafe_b64encode(deps.randomness.secret(32)).rstrip(b"=").decode()
    challenge = granted(
        await begin_sign_in(
            deps, address=body.address, browser_token=token, client=client_of(request, deps.place)
        )
    )
    set_cookie(response, deps.place, name, text=token, life_s=BROWSER_LIFE_S)
    return encoded(challenge)


@router.post("/sign-in")
async def sign_in_(body: SignInBody, request: Request, response: Response, deps: Deps) -> object:
    """Open a session; the cookie is set here and readable by no script."""
    attempt = SignInAttempt(
        address=body.address,
        message=decoded(body.message_b64, "message_b64"),
        signature=decoded(body.signature_b64, "signature_b64"),
        browser_token=request.cookies.get(browser_cookie_name(deps.place)) or "",
        client=client_of(request, deps.place),
        user_agent=request.headers.get("user-agent", ""),
    )
    signed_in = granted(await sign_in(deps, attempt))
    set_cookie(response, deps.place, session_cookie_name(deps.place), text=signed_in.token)
    clear_cookie(response, deps.place, browser_cookie_name(deps.place))
    return {"user": encoded(signed_in.session.user), "expires_at_ms": _expiry(signed_in.session)}


@router.post("/sign-out")
async def sign_out_(_: EmptyBody, request: Request, response: Response, deps: Deps) -> object:
    """End the session; harmless when there is none."""
    name = session_cookie_name(deps.place)
    await sign_out(deps, request.cookies.get(name))
    clear_cookie(response, deps.place, name)
    return {"user": None}


@router.get("/session")
async def session_(session: MaybeSession) -> object:
    """Who is signed in; `user` is null for a guest."""
    if session is None:
        return {"user": None}
    return {"user": encoded(session.user), "expires_at_ms": _expiry(session)}


def _expiry(session: MaybeSession) -> int | None:
    return None if session is None else session.expires_at_ms
