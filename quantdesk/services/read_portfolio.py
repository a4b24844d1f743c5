"""Read a portfolio: where the money came from and where it went, to the last unit.

The identity: net deposits + realised − funding − fees − penalties + insurance cover + rewards +
conversions − claims = balance, and balance + unrealised − funding owed = equity. It is computed
from recorded events and compared with the recorded balance; `difference_e6` is what they leave
unexplained and must be 0. Claims are what the pool still owes of realised profit.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from quantdesk.domain.account import AccountState
from quantdesk.domain.portfolio import Portfolio, Quote
from quantdesk.domain.position import Position
from quantdesk.services.dependencies import Dependencies
from quantdesk.services.exchange_state import ExchangeState
from quantdesk.services.gather_portfolio import known_marks, reading_of
from quantdesk.services.ports import Flows, User


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioView:
    """Sums in millionths of a US dollar; costs are positive when they were paid."""

    equity_e6: int
    usdc_e6: int
    deposits_e6: int
    withdrawals_e6: int
    net_deposits_e6: int
    realized_pnl_e6: int
    unrealized_pnl_e6: int
    funding_paid_e6: int
    funding_owed_e6: int
    fees_e6: int
    penalties_e6: int
    insurance_cover_e6: int
    rewards_e6: int
    conversions_e6: int
    claims_e6: int
    difference_e6: int
    trade_count: int
    volume_e6: int

    @property
    def profit_e6(self) -> int:
        """What trading has made or cost so far, everything included."""
        return self.equity_e6 - self.net_deposits_e6


async def read_portfolio(deps: Dependencies, user: User) -> PortfolioView:
    """The explained equity of the user's account as last recorded."""
    flows, state = await asyncio.gather(deps.mirror.flows(user.id), deps.exchange.state())
    indices = {position.market_index for position in flows.positions}
    symbols = [m.params.symbol for m in state.markets if m.params.index in indices]
    marks = await known_marks(deps, symbols)
    quotes = {
        market.params.index: Quote(
            market=market, reading=reading_of(market, marks.get(market.params.symbol))
        )
        for market in state.markets
        if market.params.index in indices
    }
    return explained(flows, state, quotes, now_s=deps.clock.now_ms() // 1000)


def explained(
    flows: Flows, state: ExchangeState, quotes: dict[int, Quote], *, now_s: int
) -> PortfolioView:
    """The view of recorded flows at given prices."""
    account = replace(AccountState(address="", owner=""), balances=(flows.usdc_e6, *(0,) * 7))
    positions: dict[int, Position] = {held.market_index: held for held in flows.positions}
    portfolio = Portfolio(account=account, positions=positions, quotes=quotes, pool=state.pool)
    exposures = portfolio.exposures(now=now_s)
    unrealized_e6 = sum(exposure.pnl_e6 for exposure in exposures)
    owed_e6 = sum(exposure.funding_owed_e6 for exposure in exposures)
    return PortfolioView(
        equity_e6=flows.usdc_e6 + unrealized_e6 - owed_e6,
        usdc_e6=flows.usdc_e6,
        deposits_e6=flows.deposits_e6,
        withdrawals_e6=flows.withdrawals_e6,
        net_deposits_e6=flows.deposits_e6 - flows.withdrawals_e6,
        realized_pnl_e6=flows.realized_pnl_e6,
        unrealized_pnl_e6=unrealized_e6,
        funding_paid_e6=flows.funding_e6,
        funding_owed_e6=owed_e6,
        fees_e6=flows.fees_e6,
        penalties_e6=flows.penalties_e6,
        insurance_cover_e6=flows.insurance_cover_e6,
        rewards_e6=flows.rewards_e6,
        conversions_e6=flows.conversions_e6,
        claims_e6=flows.claims_e6,
        difference_e6=flows.usdc_e6 - flows.explained_usdc_e6,
        trade_count=flows.trade_count,
        volume_e6=flows.volume_e6,
    )
