"""Payout: profit that becomes cash – old claims, open positions at will, or closed by the keeper.

Each moves money between pool and user only; a deleveraging close happens at the oracle price,
without fee or penalty, while the pool is under its floor.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from quantdesk.domain.books import Books
from quantdesk.domain.claims import index_after, marked, payable_e6
from quantdesk.domain.cost import closing_cost_e6
from quantdesk.domain.delegate import Permission
from quantdesk.domain.events import ClaimsPaid, Deleveraged, Event, PnlSettled
from quantdesk.domain.ledger import Applied, Ledger, Moment, Outcome, Refused
from quantdesk.domain.market import MarketStatus
from quantdesk.domain.oracle import Action, PriceReading, refusal_of
from quantdesk.domain.position import Position, unrealized_pnl_e6
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import Pause
from quantdesk.domain.upkeep import accrual_events, brought_to_now

FLOOR_PARTS = 4
"""The pool is under its floor when so many times its equity do not make up its reserve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """Who is closed first: the larger profit for each unit of US dollars held; USD e6."""

    profit_e6: int
    usdc_e6: int

    def precedes(self, other: "Rank") -> bool:
        """Whether this one must be closed before `other`."""
        return self.profit_e6 * max(other.usdc_e6, 1) > other.profit_e6 * max(self.usdc_e6, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A keeper's wish to deleverage; 0 closes all that may be; candidates are other accounts."""

    account: str
    market_index: int
    max_size_e9: int = 0
    candidates: tuple[str, ...] = ()


def pay_claims(ledger: Ledger, address: str) -> Outcome:
    """Sets cash aside for every claim alike, and hands one account what is due to it."""
    if ledger.security.is_paused(Pause.POOL):
        return Refused(refusal=Refusal.PAUSED)
    pool = ledger.pool
    distributed = payable_e6(pool.claims_index_e12, cash_e6=pool.cash_e6, claims_e6=pool.claims_e6)
    if distributed:
        index = index_after(pool.claims_index_e12, claims_e6=pool.claims_e6, paid_e6=distributed)
        pool = replace(
            pool,
            claims_index_e12=index,
            claims_e6=pool.claims_e6 - distributed,
            cash_e6=pool.cash_e6 - distributed,
            claims_pot_e6=pool.claims_pot_e6 + distributed,
        )
    account = marked(ledger.accounts[address], pool.claims_index_e12)
    paid = min(account.claims_due_e6, pool.claims_pot_e6)
    if not distributed and not paid:
        return Refused(refusal=Refusal.NOTHING_TO_PAY)
    ledger.pool = replace(pool, claims_pot_e6=pool.claims_pot_e6 - paid)
    ledger.accounts[address] = replace(account, claims_due_e6=account.claims_due_e6 - paid)
    ledger.credit(address, paid)
    ledger.count(address)
    return Applied(events=(_claims_paid(ledger, address, paid, distributed),))


def settle_pnl(
    ledger: Ledger, address: str, market_index: int, *, at: Moment, by: str | None = None
) -> Outcome:
    """Turns a profit into USDC without closing, as far as the pool has cash beyond its claims."""
    opened, reading = ledger.books(address, market_index), ledger.readings[market_index]
    refusal = _unsettleable(ledger, opened, reading, at=at, by=by)
    if refusal is not None:
        return Refused(refusal=refusal)
    market = brought_to_now(opened.market, reading, action=Action.GROW, now=at.now)
    settled = replace(opened, market=market).settled()
    amount = _bankable_e6(settled, reading)
    if amount <= 0:
        return Refused(refusal=Refusal.NOTHING_TO_PAY)
    events = _keep(ledger, opened, settled.banking(amount), reading, at=at)
    after = ledger.books(address, market_index)
    told = PnlSettled(
        user_account=address,
        market_index=market_index,
        amount_e6=amount,
        funding_e6=after.position.funding_paid_e6 - opened.position.funding_paid_e6,
        oracle_price_e6=reading.price_e6,
        publish_time=reading.publish_time,
        entry_after_e6=after.position.entry_e6,
        balance_after_e6=after.account.usdc_e6,
        pool_cash_after_e6=after.pool.cash_e6,
        claims_e6=settled.claims_made_e6,
    )
    return Applied(events=(*events, told))


def deleverage(ledger: Ledger, closure: Closure, *, by: str, at: Moment) -> Outcome:
    """Closes a profitable position of the heavier side while the pool is under its floor."""
    address, index = closure.account, closure.market_index
    opened, reading = ledger.books(address, index), ledger.readings[index]
    refusal = _protected(ledger, opened, reading, by=by, at=at)
    if refusal is not None:
        return Refused(refusal=refusal)
    market = brought_to_now(opened.market, reading, action=Action.LIQUIDATE, now=at.now)
    settled = replace(opened, market=market).settled().revalued(reading.price_e6)
    rank = _rank(settled.position, settled.account.usdc_e6, reading)
    skew = settled.market.skew_e9
    if settled.pool.equity_e6 * FLOOR_PARTS >= settled.pool.reserve_e6:
        return Refused(refusal=Refusal.POOL_HEALTHY)
    if rank.profit_e6 <= 0 or skew * settled.position.size_e9 <= 0:
        return Refused(refusal=Refusal.NOT_PROFITABLE)
    if any(each.precedes(rank) for each in _rivals(ledger, closure, reading)):
        return Refused(refusal=Refusal.NOT_HIGHEST_RANK)
    most = closure.max_size_e9 or abs(skew)
    size_e9 = min(abs(settled.position.size_e9), abs(skew), most)
    trade_e9 = -size_e9 if settled.position.size_e9 > 0 else size_e9
    cost_e6 = closing_cost_e6(trade_e9, reading.price_e6)
    closed = settled.traded(trade_e9, cost_e6)
    events = _keep(ledger, opened, closed, reading, at=at)
    told = _deleveraged(closure, (opened, settled, closed), (trade_e9, cost_e6), reading)
    return Applied(events=(*events, told))


def _unsettleable(
    ledger: Ledger, opened: Books, reading: PriceReading, *, at: Moment, by: str | None
) -> Refusal | None:
    is_paused = ledger.security.is_paused(Pause.EXECUTE)
    if is_paused or opened.market.status is MarketStatus.PAUSED:
        return Refusal.PAUSED
    if not ledger.permits(opened.account.address, by, Permission.PLACE, now=at.now):
        return Refusal.UNAUTHORIZED
    if opened.position.is_flat:
        return Refusal.NO_POSITION
    return refusal_of(reading, opened.market, action=Action.GROW, now=at.now)


def _protected(
    ledger: Ledger, opened: Books, reading: PriceReading, *, by: str, at: Moment
) -> Refusal | None:
    if by != ledger.security.keeper:
        return Refusal.UNAUTHORIZED
    if ledger.security.is_paused(Pause.LIQUIDATE):
        return Refusal.PAUSED
    if opened.position.is_flat:
        return Refusal.NO_POSITION
    return refusal_of(reading, opened.market, action=Action.LIQUIDATE, now=at.now)


def _bankable_e6(settled: Books, reading: PriceReading) -> int:
    position = settled.position
    edge = -reading.conf_e6 if position.size_e9 > 0 else reading.conf_e6
    worst_e6 = max(0, reading.price_e6 + edge)
    profit = unrealized_pnl_e6(position.size_e9, position.entry_e6, worst_e6)
    return max(0, min(profit, settled.pool.cash_e6 - settled.pool.claims_e6))


def _rank(position: Position, usdc_e6: int, reading: PriceReading) -> Rank:
    profit = unrealized_pnl_e6(position.size_e9, position.entry_e6, reading.price_e6)
    return Rank(profit_e6=profit, usdc_e6=usdc_e6)


def _rivals(ledger: Ledger, closure: Closure, reading: PriceReading) -> Sequence[Rank]:
    return [
        _rank(ledger.position(each, closure.market_index), ledger.accounts[each].usdc_e6, reading)
        for each in closure.candidates
    ]


def _keep(
    ledger: Ledger, opened: Books, books: Books, reading: PriceReading, *, at: Moment
) -> list[Event]:
    after = books.revalued(reading.price_e6).listed()
    events = accrual_events(opened.market, after.market, reading, now=at.now)
    market = replace(after.market, sequence=after.market.sequence + len(events))
    position = replace(after.position, updated_slot=at.slot)
    ledger.keep(replace(after, market=market, position=position))
    ledger.count(opened.account.address)
    return events


def _claims_paid(ledger: Ledger, address: str, paid: int, distributed: int) -> ClaimsPaid:
    account, pool = ledger.accounts[address], ledger.pool
    return ClaimsPaid(
        user_account=address,
        paid_e6=paid,
        distributed_e6=distributed,
        claims_after_e6=account.claims_e6,
        due_after_e6=account.claims_due_e6,
        balance_after_e6=account.usdc_e6,
        pool_cash_after_e6=pool.cash_e6,
        pool_claims_after_e6=pool.claims_e6,
        pot_after_e6=pool.claims_pot_e6,
        index_after_e12=pool.claims_index_e12,
    )


def _deleveraged(
    closure: Closure,
    books: tuple[Books, Books, Books],
    trade: tuple[int, int],
    reading: PriceReading,
) -> Deleveraged:
    opened, settled, closed = books
    return Deleveraged(
        user_account=closure.account,
        market_index=closure.market_index,
        size_e9=trade[0],
        cost_e6=trade[1],
        oracle_price_e6=reading.price_e6,
        publish_time=reading.publish_time,
        realized_pnl_e6=closed.position.realized_pnl_e6 - settled.position.realized_pnl_e6,
        funding_e6=settled.position.funding_paid_e6 - opened.position.funding_paid_e6,
        claims_e6=closed.claims_made_e6,
        candidates=len(closure.candidates),
        pool_equity_before_e6=settled.pool.equity_e6,
        size_after_e9=closed.position.size_e9,
        entry_after_e6=closed.position.entry_e6,
        balance_after_e6=closed.account.usdc_e6,
        pool_cash_after_e6=closed.pool.cash_e6,
        long_after_e9=closed.market.long_e9,
        short_after_e9=closed.market.short_e9,
    )
