"""Closeout: liquidating an account that is below its maintenance requirement, and who bears what.

A loss that the account cannot bear goes to the insurance fund, then to the pool within its daily
cap; what is left after that stays as the account's debt. Nobody else's balance is touched.
"""

from dataclasses import dataclass, replace

from quantdesk.domain.books import Books
from quantdesk.domain.cost import adverse_impact_e6, closing_cost_e6
from quantdesk.domain.events import Liquidated
from quantdesk.domain.ledger import Applied, Ledger, Moment, Outcome, Refused
from quantdesk.domain.liquidation import Penalty, close_size_e9, penalty
from quantdesk.domain.margin import Standing, maintenance_e6
from quantdesk.domain.oracle import Action, refusal_of
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import Pause
from quantdesk.domain.trial import Judged, exposure_of, standing_of, with_health
from quantdesk.domain.upkeep import accrual_events, brought_to_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A wish to liquidate; a `max_size_e9` above 0 bounds a close that is partial anyway."""

    account: str
    market_index: int
    liquidator: str
    max_size_e9: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A liquidation about to be booked: the books as found and settled, and how they stand."""

    opened: Books
    settled: Books
    judged: Judged
    standing: Standing


def liquidate(ledger: Ledger, demand: Demand, *, at: Moment) -> Outcome:
    """Closes as much of a position as brings the account back above its requirement."""
    address, market_index = demand.account, demand.market_index
    opened = ledger.books(address, market_index)
    reading = ledger.readings[market_index]
    refusal = _untouchable(ledger, opened, at=at)
    if refusal is not None:
        return Refused(refusal=refusal)
    market = brought_to_now(opened.market, reading, action=Action.LIQUIDATE, now=at.now)
    settled = replace(opened, market=market).settled()
    exposure = exposure_of(settled, reading)
    others = ledger.others(address, market_index, now=at.now, action=Action.LIQUIDATE)
    collateral = ledger.collateral(opened.account, now=at.now, action=Action.LIQUIDATE)
    judged = Judged(reading=reading, others=others, collateral=collateral)
    present = standing_of(settled, judged)
    if not present.is_liquidatable:
        return Refused(refusal=Refusal.HEALTHY)
    if any(maintenance_e6(other) > maintenance_e6(exposure) for other in others):
        return Refused(refusal=Refusal.NOT_LARGEST_REQUIREMENT)
    equity_e6 = present.maintenance_equity_e6
    impact_e6 = _impact_e6(settled, reading.price_e6, -exposure.size_e9)
    size_e9 = close_size_e9(exposure, others, equity_e6=equity_e6, impact_e6=impact_e6)
    if demand.max_size_e9 > 0 and size_e9 < abs(exposure.size_e9):
        size_e9 = min(size_e9, demand.max_size_e9)
    trade_e9 = -size_e9 if exposure.size_e9 > 0 else size_e9
    closing = Closing(opened=opened, settled=settled, judged=judged, standing=present)
    return _book(ledger, closing, trade_e9, liquidator=demand.liquidator, at=at)


def _untouchable(ledger: Ledger, opened: Books, *, at: Moment) -> Refusal | None:
    index = opened.market.params.index
    if ledger.security.is_paused(Pause.LIQUIDATE):
        return Refusal.PAUSED
    if opened.position.is_flat:
        return Refusal.NO_POSITION
    reading = ledger.readings[index]
    action = Action.LIQUIDATE
    refusal = refusal_of(reading, opened.market, action=action, now=at.now)
    return refusal or ledger.price_refusal(opened.account, index, action=action, now=at.now)


def _book(
    ledger: Ledger, closing: Closing, trade_e9: int, *, liquidator: str, at: Moment
) -> Outcome:
    cost_e6 = closing_cost_e6(trade_e9, closing.judged.reading.price_e6)
    traded = closing.settled.traded(trade_e9, cost_e6)
    charge = _penalty(closing, traded, cost_e6)
    charged = traded.paying_insurance(charge.insurance_e6).paying_keeper(charge.liquidator_e6)
    charged = charged.paying_pool(charge.impact_e6)
    covered = charged
    index = closing.opened.market.params.index
    if charged.position.is_flat and closing.opened.account.holds_only(index):
        allowed_e6 = closing.opened.pool.loss_left_e6(at.now)
        covered = charged.covered(allowed_e6)
    loss_e6 = charged.pool.cash_e6 - covered.pool.cash_e6
    valued = covered.revalued(closing.judged.reading.price_e6).listed()
    health_e6 = standing_of(valued, closing.judged).health_e6
    after = with_health(valued, health_e6, slot=at.slot)
    events = accrual_events(closing.opened.market, after.market, closing.judged.reading, now=at.now)
    market = replace(after.market, sequence=after.market.sequence + len(events))
    pool = closing.opened.pool.marking_loss(after.pool, loss_e6, now=at.now)
    ledger.keep(replace(after, market=market, pool=pool))
    ledger.credit(liquidator, charge.liquidator_e6)
    ledger.count(after.account.address)
    liquidated = _liquidated(closing, (charged, after), charge, (trade_e9, cost_e6))
    return Applied(events=(*events, liquidated))


def _impact_e6(settled: Books, price_e6: int, trade_e9: int) -> int:
    market = settled.market
    skew_e9 = market.skew_e9
    return adverse_impact_e6(market.params, trade_e9, skew_e9=skew_e9, price_e6=price_e6)


def _penalty(closing: Closing, traded: Books, cost_e6: int) -> Penalty:
    requirement = (
        closing.standing.maintenance_e6,
        standing_of(traded, closing.judged).maintenance_e6,
    )
    size_e9 = traded.position.size_e9 - closing.settled.position.size_e9
    return penalty(
        exposure_of(closing.settled, closing.judged.reading),
        cost_e6=cost_e6,
        impact_e6=_impact_e6(closing.settled, closing.judged.reading.price_e6, size_e9),
        equity_e6=closing.standing.maintenance_equity_e6,
        maintenance_e6=requirement,
    )


def _liquidated(
    closing: Closing, booked: tuple[Books, Books], charge: Penalty, trade: tuple[int, int]
) -> Liquidated:
    charged, after = booked
    opened, settled = closing.opened, closing.settled
    return Liquidated(
        user_account=after.account.address,
        market_index=after.market.params.index,
        size_e9=trade[0],
        cost_e6=trade[1],
        oracle_price_e6=closing.judged.reading.price_e6,
        publish_time=closing.judged.reading.publish_time,
        realized_pnl_e6=after.position.realized_pnl_e6 - settled.position.realized_pnl_e6,
        funding_e6=settled.position.funding_paid_e6 - opened.position.funding_paid_e6,
        penalty_e6=charge.penalty_e6,
        impact_e6=charge.impact_e6,
        liquidator_reward_e6=charge.liquidator_e6,
        insurance_fee_e6=charge.insurance_e6,
        insurance_paid_e6=charged.insurance.balance_e6 - after.insurance.balance_e6,
        pool_loss_e6=charged.pool.cash_e6 - after.pool.cash_e6,
        claims_e6=after.claims_made_e6,
        size_after_e9=after.position.size_e9,
        entry_after_e6=after.position.entry_e6,
        balance_after_e6=after.account.usdc_e6,
        pool_cash_after_e6=after.pool.cash_e6,
        insurance_after_e6=after.insurance.balance_e6,
        long_after_e9=after.market.long_e9,
        short_after_e9=after.market.short_e9,
    )
