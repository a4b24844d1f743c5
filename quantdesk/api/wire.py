"""The border: requests become domain requests, answers become JSON, cookies are set and read."""

from __future__ import annotations

import asyncio
import base64
import binascii
import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Request, Response

from quantdesk.api.errors import Denied, Unauthenticated
from quantdesk.services.dependencies import Dependencies, Place, session_cookie_name
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import Session, User
from quantdesk.services.read_session import read_session

SESSION_LIFE_S = 7 * 24 * 60 * 60

T = TypeVar("T")


class Bundle:
    """The ports of one process, opened when first needed; opening twice yields the same."""

    def __init__(self, build: Callable[[], Awaitable[Dependencies]]) -> None:
        self._build = build
        self._lock = asyncio.Lock()
        self._deps: Dependencies | None = None

    async def open(self) -> Dependencies:
        """The ports. Raises a PortError while a part of the world does not answer."""
        async with self._lock:
            if self._deps is None:
                self._deps = await self._build()
            return self._deps

    async def close(self) -> None:
        """Close what was opened."""
        async with self._lock:
            deps, self._deps = self._deps, None
            if deps is not None:
                await deps.close()


async def dependencies_of(request: Request) -> Dependencies:
    """The ports that the application was made with."""
    bundle: Bundle = request.app.state.bundle
    return await bundle.open()


Deps = Annotated[Dependencies, Depends(dependencies_of)]


async def session_of(request: Request, deps: Deps) -> Session | None:
    """The live session of the request's cookie."""
    return await read_session(deps, request.cookies.get(session_cookie_name(deps.place)))


MaybeSession = Annotated[Session | None, Depends(session_of)]


async def user_of(session: MaybeSession) -> User:
    """The signed-in user; refuses everybody else."""
    if session is None:
        raise Unauthenticated
    return session.user


SignedInUser = Annotated[User, Depends(user_of)]


def client_of(request: Request, place: Place) -> str:
    """The network address that limits are counted by.

    Each proxy appends the address it was called from, so only the entry that the outermost of ours
    wrote can be believed; without proxies nothing but the peer is.
    """
    entries = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    hops = place.trusted_proxies
    if hops and len(entries) >= hops and entries[-hops].strip():
        return entries[-hops].strip()[:64]
    return request.client.host if request.client else "unknown"


def granted(answer: T | Refused) -> T:
    """The answer, or the refusal raised to the wire."""
    if isinstance(answer, Refused):
        raise Denied(answer)
    return answer


def decoded(text: str, field: str) -> bytes:
    """Bytes of canonical base64."""
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error:
        found = None
    if found is None or base64.b64encode(found).decode() != text:
        raise Denied(
            Refused(
                code=Reason.INVALID,
                message=f"{field}: expected standard base64 with padding; encode the bytes again",
                field=field,
            )
        )
    return found


def encoded(found: object) -> object:
    """Dataclasses, enums and ids as plain JSON; integers stay integers."""
    if dataclasses.is_dataclass(found) and not isinstance(found, type):
        names = [field.name for field in dataclasses.fields(found)]
        return {name: encoded(getattr(found, name)) for name in names}
    if isinstance(found, Enum):
        return found.value
    if isinstance(found, UUID):
        return str(found)
    if isinstance(found, Mapping):
        return {str(name): encoded(value) for name, value in found.items()}
    if isinstance(found, (list, tuple)):
        return [encoded(part) for part in found]
    return found


def set_cookie(
    response: Response, place: Place, name: str, *, text: str, life_s: int = SESSION_LIFE_S
) -> None:
    """A cookie that scripts cannot read and other sites cannot cause to be sent."""
    response.set_cookie(
        name,
        text,
        max_age=life_s,
        path="/",
        httponly=True,
        samesite="strict",
        secure=place.is_production,
    )


def clear_cookie(response: Response, place: Place, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(
        name, path="/", httponly=True, samesite="strict", secure=place.is_production
    )
