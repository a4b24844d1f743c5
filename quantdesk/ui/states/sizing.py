"""Sizing: how large an order may be, as leverage and as a share of the largest one."""

import reflex as rx

from quantdesk.ui.states.market import MarketState


class SizingState(rx.State):
    """The leverage that the slider may use, the share chosen by it, and where it stands."""

    share: int = 0
    percent: int = 0
    leverage: int = 10
    leverage_open: bool = False

    @rx.event
    def toggle_leverage(self) -> None:
        """Show or hide the leverage slider."""
        self.leverage_open = not self.leverage_open

    @rx.event
    async def choose_leverage(self, leverage: float) -> None:
        """How much leverage the size slider may use."""
        market = (await self.get_state(MarketState)).market
        self.leverage = max(1, min(int(leverage), market.max_leverage))
        await self._judge()

    @rx.event
    async def choose_percent(self, percent: float) -> None:
        """Size as a share of the largest order."""
        self.percent = max(0, min(int(percent), 100))
        await self._judge()

    async def _judge(self) -> None:
        from quantdesk.ui.states.verdict import VerdictState

        await (await self.get_state(VerdictState))._weigh(by_percent=True)
