"""Verdict: what the twin says of the ticket, and the one button that follows from it."""

import reflex as rx
from reflex.event import EventSpec

from quantdesk.services.order_request import OrderRequest
from quantdesk.services.outcome import Refused
from quantdesk.services.prepare_order import prepare_order
from quantdesk.services.preview_order import Preview, preview_order
from quantdesk.ui import format as show
from quantdesk.ui import receipt_rows, ticket_order
from quantdesk.ui.button import Standing, button
from quantdesk.ui.desk import Trouble, ask, dependencies
from quantdesk.ui.rows import MarketRow, ReceiptRow
from quantdesk.ui.states.account import AccountState
from quantdesk.ui.states.base import PrivateState
from quantdesk.ui.states.funds import FundsState
from quantdesk.ui.states.market import MarketState
from quantdesk.ui.states.session import SessionState
from quantdesk.ui.states.signing import SigningState
from quantdesk.ui.states.ticket import TicketState
from quantdesk.ui.ticket_order import Fields, Typed


class VerdictState(PrivateState, rx.State):
    """Receipt, problems, and the button."""

    reduce_only_reason: str = "no position to reduce"
    size_problem: str = ""
    price_problem: str = ""
    notional: str = "-"
    max_size: str = "-"
    receipt: list[ReceiptRow] = []
    warning: str = ""
    button_label: str = "Connect wallet"
    button_action: str = "connect"
    button_tone: str = "main"
    button_hint: str = "Prices are live without an account."
    _refusal: str = ""
    _hint: str = ""
    _submitting: bool = False

    @rx.event
    async def press(self) -> EventSpec | None:
        """Do what the button says."""
        user = await self._session()
        request = await self._weigh()
        if self.button_action.startswith("focus_"):
            return rx.set_focus(self.button_action.removeprefix("focus_"))
        if self.button_action in ("deposit", "faucet"):
            await (await self.get_state(FundsState))._open(self.button_action)
        if self.button_action != "place" or request is None:
            return None
        answer = await ask(prepare_order(dependencies(), user, request))
        if isinstance(answer, Refused | Trouble):
            self._take_no(answer)
        else:
            self._submitting = True
            (await self.get_state(TicketState)).step = "placing"
            (await self.get_state(SigningState))._ask_wallet(answer)
        await self._face()
        return None

    async def _weigh(
        self, *, by_percent: bool = False, at_mark: bool = False
    ) -> OrderRequest | None:
        ticket = await self.get_state(TicketState)
        market = (await self.get_state(MarketState)).market
        probe = await self._previewed(ticket_order.smallest_order(ticket._fields(), market))
        mark_e6 = probe.mark.price_e6 if probe and probe.mark else 0
        largest_e9 = await self._largest_e9(ticket, market, probe)
        if by_percent and ticket.percent:
            ticket.size_text = ticket_order.part_of(largest_e9, ticket.percent, market)
        if at_mark and mark_e6:
            ticket.price_text = show.price(mark_e6, market.tick_e6).replace(",", "")
        fields = ticket._fields()
        typed = ticket_order.typed_order(fields, market)
        self.max_size = show.size(largest_e9, market.lot_e9) if largest_e9 else show.MISSING
        self.notional = _notional(typed, mark_e6)
        request = ticket_order.order_request(fields, typed, market)
        preview = await self._previewed(request) if request else None
        self._take(typed, preview, fields, market)
        await self._face()
        return request

    async def _previewed(self, request: OrderRequest) -> Preview | None:
        user = await ask(self._visitor())
        guest = None if isinstance(user, Trouble) else user
        tab = self.router.session.client_token
        answer = await ask(preview_order(dependencies(), guest, request, client=tab))
        if isinstance(answer, Refused | Trouble):
            self._take_no(answer)
            return None
        return answer

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
        self, typed: Typed, preview: Preview | None, fields: Fields, market: MarketRow
    ) -> None:
        self.size_problem, self.price_problem = typed.size_problem, typed.price_problem
        self._refusal, self._hint, self.receipt, self.warning = "", "", [], ""
        if preview is None:
            return
        beyond = ticket_order.beyond_leverage(fields, typed, preview.max_size_e9, market)
        if beyond:
            self._refusal, self.size_problem = "Size is too large", beyond
        elif preview.refusal is not None:
            self._take_no(preview.refusal)
        elif preview.receipt is not None:
            self.receipt = receipt_rows.receipt_rows(preview.receipt, market, kind=fields.kind)
            self.warning = receipt_rows.warning(preview.receipt, market)

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
        ticket = await self.get_state(TicketState)
        session = await self.get_state(SessionState)
        account = await self.get_state(AccountState)
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
                size_problem="" if self._refusal else self.size_problem,
                price_problem="" if self._refusal else self.price_problem,
                refusal=self._refusal,
            )
        )
        self.button_label, self.button_action, self.button_tone = face.label, face.action, face.tone
        self.button_hint = face.hint or self._hint

    async def _come_back(self, step: str) -> None:
        ticket = await self.get_state(TicketState)
        self._submitting = False
        if ticket.step == "placing" and step == "done":
            ticket._empty()
        ticket.step = "edit"
        await self._weigh()


def _notional(typed: Typed, mark_e6: int) -> str:
    price_e6 = typed.price_e6 or mark_e6
    if typed.size_e9 is None or not price_e6:
        return show.MISSING
    return show.usd(typed.size_e9 * price_e6 // 10**9)
