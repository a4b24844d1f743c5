"""Verdict: what the twin says of the ticket: a receipt, or a sentence beside a field."""

import reflex as rx

from quantdesk.services.order_request import OrderRequest
from quantdesk.services.outcome import Refused
from quantdesk.services.preview_order import Preview, preview_order
from quantdesk.ui import format as show
from quantdesk.ui import receipt_rows, ticket_order
from quantdesk.ui.desk import Trouble, ask, dependencies
from quantdesk.ui.rows import MarketRow, ReceiptRow
from quantdesk.ui.states.account import AccountState
from quantdesk.ui.states.base import PrivateState
from quantdesk.ui.states.market import MarketState
from quantdesk.ui.states.sizing import SizingState
from quantdesk.ui.states.ticket import TicketState
from quantdesk.ui.ticket_order import Fields, Typed


class VerdictState(PrivateState, rx.State):
    """The receipt, and what is wrong with which field."""

    reduce_only_reason: str = "no position to reduce"
    size_problem: str = ""
    price_problem: str = ""
    notional: str = "-"
    max_size: str = "-"
    receipt: list[ReceiptRow] = []
    expected: str = "-"
    warning: str = ""
    _refusal: str = ""
    _hint: str = ""

    async def _weigh(
        self, *, by_percent: bool = False, at_mark: bool = False
    ) -> OrderRequest | None:
        ticket = await self.get_state(TicketState)
        sizing = await self.get_state(SizingState)
        market = (await self.get_state(MarketState)).market
        asked = await self._previewed(ticket_order.smallest_order(await ticket._fields(), market))
        probe = asked if isinstance(asked, Preview) else None
        mark_e6 = probe.mark.price_e6 if probe and probe.mark else 0
        largest_e9 = await self._largest_e9(ticket, market, probe)
        if by_percent and sizing.percent:
            ticket.size_text = ticket_order.part_of(largest_e9, sizing.percent, market)
        if at_mark and mark_e6 and ticket.kind == "limit":
            ticket.price_text = show.price(mark_e6, market.tick_e6).replace(",", "")
        fields = await ticket._fields()
        typed = ticket_order.typed_order(fields, market)
        sizing.share = sizing.percent or ticket_order.share_of(typed.size_e9, largest_e9)
        self.max_size = show.size(largest_e9, market.lot_e9) if largest_e9 else show.MISSING
        self.notional = ticket_order.notional(typed, mark_e6)
        request = ticket_order.order_request(fields, typed, market)
        preview = await self._previewed(request) if request else None
        self._take(typed, preview, fields, market)
        self._write_receipt(preview, probe, fields, market)
        await self._face()
        return request

    async def _previewed(self, request: OrderRequest) -> Preview | Refused | Trouble:
        user = await ask(self._visitor())
        guest = None if isinstance(user, Trouble) else user
        tab = self.router.session.client_token
        return await ask(preview_order(dependencies(), guest, request, client=tab))

    async def _largest_e9(
        self, ticket: TicketState, market: MarketRow, probe: Preview | None
    ) -> int:
        position_e9 = (await self.get_state(AccountState))._position_e9(market.symbol)
        self.reduce_only_reason = ticket_order.reduce_only_reason(ticket.side, position_e9)
        if self.reduce_only_reason:
            ticket.reduce_only = False
        if ticket.reduce_only:
            return abs(position_e9)
        return probe.max_size_e9 if probe else 0

    def _take(
        self,
        typed: Typed,
        preview: Preview | Refused | Trouble | None,
        fields: Fields,
        market: MarketRow,
    ) -> None:
        self.size_problem, self.price_problem = typed.size_problem, typed.price_problem
        self._refusal, self._hint = "", ""
        if preview is None:
            return
        if not isinstance(preview, Preview):
            self._take_no(preview)
            return
        beyond = ticket_order.beyond_leverage(fields, typed, preview.max_size_e9, market)
        if beyond:
            self._refusal, self.size_problem = "Size is too large", beyond
        elif preview.refusal is not None:
            self._take_no(preview.refusal)

    def _write_receipt(
        self,
        preview: Preview | Refused | Trouble | None,
        probe: Preview | None,
        fields: Fields,
        market: MarketRow,
    ) -> None:
        self.receipt, self.expected, self.warning = [], show.MISSING, ""
        now = probe.receipt if probe else None
        after = preview.receipt if isinstance(preview, Preview) and not self._refusal else None
        if after is not None:
            self.receipt = receipt_rows.receipt_rows(after, market, kind=fields.kind, now=now)
            self.expected = self.receipt[0].after
            self.warning = receipt_rows.warning(after, market)
        elif now is not None:
            self.receipt = receipt_rows.now_rows(now, market)

    def _take_no(self, answer: Refused | Trouble) -> None:
        sentence = show.sentence(answer.message)
        field = answer.field if isinstance(answer, Refused) else None
        code = answer.code.value if isinstance(answer, Refused) else ""
        self._refusal, self._hint = ticket_order.refusal_label(code), sentence
        if field == "size":
            self.size_problem = sentence
        elif field == "price":
            self.price_problem = sentence

    async def _face(self) -> None:
        from quantdesk.ui.states.placing import PlacingState

        await (await self.get_state(PlacingState))._face()
