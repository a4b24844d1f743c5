"""Placing: the ticket's one button, and the order that a press of it sends to the wallet."""

from collections.abc import AsyncIterator

import reflex as rx
from reflex.event import EventSpec

from quantdesk.services.outcome import Refused
from quantdesk.services.prepare_order import prepare_order
from quantdesk.ui.button import Standing, button
from quantdesk.ui.desk import Trouble, ask, dependencies
from quantdesk.ui.states.account import AccountState
from quantdesk.ui.states.base import PrivateState
from quantdesk.ui.states.funds import FundsState
from quantdesk.ui.states.session import SessionState
from quantdesk.ui.states.signing import SigningState
from quantdesk.ui.states.ticket import TicketState
from quantdesk.ui.states.verdict import VerdictState


class PlacingState(PrivateState, rx.State):
    """What the button says and does."""

    label: str = "Connect wallet"
    action: str = "connect"
    tone: str = "main"
    hint: str = "Prices are live without an account."
    _submitting: bool = False

    @rx.event
    async def press(self) -> AsyncIterator[EventSpec | None]:
        """Do what the button says."""
        user = await self._session()
        verdict = await self.get_state(VerdictState)
        request = await verdict._weigh()
        if self.action.startswith("focus_"):
            yield rx.set_focus(self.action.removeprefix("focus_"))
        if self.action in ("deposit", "faucet"):
            await (await self.get_state(FundsState))._open(self.action)
        if self.action != "place" or request is None:
            return
        await self._begin()
        yield None
        answer = await ask(prepare_order(dependencies(), user, request))
        if isinstance(answer, Refused | Trouble):
            verdict._take_no(answer)
            await self._give_up()
        else:
            await (await self.get_state(SigningState))._ask_wallet(answer)

    async def _begin(self) -> None:
        self._submitting = True
        (await self.get_state(TicketState)).step = "placing"
        await self._face()

    async def _give_up(self) -> None:
        self._submitting = False
        (await self.get_state(TicketState)).step = "edit"
        await self._face()

    async def _face(self) -> None:
        ticket = await self.get_state(TicketState)
        session = await self.get_state(SessionState)
        account = await self.get_state(AccountState)
        verdict = await self.get_state(VerdictState)
        refused = bool(verdict._refusal)
        face = button(
            Standing(
                signed_in=session.signed_in,
                wallet_connected=bool(session.wallet_address),
                loaded=account.loaded,
                wallet_usdc_e6=account._wallet_usdc_e6(),
                collateral_e6=account.balance_e6 if account.loaded else 0,
                faucet_open=session.can_faucet,
                submitting=self._submitting,
                side=ticket.side,
                kind=ticket.kind,
                reduce_only=ticket.reduce_only,
                size_text=ticket.size_text,
                price_text=ticket.price_text,
                size_problem="" if refused else verdict.size_problem,
                price_problem="" if refused else verdict.price_problem,
                refusal=verdict._refusal,
            )
        )
        self.label, self.action, self.tone = face.label, face.action, face.tone
        self.hint = face.hint or verdict._hint

    async def _come_back(self, step: str) -> None:
        ticket = await self.get_state(TicketState)
        self._submitting = False
        if ticket.step == "placing" and step == "done":
            await ticket._empty()
        ticket.step = "edit"
        await (await self.get_state(VerdictState))._weigh(at_mark=not ticket.price_text)
