"""Account: what the signed-in wallet owns and what its margin is, followed live by the browser."""

import reflex as rx

from quantdesk.services.ports import User
from quantdesk.services.read_account import AccountView
from quantdesk.ui import account_rows as rows
from quantdesk.ui import chart_marks, tabs
from quantdesk.ui import format as show
from quantdesk.ui.desk import Snapshot, Trouble, ask, snapshot
from quantdesk.ui.rows import MarketRow
from quantdesk.ui.states.base import PrivateState
from quantdesk.ui.states.market import MarketState
from quantdesk.ui.states.notices import NoticesState
from quantdesk.ui.states.session import SessionState
from quantdesk.ui.states.signing import SigningState
from quantdesk.ui.states.tables import TablesState


class AccountState(PrivateState, rx.State):
    """The margin bar, and what the chart and the live cells need."""

    loaded: bool = False
    balance_e6: int = 0
    exposures: list[dict[str, int | str]] = []
    chart_lines: list[dict[str, int | str]] = []
    chart_marks: list[dict[str, int | str]] = []
    initial: str = "-"
    margin_equity: str = "-"
    margin_percent: str = "-"
    margin_now: int = 0
    margin_tone: str = "ok"
    _view: AccountView | None = None

    @rx.var
    def margin_width(self) -> str:
        """The bar's width."""
        return f"{self.margin_now}%"

    @rx.event
    async def load(self) -> None:
        """Fill a page that has just opened; guests have nothing to fill."""
        user = await ask(self._visitor())
        if user is not None and not isinstance(user, Trouble):
            await (await self.get_state(SigningState))._forget_request(user)
            tabs.remember(user, self.router.session.client_token)
            await self._read(user)
        await self._judge()

    @rx.event
    async def refresh(self) -> None:
        """Look again; asked for by the page every few seconds while it is visible."""
        user = await self._session()
        await self._read(user)

    async def _read(self, user: User) -> None:
        found = await ask(snapshot(user))
        session = await self.get_state(SessionState)
        if isinstance(found, Trouble):
            session.degraded = show.sentence(found.message)
            return
        session.degraded = ""
        await self._show(found)

    async def _show(self, found: Snapshot) -> None:
        market = await self.get_state(MarketState)
        markets = market._by_symbol()
        view = found.view
        self._view = view
        bar = rows.margin_bar(view)
        self.balance_e6 = view.usdc_e6
        self.exposures = rows.exposures(view)
        self.initial, self.margin_equity = bar.initial, bar.equity
        self.margin_percent, self.margin_now, self.margin_tone = bar.share, bar.percent, bar.tone
        self._draw(market.market.symbol, markets)
        self.loaded = True
        (await self.get_state(SessionState)).slot = f"{view.slot:,}"
        (await self.get_state(TablesState))._fill(found, markets, shown=market.market.symbol)
        (await self.get_state(NoticesState))._follow(found)
        await self._judge()

    def _draw(self, symbol: str, markets: dict[str, MarketRow]) -> None:
        if self._view is not None:
            self.chart_lines = rows.chart_lines(self._view, symbol, markets)
            self.chart_marks = chart_marks.of_fills(self._view.fills, symbol, markets)

    async def _is_of(self, owner: str) -> bool:
        return (await self.get_state(SessionState)).address == owner

    def _position_e9(self, symbol: str) -> int:
        held = self._view.positions if self._view else ()
        return next((item.size_e9 for item in held if item.market == symbol), 0)

    def _wallet_usdc_e6(self) -> int:
        return self._view.wallet_usdc_e6 if self._view else 0

    async def _judge(self) -> None:
        from quantdesk.ui.states.verdict import VerdictState

        await (await self.get_state(VerdictState))._weigh()
