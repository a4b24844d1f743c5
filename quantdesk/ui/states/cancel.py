"""Cancel: taking an order back; it costs only the network fee, so nothing is asked first."""

import reflex as rx

from quantdesk.services.outcome import Refused
from quantdesk.services.prepare_cancel import prepare_cancel
from quantdesk.ui.desk import Trouble, ask, dependencies
from quantdesk.ui.states.base import PrivateState
from quantdesk.ui.states.notices import NoticesState
from quantdesk.ui.states.signing import SigningState


class CancelState(PrivateState, rx.State):
    """Nothing is kept here; the outcome is a notice."""

    @rx.event
    async def cancel_order(self, address: str) -> None:
        """Prepare the cancel of an open order and ask the wallet to sign it."""
        user = await self._session()
        answer = await ask(prepare_cancel(dependencies(), user, order_address=address[:44]))
        if isinstance(answer, Refused | Trouble):
            (await self.get_state(NoticesState))._fail(address, answer.message)
            return
        await (await self.get_state(SigningState))._ask_wallet(answer)
