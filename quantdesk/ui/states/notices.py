"""Notices: what became of each thing the person signed, in words, until the chain has spoken."""

from collections.abc import Sequence

import reflex as rx

from quantdesk.services.ports import Row
from quantdesk.ui import format as show
from quantdesk.ui.desk import Snapshot, dependencies
from quantdesk.ui.outcome_notice import Evidence, evidence_of, liquidation_notice, notice_of
from quantdesk.ui.rows import Notice

NOTICES_MAX = 5


class NoticesState(rx.State):
    """One notice for each thing that was asked; it changes in place."""

    notices: list[Notice] = []
    _summaries: dict[str, str] = {}
    _known_liquidations: set[str] | None = None

    @rx.var
    def unfinished(self) -> bool:
        """Whether any outcome is still open."""
        return any(not notice.final for notice in self.notices)

    @rx.event
    def dismiss(self, key: str) -> None:
        """Take a notice away; the outcome stays in the tables."""
        self.notices = [notice for notice in self.notices if notice.key != key]

    def _begin(self, intent_id: str, summary: str) -> None:
        self._summaries[intent_id] = summary
        self._tell(Evidence(intent={"id": intent_id, "kind": "", "state": "prepared"}))

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
        self._say(key, "Failed", show.sentence(message), tone="error")

    def _say(self, key: str, title: str, text: str, *, tone: str) -> None:
        now = show.clock(dependencies().clock.now_ms())
        self._put(Notice(key=key[:44], title=title, text=text, tone=tone, time=now, final=True))

    def _put(self, notice: Notice) -> None:
        if any(_same(notice, held) for held in self.notices):
            return
        kept = [held for held in self.notices if held.key != notice.key]
        self.notices = [*kept, notice][-NOTICES_MAX:]


def _same(one: Notice, other: Notice) -> bool:
    return (one.key, one.title, one.text) == (other.key, other.title, other.text)
