"""Upkeep: what anyone may do to keep a market fresh: look at its price, move its funding."""

from dataclasses import replace

from quantdesk.domain.events import Event, FundingAccrued, FundingPaid, OraclePriceUpdated
from quantdesk.domain.funding import accrued, funding_rate_e6
from quantdesk.domain.ledger import Applied, Ledger, Moment, Outcome
from quantdesk.domain.margin import standing
from quantdesk.domain.market import MarketState
from quantdesk.domain.oracle import (
    Action,
    Grade,
    PriceReading,
    funding_price_e6,
    grade,
    recorded,
)
from quantdesk.domain.pool import revalued
from quantdesk.domain.trial import exposure_of, with_health


def update_oracle_price(ledger: Ledger, market_index: int, *, at: Moment) -> Outcome:
    """Moves funding, then records a valid price, or a jumped one as pending; never refuses."""
    reading = ledger.readings[market_index]
    before = ledger.markets[market_index]
    found = grade(reading, before, action=Action.FUND, now=at.now)
    market = brought_to_now(before, reading, action=Action.FUND, now=at.now)
    if found is Grade.JUMPED and reading.publish_time > market.pending_publish_time:
        market = replace(
            market,
            pending_price_e6=reading.price_e6,
            pending_publish_time=reading.publish_time,
        )
    events = accrual_events(before, market, reading)
    looked = OraclePriceUpdated(
        market_index=market_index,
        price_e6=reading.price_e6,
        conf_e6=reading.conf_e6,
        publish_time=reading.publish_time,
        grade=found,
    )
    _write(ledger, market, valuation_price_e6(market, reading, found), events=len(events) + 1)
    return Applied(events=(*events, looked))


def settle_funding(
    ledger: Ledger, market_index: int, address: str | None = None, *, at: Moment
) -> Outcome:
    """Moves a market's funding index, and settles the position of `address` when one is named."""
    reading = ledger.readings[market_index]
    before = ledger.markets[market_index]
    found = grade(reading, before, action=Action.FUND, now=at.now)
    market = brought_to_now(before, reading, action=Action.FUND, now=at.now)
    events: list[Event] = [accrual(market, reading)]
    _write(ledger, market, valuation_price_e6(market, reading, found), events=1)
    if address is not None:
        events.append(_settle(ledger, market_index, address, at=at))
    return Applied(events=tuple(events))


def brought_to_now(
    market: MarketState, reading: PriceReading, *, action: Action, now: int
) -> MarketState:
    """The market with its index moved to `now` and, if valid and newer, the reading recorded."""
    price_e6 = funding_price_e6(reading, market, now=now)
    moved = accrued(market, price_e6=price_e6, now=now)
    return recorded(reading, moved, action=action, now=now)


def valuation_price_e6(market: MarketState, reading: PriceReading, found: Grade) -> int:
    """Price at which the pool's share is kept: a valid reading's, else the last valid one."""
    return reading.price_e6 if found is Grade.VALID else market.last_price_e6


def accrual_events(before: MarketState, after: MarketState, reading: PriceReading) -> list[Event]:
    """The event of a moved funding index, or none."""
    return [] if after.funding_index == before.funding_index else [accrual(after, reading)]


def accrual(market: MarketState, reading: PriceReading) -> FundingAccrued:
    """The event of a market's funding index as it stands."""
    return FundingAccrued(
        market_index=market.params.index,
        rate_e6=funding_rate_e6(market.params, market.skew_e9),
        index_after=market.funding_index,
        oracle_price_e6=reading.price_e6,
        long_e9=market.long_e9,
        short_e9=market.short_e9,
    )


def _write(ledger: Ledger, market: MarketState, price_e6: int, *, events: int) -> None:
    counted = replace(market, sequence=market.sequence + events)
    valued, ledger.pool = revalued(counted, ledger.pool, price_e6)
    ledger.markets[market.params.index] = valued


def _settle(ledger: Ledger, market_index: int, address: str, *, at: Moment) -> FundingPaid:
    opened = ledger.books(address, market_index)
    settled = opened.settled()
    price_e6 = valuation_price_e6(
        settled.market,
        ledger.readings[market_index],
        grade(ledger.readings[market_index], settled.market, action=Action.FUND, now=at.now),
    )
    settled = settled.revalued(price_e6)
    exposure = exposure_of(settled, replace(ledger.readings[market_index], price_e6=price_e6))
    health = standing(settled.account.usdc_e6, [exposure]).health_e6
    ledger.keep(with_health(settled, health, slot=at.slot))
    ledger.count(address)
    return FundingPaid(
        user_account=address,
        market_index=market_index,
        funding_e6=settled.position.funding_paid_e6 - opened.position.funding_paid_e6,
        balance_after_e6=settled.account.usdc_e6,
        index_after=settled.market.funding_index,
        pool_cash_after_e6=settled.pool.cash_e6,
        claims_e6=settled.account.claims_e6 - opened.account.claims_e6,
    )
