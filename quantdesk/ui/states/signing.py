"""Signing: from a prepared transaction to the wallet, back to the chain, and what became of it."""

import base64
import binascii
from collections.abc import Sequence
from uuid import UUID

import reflex as rx

from quantdesk.services.outcome import Refused
from quantdesk.services.ports import Row
from quantdesk.services.prepare import Prepared
from quantdesk.services.submit_transaction import submit_transaction
from quantdesk.ui import format as show
from quantdesk.ui.desk import Snapshot, Trouble, ask, dependencies
from quantdesk.ui.outcome_notice import Evidence, evidence_of, liquidation_notice, notice_of
from quantdesk.ui.rows import Notice
from quantdesk.ui.states.base import PrivateState

NOTICES_MAX = 5
TRANSACTION_B64_MAX = 1700


class SigningState(PrivateState, rx.State):
    """One signing request at a time, and a notice for each thing that was asked."""

    request: dict[str, str] = {}
    notices: list[Notice] = []
    _summaries: dict[str, str] = {}
    _known_liquidations: set[str] | None = None

    @rx.var
    def unfinished(self) -> bool:
        """Whether any outcome is still open."""
        return any(not notice.final for notice in self.notices)

    @rx.event
    async def submit_signed(self, intent_id: str, transaction_b64: str) -> None:
        """Send what the wallet signed."""
        user = await self._session()
        self._withdraw_request(intent_id)
        await self._leave_ticket("done")
        intent, transaction = _parsed(intent_id, transaction_b64)
        if intent is None or transaction is None:
            self._fail(intent_id, "the wallet returned something that is not a transaction")
            return
        answer = await ask(
            submit_transaction(dependencies(), user, intent_id=intent, transaction=transaction)
        )
        if isinstance(answer, Refused | Trouble):
            self._fail(intent_id, answer.message)
            return
        state = {"id": intent_id, "kind": answer.kind, "state": str(answer.state)}
        self._tell(Evidence(intent={**state, "error": answer.error}))

    @rx.event
    async def refuse(self, intent_id: str, reason: str) -> None:
        """The wallet or the person said no; nothing was sent."""
        await self._session()
        self._withdraw_request(intent_id)
        await self._leave_ticket("edit")
        self._fail(intent_id, f"{reason[:200].rstrip('.')}. Nothing was signed")

    @rx.event
    def dismiss(self, key: str) -> None:
        """Take a notice away; the outcome stays in the tables."""
        self.notices = [notice for notice in self.notices if notice.key != key]

    def _ask_wallet(self, prepared: Prepared) -> None:
        intent_id = str(prepared.intent_id)
        self._summaries[intent_id] = prepared.summary
        self.request = {"intent_id": intent_id, "transaction_b64": prepared.transaction_b64}
        self._tell(Evidence(intent={"id": intent_id, "kind": "", "state": "prepared"}))

    def _withdraw_request(self, intent_id: str) -> None:
        # A page that reloads must not ask the wallet for the same signature again.
        if self.request.get("intent_id") == intent_id:
            self.request = {}

    def _follow(self, found: Snapshot) -> None:
        self._warn_of_liquidations(found.view.fills)
        waiting = {notice.key for notice in self.notices if not notice.final}
        for intent in found.view.pending:
            if intent["id"] in waiting and intent["state"] != "prepared":
                self._tell(evidence_of(intent, found.orders, found.view.fills))

    def _warn_of_liquidations(self, fills: Sequence[Row]) -> None:
        taken = {
            f"{row['signature']}:{row['log_index']}": row for row in fills if row["is_liquidation"]
        }
        known = self._known_liquidations
        for key in [key for key in taken if known is not None and key not in known]:
            self._put(liquidation_notice(taken[key], now_ms=dependencies().clock.now_ms()))
        # What had happened before the page opened is history, not news.
        self._known_liquidations = set(taken)

    def _tell(self, evidence: Evidence) -> None:
        summary = self._summaries.get(str(evidence.intent["id"]), "")
        now_ms = dependencies().clock.now_ms()
        self._put(notice_of(evidence, summary=summary, now_ms=now_ms))

    def _fail(self, key: str, message: str) -> None:
        now = show.clock(dependencies().clock.now_ms())
        text = show.sentence(message)
        self._put(
            Notice(key=key[:36], title="Failed", text=text, tone="error", time=now, final=True)
        )

    def _put(self, notice: Notice) -> None:
        if any(_same(notice, held) for held in self.notices):
            return
        kept = [held for held in self.notices if held.key != notice.key]
        self.notices = [*kept, notice][-NOTICES_MAX:]

    async def _leave_ticket(self, step: str) -> None:
        from quantdesk.ui.states.verdict import VerdictState

        await (await self.get_state(VerdictState))._come_back(step)


def _same(one: Notice, other: Notice) -> bool:
    return (one.key, one.title, one.text) == (other.key, other.title, other.text)


def _parsed(intent_id: str, transaction_b64: str) -> tuple[UUID | None, bytes | None]:
    try:
        if len(transaction_b64) > TRANSACTION_B64_MAX:
            return None, None
        return UUID(intent_id), base64.b64decode(transaction_b64, validate=True)
    except (ValueError, binascii.Error):
        return None, None
