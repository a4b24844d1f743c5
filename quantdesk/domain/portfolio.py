"""Portfolio: an account, its positions and the prices at which they are judged.

Funding is always counted up to the asking second, so equity never depends on who touched a market
last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from quantdesk.domain.account import AccountState
from quantdesk.domain.collateral import NO_COLLATERAL, Collateral
from quantdesk.domain.funding import accrued, funding_owed_e6
from quantdesk.domain.margin import Exposure, Standing, standing
from quantdesk.domain.market import MarketState
from quantdesk.domain.oracle import Action, PriceReading, funding_price_e6, has_lapsed
from quantdesk.domain.pool import PoolState
from quantdesk.domain.position import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A market and the price at which it is judged."""

    market: MarketState
    reading: PriceReading

    def accrued(self, now: int) -> MarketState:
        """The market with its funding index brought to unix second `now`."""
        price_e6 = funding_price_e6(self.reading, self.market, now=now)
        return accrued(self.market, price_e6=price_e6, now=now)

    def exposure(self, position: Position, *, now: int, action: Action = Action.GROW) -> Exposure:
        """`position` valued at this quote for `action`, with the funding it owes by `now`."""
        owed = funding_owed_e6(
            position.size_e9,
            index=self.accrued(now).funding_index,
            snapshot=position.funding_index,
        )
        return Exposure(
            params=self.market.params,
            size_e9=position.size_e9,
            entry_e6=position.entry_e6,
            leverage=position.max_leverage,
            price_e6=self.reading.price_e6,
            conf_e6=self.reading.conf_e6,
            funding_owed_e6=owed,
            has_lapsed=has_lapsed(self.reading, self.market, action=action, now=now),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """Everything a verdict needs: the account, its positions, a quote per market, the pool.

    `collateral` is what the account's tokens besides USDC count for.
    """

    account: AccountState
    positions: Mapping[int, Position]
    quotes: Mapping[int, Quote]
    pool: PoolState
    collateral: Collateral = NO_COLLATERAL

    def position(self, market_index: int) -> Position:
        """The position in a market, flat when there is none."""
        flat = Position(account=self.account.address, market_index=market_index)
        return self.positions.get(market_index, flat)

    def exposures(
        self, *, now: int, without: int | None = None, action: Action = Action.GROW
    ) -> list[Exposure]:
        """Every open position valued at its quote for `action`, but for the market `without`."""
        return [
            self.quotes[index].exposure(position, now=now, action=action)
            for index, position in self.positions.items()
            if index != without and not position.is_flat
        ]

    def standing(self, *, now: int, action: Action = Action.GROW) -> Standing:
        """Equity and requirements over all positions, valued for `action`."""
        held = self.exposures(now=now, action=action)
        return standing(self.account.usdc_e6, held, self.collateral)

    def at_price(self, market_index: int, price_e6: int) -> Self:
        """The same portfolio with one market at another price."""
        quote = self.quotes[market_index]
        moved = replace(quote, reading=replace(quote.reading, price_e6=price_e6))
        return replace(self, quotes={**self.quotes, market_index: moved})
