"""Tabs: which open pages belong to which wallet, and how a change on chain reaches them.

A page that has gone is forgotten at the next change. A lost change costs freshness only: every
visible page also looks again by itself every few seconds.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import reflex as rx
import structlog

from quantdesk.services.ports import User
from quantdesk.ui.desk import Trouble, ask, snapshot

QUIET_S = 0.05
"""Changes of one transaction come in a burst; they are answered together."""

log = structlog.get_logger()
_tabs: dict[str, set[str]] = {}
_users: dict[str, User] = {}


class Change(Protocol):
    """Something of `owner` (base58) changed."""

    @property
    def owner(self) -> str:
        """The wallet."""
        ...


def remember(user: User, tab: str) -> None:
    """This tab shows this user's account."""
    _users[user.wallet_address] = user
    _tabs.setdefault(user.wallet_address, set()).add(tab)


async def follow(app: rx.App, changes: AsyncIterator[Change]) -> None:
    """Refresh the tabs of every owner whose account changes, until cancelled."""
    due: dict[str, asyncio.Task[None]] = {}
    async for change in changes:
        waiting = due.get(change.owner)
        if change.owner in _tabs and (waiting is None or waiting.done()):
            due[change.owner] = asyncio.create_task(_refresh(app, change.owner))


async def _refresh(app: rx.App, owner: str) -> None:
    await asyncio.sleep(QUIET_S)
    alive = {tab for tab in _tabs[owner] if _is_open(app, tab)}
    _tabs[owner] = alive
    if not alive:
        del _tabs[owner], _users[owner]
        return
    found = await ask(snapshot(_users[owner]))
    if isinstance(found, Trouble):
        return
    from quantdesk.ui.states.account import AccountState

    for tab in alive:
        token = rx.BaseStateToken(ident=tab, cls=AccountState)
        async with app.modify_state(token) as root:
            state = await root.get_state(AccountState)
            if await state._is_of(owner):
                await state._show(found)


def _is_open(app: rx.App, tab: str) -> bool:
    namespace = app.event_namespace
    return namespace is not None and tab in namespace.token_to_sid
