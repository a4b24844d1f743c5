"""Plan keeping: what a keeper may do for the exchange at the newest prices.

The law: a plan only saves transactions, it decides nothing. Every task is checked again by the
program, so two keepers, or one with an old view, can waste a fee and never change an outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from quantdesk.domain.bankruptcy import is_bankrupt
from quantdesk.domain.cost import counted_conf_e6, trade_cost_e6
from quantdesk.domain.margin import maintenance_e6
from quantdesk.domain.market import MarketState, MarketStatus
from quantdesk.domain.oracle import Action, PriceReading, has_lapsed, is_late, refusal_of
from quantdesk.domain.order import Order, Role, exceeds_bound
from quantdesk.domain.portfolio import Portfolio, Quote
from quantdesk.domain.position import Position, is_reducing
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.trial import clipped_size_e9
from quantdesk.domain.trigger import followed, is_awake
from quantdesk.services.exchange_state import CollateralVault, collateral_of
from quantdesk.services.keeping_tasks import (
    AccrueFunding,
    CancelExpired,
    ExchangeBook,
    ExecuteOrder,
    FollowPrice,
    Liquidate,
    Moment,
    RefreshMarket,
    ResolveBankruptcy,
    SettleFunding,
    Task,
)
from quantdesk.services.plan_brackets import orphan_cancellations
from quantdesk.services.plan_payouts import claim_payments, deleveragings

REFRESH_S = 25
"""A market looks at its oracle this often: after 60 s of silence it would ask for two prices."""

ACCRUE_S = 600
"""Funding of a market with open interest is moved this often; after an hour it would be lost."""

SETTLE_SLOTS = 9_000
"""Slots (about an hour) after which an untouched position's funding is settled."""


def plan_keeping(book: ExchangeBook, moment: Moment) -> list[Task]:
    """Tasks in the order to do them: what protects the exchange, orders, funding, payouts."""
    return [
        *_refreshes(book, moment),
        *_liquidations(book, moment),
        *deleveragings(book, moment),
        *_order_tasks(book, moment),
        *_accruals(book, moment),
        *_settlements(book, moment),
        *_bankruptcies(book),
        *claim_payments(book),
    ]


def _refreshes(book: ExchangeBook, moment: Moment) -> Iterator[Task]:
    for index, reading in moment.readings.items():
        market = book.markets.get(index)
        if market is not None and _wants_refresh(market, reading, now=moment.now):
            yield RefreshMarket(market_index=index)


def _wants_refresh(market: MarketState, reading: PriceReading, *, now: int) -> bool:
    if reading.publish_time <= max(market.last_publish_time, market.pending_publish_time):
        return False
    refusal = refusal_of(reading, market, action=Action.GROW, now=now)
    if refusal is None:
        is_held_back = market.pending_publish_time > market.last_publish_time
        return is_held_back or reading.publish_time - market.last_publish_time >= REFRESH_S
    # Any other fault would not be remembered: the market has nothing to look at.
    return refusal is Refusal.PRICE_JUMPED


def _accruals(book: ExchangeBook, moment: Moment) -> Iterator[Task]:
    for index, market in book.markets.items():
        is_held = bool(market.long_e9 or market.short_e9)
        if is_held and index in moment.readings and moment.now - market.funding_at >= ACCRUE_S:
            yield AccrueFunding(market_index=index)


def _liquidations(book: ExchangeBook, moment: Moment) -> Iterator[Task]:
    vaults = {index: _priced(vault, moment) for index, vault in book.vaults.items()}
    for address, account in book.accounts.items():
        positions = {
            index: book.positions[address, index]
            for index in account.markets
            if (address, index) in book.positions
        }
        if not _may_liquidate(positions, book, moment):
            continue
        quotes = {index: _quote(index, book, moment) for index in positions}
        worth = collateral_of(account, vaults, now=moment.now, action=Action.LIQUIDATE)
        if isinstance(worth, Refusal):
            continue
        portfolio = Portfolio(
            account=account,
            positions=positions,
            quotes=quotes,
            pool=book.pool,
            collateral=worth,
        )
        if portfolio.standing(now=moment.now, action=Action.LIQUIDATE).is_liquidatable:
            yield Liquidate(account=address, market_index=_largest(portfolio, now=moment.now))


def _priced(vault: CollateralVault, moment: Moment) -> CollateralVault:
    # The keeper posts the price of every market, and hears of its own postings last.
    posted = None if vault.market_index is None else moment.readings.get(vault.market_index)
    if posted is None or posted.publish_time < vault.reading.publish_time:
        return vault
    return replace(vault, reading=posted)


def _largest(portfolio: Portfolio, *, now: int) -> int:
    return max(
        portfolio.positions,
        key=lambda index: maintenance_e6(
            portfolio.quotes[index].exposure(
                portfolio.positions[index], now=now, action=Action.LIQUIDATE
            )
        ),
    )


def _may_liquidate(positions: Mapping[int, Position], book: ExchangeBook, moment: Moment) -> bool:
    """A market that nobody posts any more hinders nothing, but cannot be closed itself."""
    if not all(index in moment.readings and index in book.markets for index in positions):
        return False
    action, now = Action.LIQUIDATE, moment.now
    quotes = [_quote(index, book, moment) for index in positions]
    living = [
        each for each in quotes if not has_lapsed(each.reading, each.market, action=action, now=now)
    ]
    return bool(living) and all(
        refusal_of(each.reading, each.market, action=action, now=now) is None for each in living
    )


def _quote(index: int, book: ExchangeBook, moment: Moment) -> Quote:
    return Quote(market=book.markets[index], reading=moment.readings[index])


def _order_tasks(book: ExchangeBook, moment: Moment) -> Iterator[Task]:
    orphans = {each.order: each for each in orphan_cancellations(book, now=moment.now)}
    yield from orphans.values()
    waiting = [each for each in book.orders.items() if each[0] not in orphans]
    for address, order in sorted(waiting, key=lambda item: item[1].placed_slot):
        if order.is_expired(moment.now):
            yield CancelExpired(order=address)
        elif _may_execute(order, book, moment):
            task = _order_task(address, order, book, moment.readings[order.market_index])
            if task is not None:
                yield task


def _order_task(
    address: str, order: Order, book: ExchangeBook, reading: PriceReading
) -> Task | None:
    if not is_awake(order, reading.price_e6):
        moved = followed(order, reading.price_e6)
        if moved is None:
            return None
        return FollowPrice(order=address, watermark_e6=moved.watermark_e6)
    if order.waits_for_its_bound and not _is_reached(order, book, reading):
        return None
    return ExecuteOrder(order=address)


def _may_execute(order: Order, book: ExchangeBook, moment: Moment) -> bool:
    reading, market = moment.readings.get(order.market_index), book.markets.get(order.market_index)
    if reading is None or market is None or market.status is MarketStatus.PAUSED:
        return False
    if order.role is Role.ASLEEP:
        return False
    if reading.publish_time <= order.placed_at or moment.slot <= order.placed_slot:
        return False
    reduces = is_reducing(_held_e9(order, book), _trade_e9(order, book))
    action = Action.REDUCE if reduces else Action.GROW
    return refusal_of(reading, market, action=action, now=moment.now) is None


def _held_e9(order: Order, book: ExchangeBook) -> int:
    position = book.positions.get((order.account, order.market_index))
    return 0 if position is None else position.size_e9


def _trade_e9(order: Order, book: ExchangeBook) -> int:
    if not order.reduce_only:
        return order.size_e9
    return clipped_size_e9(_held_e9(order, book), order.size_e9)


def _is_reached(order: Order, book: ExchangeBook, reading: PriceReading) -> bool:
    trade_e9, market = _trade_e9(order, book), book.markets[order.market_index]
    if trade_e9 == 0:
        return True  # Nothing to reduce: the program closes such an order.
    late = is_late(reading, placed_at=order.placed_at)
    grows = not is_reducing(_held_e9(order, book), trade_e9)
    cost = trade_cost_e6(
        market.params,
        trade_e9,
        skew_e9=market.skew_e9,
        price_e6=reading.price_e6,
        conf_e6=counted_conf_e6(market.params, reading, is_late=late, grows=grows),
    )
    return not exceeds_bound(cost, trade_e9, order.limit_price_e6)


def _bankruptcies(book: ExchangeBook) -> Iterator[Task]:
    for address, account in book.accounts.items():
        if is_bankrupt(account):
            yield ResolveBankruptcy(account=address)


def _settlements(book: ExchangeBook, moment: Moment) -> Iterator[Task]:
    for (account, index), position in book.positions.items():
        is_due = moment.slot - position.updated_slot >= SETTLE_SLOTS
        if is_due and not position.is_flat and index in moment.readings:
            yield SettleFunding(account=account, market_index=index)
