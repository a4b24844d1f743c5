"""Upkeep: what anyone may do to keep a market fresh: look at its price, move its funding."""

from dataclasses import replace

from quantdesk.domain.events import Event, FundingAccrued, FundingPaid, OraclePriceUpdated
from quantdesk.domain.funding import accrued, funding_rate_e6
from quantdesk.domain.ledger import Applied, Ledger, Moment, Outcome, Refused
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
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import Pause


def update_oracle_price(ledger: Ledger, market_index: int, *, at: Moment) -> Outcome:
    """Records a valid price, or a jumped one as pending; a bad price is reported, not refused."""
    reading = ledger.readings[market_index]
    before = ledger.markets[market_index]
    found = grade(reading, before, action=Action.FUND, now=at.now)
    market = recorded(reading, before, action=Action.FUND, now=at.now)
    if found is Grade.JUMPED and reading.publish_time > market.pending_publish_time:
        market = replace(
            market,
            pending_price_e6=reading.price_e6,
            pending_publish_time=reading.publish_time,
        )
    if found is Grade.VALID:
        market, ledger.pool = revalued(market, ledger.pool, reading.price_e6)
    ledger.markets[market_index] = replace(market, sequence=market.sequence + 1)
    looked = OraclePriceUpdated(
        market_index=market_index,
        price_e6=reading.price_e6,
        conf_e6=reading.conf_e6,
        publish_time=reading.publish_time,
        grade=found,
    )
    return Applied(events=(looked,))


def settle_funding(
    ledger: Ledger, market_index: int, address: str | None = None, *, at: Moment
) -> Outcome:
    """Moves a market's funding index, and settles the position of `address` when one is named."""
    if ledger.security.is_paused(Pause.FUNDING):
        return Refused(refusal=Refusal.PAUSED)
    reading = ledger.readings[market_index]
    before = ledger.markets[market_index]
    market = brought_to_now(before, reading, action=Action.FUND, now=at.now)
    events: list[Event] = [_accrual(before, market, reading, now=at.now)]
    ledger.markets[market_index] = replace(market, sequence=market.sequence + 1)
    if address is not None:
        events.append(_settle(ledger, market_index, address, slot=at.slot))
    settled = ledger.markets[market_index]
    valued, ledger.pool = revalued(settled, ledger.pool, settled.last_price_e6)
    ledger.markets[market_index] = valued
    return Applied(events=tuple(events))


def brought_to_now(
    market: MarketState, reading: PriceReading, *, action: Action, now: int
) -> MarketState:
    """The market with its index moved to `now` and, if valid and newer, the reading recorded."""
    price_e6 = funding_price_e6(reading, market, now=now)
    moved = accrued(market, price_e6=price_e6, now=now)
    return recorded(reading, moved, action=action, now=now)


def accrual_events(
    before: MarketState, after: MarketState, reading: PriceReading, *, now: int
) -> list[Event]:
    """The event of a moved funding index, or none."""
    if after.funding_index == before.funding_index:
        return []
    return [_accrual(before, after, reading, now=now)]


def _accrual(
    before: MarketState, after: MarketState, reading: PriceReading, *, now: int
) -> FundingAccrued:
    return FundingAccrued(
        market_index=after.params.index,
        rate_e6=funding_rate_e6(after.params, after.skew_e9),
        index_after=after.funding_index,
        oracle_price_e6=funding_price_e6(reading, before, now=now),
        long_e9=after.long_e9,
        short_e9=after.short_e9,
    )


def _settle(ledger: Ledger, market_index: int, address: str, *, slot: int) -> FundingPaid:
    opened = ledger.books(address, market_index)
    settled = opened.settled()
    position = replace(settled.position, updated_slot=slot)
    ledger.keep(replace(settled, position=position).listed())
    ledger.count(address)
    return FundingPaid(
        user_account=address,
        market_index=market_index,
        funding_e6=position.funding_paid_e6 - opened.position.funding_paid_e6,
        balance_after_e6=settled.account.usdc_e6,
        index_after=settled.market.funding_index,
        pool_cash_after_e6=settled.pool.cash_e6,
        claims_e6=settled.claims_made_e6,
    )
