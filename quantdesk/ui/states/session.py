"""Session: who this tab speaks for, and the facts of the network; loaded with every page."""

import reflex as rx

from quantdesk.ui import format as show
from quantdesk.ui.desk import Trouble, ask, dependencies
from quantdesk.ui.states.base import PrivateState


class SessionState(PrivateState, rx.State):
    """Signed in or guest."""

    signed_in: bool = False
    address: str = ""
    short_address: str = ""
    wallet_address: str = ""
    network: str = ""
    can_faucet: bool = False
    degraded: str = ""
    slot: str = "-"

    @rx.event
    async def load(self) -> None:
        """Find out who is here; the cookie decides, nothing else."""
        place = dependencies().place
        user = await ask(self._visitor())
        self.network = place.chain_id.removeprefix("solana:").capitalize()
        self.can_faucet = not place.is_production and dependencies().faucet is not None
        if isinstance(user, Trouble):
            self.degraded = show.sentence(user.message)
            return
        self.degraded = ""
        self.signed_in = user is not None
        self.address = user.wallet_address if user else ""
        self.short_address = show.short(self.address)
        await self._face()

    @rx.event
    async def connect_wallet(self, address: str) -> None:
        """Remember which wallet the browser connected; it proves nothing."""
        self.wallet_address = address[:44]
        await self._face()

    @rx.event
    def end_session(self) -> None:
        """Say that the session is over; asked for by the server after a refused act."""
        if self.signed_in:
            self.degraded = "Your session has ended. Connect your wallet to go on."
        self.signed_in = False
        self.address = ""
        self.short_address = ""

    async def _face(self) -> None:
        from quantdesk.ui.states.placing import PlacingState

        await (await self.get_state(PlacingState))._face()
