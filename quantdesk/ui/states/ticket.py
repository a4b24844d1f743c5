"""Ticket: the fields of the order the person is writing; every change is judged at once."""

import reflex as rx

from quantdesk.ui.states.sizing import SizingState
from quantdesk.ui.ticket_order import Fields

SIDES = ("long", "short")
KINDS = ("market", "limit")
STEPS = ("edit", "preview", "placing", "done")
TEXT_MAX = 32


class TicketState(rx.State):
    """What was typed and chosen."""

    side: str = "long"
    kind: str = "market"
    size_text: str = ""
    price_text: str = ""
    reduce_only: bool = False
    step: str = "edit"

    @rx.var
    def steps_done(self) -> list[str]:
        """The steps reached so far."""
        return list(STEPS[: STEPS.index(self.step) + 1])

    @rx.event
    async def choose_side(self, side: str) -> None:
        """Long or short."""
        if side in SIDES:
            self.side = side
            await self._judge(by_percent=True)

    @rx.event
    async def choose_kind(self, kind: str) -> None:
        """Market or limit; a limit price starts at the mark."""
        if kind in KINDS:
            self.kind = kind
            await self._judge(at_mark=kind == "limit" and not self.price_text)

    @rx.event
    async def type_price(self, text: str) -> None:
        """The limit price as typed."""
        self.price_text = text[:TEXT_MAX]
        await self._judge()

    @rx.event
    async def use_mark(self) -> None:
        """Set the limit price to the mark."""
        await self._judge(at_mark=True)

    @rx.event
    async def type_size(self, text: str) -> None:
        """The size as typed; the slider only shows what share it is."""
        self.size_text = text[:TEXT_MAX]
        (await self.get_state(SizingState)).percent = 0
        await self._judge()

    @rx.event
    async def choose_reduce_only(self, checked: bool) -> None:
        """Only make the position smaller."""
        self.reduce_only = checked
        await self._judge(by_percent=True)

    @rx.event
    async def walk(self, step: str) -> None:
        """On a phone: from the fields to the preview and back."""
        if step in ("edit", "preview"):
            self.step = step
            await self._judge()

    @rx.event
    async def clear(self) -> None:
        """Empty the ticket."""
        await self._empty()
        await self._judge()

    async def _empty(self) -> None:
        self.size_text, self.price_text = "", ""
        self.reduce_only, self.step = False, "edit"
        (await self.get_state(SizingState)).percent = 0

    async def _fields(self) -> Fields:
        return Fields(
            side=self.side,
            kind=self.kind,
            size_text=self.size_text,
            price_text=self.price_text,
            reduce_only=self.reduce_only,
            leverage=(await self.get_state(SizingState)).leverage,
        )

    async def _judge(self, *, by_percent: bool = False, at_mark: bool = False) -> None:
        from quantdesk.ui.states.verdict import VerdictState

        verdict = await self.get_state(VerdictState)
        await verdict._weigh(by_percent=by_percent, at_mark=at_mark)
