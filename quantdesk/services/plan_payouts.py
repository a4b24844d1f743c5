"""Plan payouts: what the pool can pay of what it owes, and whom to close when it holds too little.

As every plan this decides nothing; the program measures the pool, the ranks and the shares again.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from quantdesk.domain.account import AccountState
from quantdesk.domain.claims import index_after, marked
from quantdesk.domain.claims import payable_e6 as distributable_e6
from quantdesk.domain.oracle import Action, refusal_of
from quantdesk.domain.payout import FLOOR_PARTS
from quantdesk.domain.pool import PoolState, revalued
from quantdesk.domain.portfolio import Quote
from quantdesk.domain.position import unrealized_pnl_e6
from quantdesk.services.keeping_tasks import Deleverage, ExchangeBook, Moment, PayClaims, Task

PAY_MIN_E6 = 1_000_000
"""Less than this is paid only when it is all that is owed: each payment costs the keeper a fee."""

CANDIDATES_MAX = 8


def claim_payments(book: ExchangeBook) -> Iterator[Task]:
    """Accounts to which the pool can pay enough of their claims by now."""
    for address, account in book.accounts.items():
        owed_e6 = account.claims_e6 + account.claims_due_e6
        if owed_e6 and payable_e6(account, book.pool) >= min(owed_e6, PAY_MIN_E6):
            yield PayClaims(account=address)


def payable_e6(account: AccountState, pool: PoolState) -> int:
    """What an account would get if its claims were paid now."""
    index = pool.claims_index_e12
    distributed_e6 = distributable_e6(index, cash_e6=pool.cash_e6, claims_e6=pool.claims_e6)
    if distributed_e6:
        index = index_after(index, claims_e6=pool.claims_e6, paid_e6=distributed_e6)
    due_e6 = marked(account, index).claims_due_e6
    return min(due_e6, pool.claims_pot_e6 + distributed_e6)


def deleveragings(book: ExchangeBook, moment: Moment) -> Iterator[Task]:
    """In each market whose price leaves the pool under its floor, the position to close first."""
    for index, reading in moment.readings.items():
        market = book.markets.get(index)
        if market is None or market.skew_e9 == 0:
            continue
        if refusal_of(reading, market, action=Action.LIQUIDATE, now=moment.now) is not None:
            continue
        quote = Quote(market=market, reading=reading)
        if _is_under_floor(quote, book.pool, now=moment.now):
            yield from _first_in_line(quote, book, now=moment.now)


def _is_under_floor(quote: Quote, pool: PoolState, *, now: int) -> bool:
    _, after = revalued(quote.accrued(now), pool, quote.reading.price_e6)
    return after.equity_e6 * FLOOR_PARTS < after.reserve_e6


def _first_in_line(quote: Quote, book: ExchangeBook, *, now: int) -> Iterator[Task]:
    """The program settles the funding of the one it closes before it ranks, not of the others."""
    market, reading = quote.market, quote.reading
    standing: dict[str, Fraction] = {}
    settled: dict[str, Fraction] = {}
    for (address, index), position in book.positions.items():
        account = book.accounts.get(address)
        wins = position.size_e9 * market.skew_e9 > 0
        if index != market.params.index or not wins or account is None:
            continue
        profit_e6 = unrealized_pnl_e6(position.size_e9, position.entry_e6, reading.price_e6)
        owed_e6 = quote.exposure(position, now=now).funding_owed_e6
        standing[address] = Fraction(profit_e6, max(account.usdc_e6, 1))
        settled[address] = Fraction(profit_e6, max(account.usdc_e6 - owed_e6, 1))
    if not settled:
        return
    first = max(settled, key=lambda address: settled[address])
    if settled[first] <= 0:
        return
    others = sorted((each for each in standing if each != first), key=standing.__getitem__)
    next_in_line = [each for each in reversed(others) if standing[each] <= settled[first]]
    yield Deleverage(
        account=first,
        market_index=market.params.index,
        candidates=tuple(next_in_line[:CANDIDATES_MAX]),
    )
