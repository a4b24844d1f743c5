"""Close: leaving a position, all or in part; it shows what that costs first."""

import reflex as rx

from quantdesk.services.order_request import OrderRequest
from quantdesk.services.outcome import Refused
from quantdesk.services.prepare_close import prepare_close
from quantdesk.services.preview_order import preview_order
from quantdesk.ui import format as show
from quantdesk.ui.desk import Trouble, ask, dependencies
from quantdesk.ui.receipt_rows import close_rows
from quantdesk.ui.rows import MarketRow, ReceiptRow
from quantdesk.ui.states.account import AccountState
from quantdesk.ui.states.base import PrivateState
from quantdesk.ui.states.market import MarketState
from quantdesk.ui.states.signing import SigningState


class CloseState(PrivateState, rx.State):
    """The position being left and how much of it."""

    symbol: str = ""
    percent: int = 100
    size: str = ""
    lines: list[ReceiptRow] = []
    problem: str = ""

    @rx.event
    async def choose(self, symbol: str) -> None:
        """Open the confirmation for a position."""
        await self._session()
        self.symbol, self.percent = symbol[:16], 100
        await self._weigh()

    @rx.event
    def keep(self) -> None:
        """Leave everything as it is."""
        self.symbol = ""

    @rx.event
    async def slide(self, percent: float) -> None:
        """How much to close."""
        await self._session()
        self.percent = max(1, min(int(percent), 100))
        await self._weigh()

    @rx.event
    async def close_now(self) -> None:
        """Prepare the closing order and ask the wallet to sign it."""
        user = await self._session()
        size_e9 = await self._size_e9()
        answer = await ask(
            prepare_close(dependencies(), user, market=self.symbol, size_e9=size_e9 or None)
        )
        if isinstance(answer, Refused | Trouble):
            self.problem = show.sentence(answer.message)
            return
        self.symbol = ""
        await (await self.get_state(SigningState))._ask_wallet(answer)

    async def _weigh(self) -> None:
        user = await self._session()
        self.lines, self.problem = [], ""
        held_e9 = (await self.get_state(AccountState))._position_e9(self.symbol)
        size_e9, market = await self._size_e9(), await self._market()
        self.size = f"{show.size(size_e9, market.lot_e9)} {market.base}"
        if not size_e9:
            self.problem = "This position is closed already."
            return
        request = OrderRequest(
            market=self.symbol,
            side="short" if held_e9 > 0 else "long",
            kind="market",
            size_e9=size_e9,
            reduce_only=True,
        )
        answer = await ask(preview_order(dependencies(), user, request))
        refusal = answer if isinstance(answer, Refused | Trouble) else answer.refusal
        if refusal is not None:
            self.problem = show.sentence(refusal.message)
        elif not isinstance(answer, Refused | Trouble) and answer.receipt is not None:
            self.lines = close_rows(answer.receipt, market)

    async def _size_e9(self) -> int:
        held_e9 = abs((await self.get_state(AccountState))._position_e9(self.symbol))
        if self.percent == 100:
            return held_e9
        lot_e9 = (await self._market()).lot_e9
        return min(held_e9, max(lot_e9, held_e9 * self.percent // 100 // lot_e9 * lot_e9))

    async def _market(self) -> MarketRow:
        return (await self.get_state(MarketState))._by_symbol().get(self.symbol, MarketRow())
