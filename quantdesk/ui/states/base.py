"""Base: how a state learns who is behind its tab, from the cookie of the tab's own socket."""

import reflex as rx

from quantdesk.services.ports import User
from quantdesk.ui.desk import NotSignedIn, visitor


class PrivateState(rx.State, mixin=True):
    """Mixin of every state that may touch an account."""

    async def _visitor(self) -> User | None:
        return await visitor(self.router.headers.cookie)

    async def _session(self) -> User:
        user = await self._visitor()
        if user is None:
            raise NotSignedIn
        return user
