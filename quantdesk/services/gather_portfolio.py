"""Gather a portfolio: account from the chain, prices from the hot store, as one value to judge.

A market without a received price falls back to the last price the program accepted, with that
price's own age, so it is judged stale instead of guessed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from quantdesk.domain.account import AccountState
from quantdesk.domain.collateral import NO_COLLATERAL, Collateral
from quantdesk.domain.market import MarketState
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.portfolio import Portfolio, Quote
from quantdesk.domain.refusal import Refusal
from quantdesk.services.dependencies import Dependencies
from quantdesk.services.exchange_state import (
    AccountSnapshot,
    ExchangeState,
    collateral_of,
    last_known_collateral,
)
from quantdesk.services.ports import Mark, MarksUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A portfolio and what it was made of; `snapshot` is None while no account exists."""

    portfolio: Portfolio
    state: ExchangeState
    snapshot: AccountSnapshot | None
    marks: Mapping[str, Mark]
    now_ms: int

    @property
    def now_s(self) -> int:
        """The second at which everything is judged."""
        return self.now_ms // 1000


async def gather_portfolio(
    deps: Dependencies, owner: str | None, *, also: Iterable[str] = ()
) -> Gathered:
    """The account of `owner` with a quote for each market it is in and each named in `also`.

    Naming a market means to trade there: then the price store must answer, else it is a
    PortError; without, prices fall back to the program's own.
    """
    state, snapshot = await asyncio.gather(deps.exchange.state(), _account(deps, owner))
    held = {position.market_index for position in snapshot.positions} if snapshot else set()
    wanted = [
        market
        for market in state.markets
        if market.params.index in held or market.params.symbol in set(also)
    ]
    symbols = [market.params.symbol for market in wanted]
    marks = await (read_marks if also else known_marks)(deps, symbols)
    account = snapshot.account if snapshot else AccountState(address="", owner=owner or "")
    positions = snapshot.positions if snapshot else ()
    now_ms = deps.clock.now_ms()
    return Gathered(
        portfolio=Portfolio(
            collateral=_collateral(account, state, now_s=now_ms // 1000, to_trade=bool(also)),
            account=account,
            positions={position.market_index: position for position in positions},
            quotes={
                market.params.index: Quote(
                    market=market, reading=reading_of(market, marks.get(market.params.symbol))
                )
                for market in wanted
            },
            pool=state.pool,
        ),
        state=state,
        snapshot=snapshot,
        marks=marks,
        now_ms=now_ms,
    )


def _collateral(
    account: AccountState, state: ExchangeState, *, now_s: int, to_trade: bool
) -> Collateral:
    worth = collateral_of(account, state.vaults, now=now_s)
    if not isinstance(worth, Refusal):
        return worth
    # The program lets nobody trade on a price that it would refuse.
    if to_trade:
        return NO_COLLATERAL
    return last_known_collateral(account, state.vaults, now=now_s)


async def known_marks(deps: Dependencies, symbols: Iterable[str]) -> Mapping[str, Mark]:
    """As `read_marks`, and none at all while the price store is away: for looking, not trading."""
    try:
        return await read_marks(deps, symbols)
    except MarksUnavailable:
        return {}


async def read_marks(deps: Dependencies, symbols: Iterable[str]) -> Mapping[str, Mark]:
    """The newest mark of each market that ever had one. Raises MarksUnavailable."""
    names = list(symbols)
    found = await asyncio.gather(*(deps.marks.latest(name) for name in names))
    return {name: mark for name, mark in zip(names, found, strict=True) if mark is not None}


def reading_of(market: MarketState, mark: Mark | None) -> PriceReading:
    """The price a market is judged at: the mark, or what the program accepted when newer."""
    if mark is None or mark.publish_ms // 1000 < market.last_publish_time:
        return PriceReading(
            price_e6=market.last_price_e6,
            conf_e6=market.last_conf_e6,
            publish_time=market.last_publish_time,
        )
    return PriceReading(
        price_e6=mark.price_e6, conf_e6=mark.conf_e6, publish_time=mark.publish_ms // 1000
    )


async def _account(deps: Dependencies, owner: str | None) -> AccountSnapshot | None:
    return None if owner is None else await deps.exchange.account(owner)
