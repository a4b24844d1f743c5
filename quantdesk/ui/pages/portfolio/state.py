"""The portfolio's figures, read when the page opens and again while it is visible."""

import asyncio

import reflex as rx

from quantdesk.services.ports import Row, User
from quantdesk.services.read_portfolio import PortfolioView, read_portfolio
from quantdesk.ui import format as show
from quantdesk.ui import portfolio_rows as rows
from quantdesk.ui.desk import Trouble, ask, dependencies
from quantdesk.ui.rows import IdentityRow, MovementRow
from quantdesk.ui.states.base import PrivateState
from quantdesk.ui.states.market import MarketState
from quantdesk.ui.states.session import SessionState
from quantdesk.ui.states.tables import TablesState


class PortfolioState(PrivateState, rx.State):
    """The identity, its proof, and the movements."""

    loaded: bool = False
    equity: str = "-"
    profit: str = "-"
    profit_tone: str = ""
    volume: str = "-"
    deposits: str = "-"
    identity: list[IdentityRow] = []
    proof_tone: str = "ok"
    proof_text: str = ""
    proof_figure: str = ""
    movements: list[MovementRow] = []

    @rx.event
    async def load(self) -> None:
        """Fill the page; a guest sees how to get in instead."""
        user = await ask(self._visitor())
        if user is not None and not isinstance(user, Trouble):
            await self._read(user)

    @rx.event
    async def refresh(self) -> None:
        """Look again."""
        user = await self._session()
        await self._read(user)

    async def _read(self, user: User) -> None:
        deps = dependencies()
        found = await ask(read_portfolio(deps, user))
        movements = await ask(_movements(user))
        if isinstance(found, Trouble) or isinstance(movements, Trouble):
            trouble = found if isinstance(found, Trouble) else movements
            assert isinstance(trouble, Trouble)
            session = await self.get_state(SessionState)
            session.degraded = show.sentence(trouble.message)
            return
        await self._show(found)
        markets = (await self.get_state(MarketState))._by_symbol()
        transfers, fills = movements
        self.movements = rows.movement_rows(transfers, fills, markets)

    async def _show(self, view: PortfolioView) -> None:
        tables = await self.get_state(TablesState)
        self.equity = show.usd(view.equity_e6)
        self.profit = show.signed_usd(view.profit_e6)
        self.profit_tone = show.sign_tone(self.profit)
        self.volume = show.usd(view.volume_e6, 0)
        self.deposits = show.usd(view.net_deposits_e6)
        self.identity = rows.identity_rows(view, open_count=len(tables.positions))
        self.proof_tone, self.proof_text, self.proof_figure = rows.proof(view)
        self.loaded = True


async def _movements(user: User) -> tuple[list[Row], list[Row]]:
    mirror = dependencies().mirror
    transfers, fills = await asyncio.gather(
        mirror.transfers(user.id, limit=rows.MOVEMENTS_MAX),
        mirror.trades(user.id, limit=rows.MOVEMENTS_MAX),
    )
    return transfers, fills
