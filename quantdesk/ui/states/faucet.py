"""Faucet: test funds from this practice network into the wallet."""

from collections.abc import AsyncIterator

import reflex as rx

from quantdesk.services.outcome import Refused
from quantdesk.services.request_faucet import request_faucet
from quantdesk.ui import format as show
from quantdesk.ui.desk import Trouble, ask, dependencies
from quantdesk.ui.states.account import AccountState
from quantdesk.ui.states.base import PrivateState
from quantdesk.ui.states.funds import FundsState
from quantdesk.ui.states.notices import NoticesState


class FaucetState(PrivateState, rx.State):
    """Whether funds are on their way."""

    busy: bool = False

    @rx.event
    async def request_faucet(self) -> AsyncIterator[None]:
        """Send test funds to the wallet."""
        user = await self._session()
        self.busy = True
        yield
        grant = await ask(request_faucet(dependencies(), user))
        self.busy = False
        funds = await self.get_state(FundsState)
        if isinstance(grant, Refused | Trouble):
            funds.problem = show.sentence(grant.message)
            return
        funds.dialog = ""
        await (await self.get_state(AccountState))._read(user)
        text = f"{show.usd(grant.usdc_e6)} test USDC and SOL for fees are in your wallet."
        (await self.get_state(NoticesState))._say("faucet", "Test funds", text, tone="ok")
