"""Desk: the one bundle of ports of this web process, and how a page asks through it.

A world failure becomes a sentence here, so that no handler ever shows a traceback.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import TypeVar

import structlog

from quantdesk.services.dependencies import Dependencies, session_cookie_name
from quantdesk.services.ports import PortError, Row, User
from quantdesk.services.read_account import AccountView, read_account
from quantdesk.services.read_session import read_session

T = TypeVar("T")
ASK_TIMEOUT_S = 10.0
RECENT_ORDERS = 20

log = structlog.get_logger()
_bundle: list[Dependencies] = []


class NotSignedIn(Exception):
    """A private act without a live session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """The world failed; the sentence says so and what is safe."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One account at one moment, with its latest orders whatever became of them."""

    view: AccountView
    orders: tuple[Row, ...]


@asynccontextmanager
async def opened(bundle: Dependencies) -> AsyncIterator[None]:
    """Answer pages from `bundle` for as long as the block runs."""
    _bundle.append(bundle)
    try:
        yield
    finally:
        _bundle.remove(bundle)


def dependencies() -> Dependencies:
    """The ports of this process."""
    assert _bundle, "the desk is opened by the web process's lifespan"
    return _bundle[-1]


async def visitor(cookies: str) -> User | None:
    """Who is behind a Cookie header; None for a guest."""
    deps = dependencies()
    session = await read_session(deps, _token(cookies, session_cookie_name(deps.place)))
    return session.user if session else None


async def ask(work: Awaitable[T]) -> T | Trouble:
    """The answer, or a sentence when a neighbour of this process failed."""
    try:
        async with asyncio.timeout(ASK_TIMEOUT_S):
            return await work
    except PortError as error:
        log.warning("port_failed", error=str(error), kind=type(error).__name__)
        return Trouble(message=f"{error}; nothing was done, try again")
    except TimeoutError:
        log.warning("port_timed_out")
        return Trouble(message="no answer in time; nothing is known yet, look again in a moment")


async def snapshot(user: User) -> Snapshot:
    """Everything the account's tables and notices need."""
    deps = dependencies()
    view, orders = await asyncio.gather(
        read_account(deps, user), deps.mirror.orders(user.id, status=None, limit=RECENT_ORDERS)
    )
    return Snapshot(view=view, orders=tuple(orders))


def _token(cookies: str, name: str) -> str | None:
    try:
        found = SimpleCookie(cookies).get(name)
    except CookieError:
        return None
    return found.value if found else None
