"""Signing: from a prepared transaction to the wallet, and the signed bytes on to the chain."""

import base64
import binascii
from uuid import UUID

import reflex as rx

from quantdesk.services.give_up import give_up
from quantdesk.services.outcome import Refused
from quantdesk.services.ports import User
from quantdesk.services.prepare import Prepared
from quantdesk.services.submit_transaction import submit_transaction
from quantdesk.ui.desk import Trouble, ask, dependencies
from quantdesk.ui.outcome_notice import Evidence
from quantdesk.ui.states.base import PrivateState
from quantdesk.ui.states.notices import NoticesState

TRANSACTION_B64_MAX = 1700


class SigningState(PrivateState, rx.State):
    """One signing request at a time."""

    request: dict[str, str] = {}

    @rx.event
    async def submit_signed(self, intent_id: str, transaction_b64: str) -> None:
        """Send what the wallet signed."""
        user = await self._session()
        self._withdraw_request(intent_id)
        await self._leave_ticket("done")
        notices = await self.get_state(NoticesState)
        intent, transaction = _parsed(intent_id, transaction_b64)
        if intent is None or transaction is None:
            notices._fail(intent_id, "the wallet returned something that is not a transaction")
            return
        answer = await ask(
            submit_transaction(dependencies(), user, intent_id=intent, transaction=transaction)
        )
        if isinstance(answer, Refused | Trouble):
            notices._fail(intent_id, answer.message)
            return
        state = {"id": intent_id, "kind": answer.kind, "state": str(answer.state)}
        notices._tell(Evidence(intent={**state, "error": answer.error}))

    @rx.event
    async def refuse(self, intent_id: str, reason: str) -> None:
        """The wallet or the person said no; nothing was sent."""
        user = await self._session()
        self._withdraw_request(intent_id)
        await self._leave_ticket("edit")
        reason = reason[:200].rstrip(".")
        if intent := _uuid(intent_id):
            await ask(give_up(dependencies(), user, intent_id=intent, reason=reason))
        said = f"{reason}. Nothing was signed"
        (await self.get_state(NoticesState))._fail(intent_id, said)

    async def _ask_wallet(self, prepared: Prepared) -> None:
        intent_id = str(prepared.intent_id)
        self.request = {"intent_id": intent_id, "transaction_b64": prepared.transaction_b64}
        (await self.get_state(NoticesState))._begin(intent_id, prepared.summary)

    async def _forget_request(self, user: User) -> None:
        """A page that opens again has lost the wallet's answer and must not ask twice by itself."""
        intent_id = self.request.get("intent_id")
        if intent_id is None:
            return
        reason = "the page was reloaded before the wallet answered"
        closed = await ask(give_up(dependencies(), user, intent_id=UUID(intent_id), reason=reason))
        self.request = {}
        if closed is True:
            text = "The page was reloaded before your wallet answered. Nothing was sent; try again."
            (await self.get_state(NoticesState))._say(intent_id, "Not sent", text, tone="warn")
        await self._leave_ticket("edit")

    def _withdraw_request(self, intent_id: str) -> None:
        # A page that reloads must not ask the wallet for the same signature again.
        if self.request.get("intent_id") == intent_id:
            self.request = {}

    async def _leave_ticket(self, step: str) -> None:
        from quantdesk.ui.states.placing import PlacingState

        await (await self.get_state(PlacingState))._come_back(step)


def _parsed(intent_id: str, transaction_b64: str) -> tuple[UUID | None, bytes | None]:
    try:
        if len(transaction_b64) > TRANSACTION_B64_MAX:
            return None, None
        return _uuid(intent_id), base64.b64decode(transaction_b64, validate=True)
    except binascii.Error:
        return None, None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
