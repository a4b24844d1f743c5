"""Read an account: what it holds, what it owes, and how far it is from being liquidated.

The chain says what is there, the hot store what it is worth; the recorded history adds fills and
what was asked lately. Every figure is the twin's, so it equals what the program would decide.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from quantdesk.domain.funding import funding_per_hour_e6
from quantdesk.domain.liquidation_price import liquidation_price_e6
from quantdesk.domain.margin import initial_e6, maintenance_e6
from quantdesk.domain.money import FRACTION_ONE, Round, mul_div
from quantdesk.domain.oracle import Action, Grade, grade
from quantdesk.domain.order import Kind
from quantdesk.domain.position import Position
from quantdesk.domain.receipt import entry_price_e6
from quantdesk.services.dependencies import Dependencies
from quantdesk.services.exchange_state import OpenOrder, WalletState
from quantdesk.services.gather_portfolio import Gathered, gather_portfolio
from quantdesk.services.ports import Row, User
from quantdesk.services.prepare_withdrawal import withdrawable_e6

FILLS_LIMIT = 50
PENDING_LIMIT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionView:
    """One open position at its mark; a liquidation price of None means no price does it."""

    market: str
    market_index: int
    side: str
    size_e9: int
    entry_e6: int
    entry_price_e6: int
    mark_e6: int
    notional_e6: int
    unrealized_pnl_e6: int
    funding_owed_e6: int
    funding_per_hour_e6: int
    margin_e6: int
    maintenance_e6: int
    leverage_e6: int
    liquidation_price_e6: int | None
    realized_pnl_e6: int
    fees_paid_e6: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """One order that waits on chain."""

    address: str
    market: str
    market_index: int
    kind: str
    side: str
    size_e9: int
    limit_price_e6: int
    reduce_only: bool
    placed_at_ms: int
    expires_at_ms: int | None
    client_order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """Everything an account page shows; US dollar sums in millionths, leverage likewise."""

    owner: str
    address: str
    has_account: bool
    slot: int
    wallet_usdc_e6: int
    wallet_lamports: int
    usdc_e6: int
    claims_e6: int
    equity_e6: int
    initial_e6: int
    maintenance_e6: int
    free_collateral_e6: int
    withdrawable_e6: int
    unrealized_pnl_e6: int
    funding_owed_e6: int
    margin_used_e6: int
    leverage_e6: int
    health_e6: int
    max_leverage: int
    is_stale: bool
    positions: tuple[PositionView, ...]
    orders: tuple[OrderView, ...]
    fills: tuple[Row, ...] = ()
    pending: tuple[Row, ...] = ()


async def read_account(deps: Dependencies, user: User) -> AccountView:
    """The user's account as of now. Raises a PortError when chain or prices do not answer."""
    gathered, wallet, fills, pending = await asyncio.gather(
        gather_portfolio(deps, user.wallet_address),
        deps.exchange.wallet(user.wallet_address),
        deps.mirror.trades(user.id, limit=FILLS_LIMIT),
        deps.mirror.intents(user.id, limit=PENDING_LIMIT),
    )
    return account_view(gathered, wallet, fills=tuple(fills), pending=tuple(pending))


def account_view(
    gathered: Gathered,
    wallet: WalletState,
    *,
    fills: tuple[Row, ...] = (),
    pending: tuple[Row, ...] = (),
) -> AccountView:
    """The figures of a gathered portfolio."""
    portfolio = gathered.portfolio
    account = portfolio.account
    standing = portfolio.standing(now=gathered.now_s)
    positions = tuple(_position(gathered, position) for position in _open(gathered))
    notional_e6 = sum(position.notional_e6 for position in positions)
    equity_e6 = standing.maintenance_equity_e6
    return AccountView(
        owner=account.owner,
        address=account.address,
        has_account=gathered.snapshot is not None,
        slot=gathered.snapshot.slot if gathered.snapshot else gathered.state.slot,
        wallet_usdc_e6=wallet.usdc_e6,
        wallet_lamports=wallet.lamports,
        usdc_e6=account.usdc_e6,
        claims_e6=account.claims_e6 + account.claims_due_e6,
        equity_e6=equity_e6,
        initial_e6=standing.initial_e6,
        maintenance_e6=standing.maintenance_e6,
        free_collateral_e6=standing.free_collateral_e6,
        withdrawable_e6=withdrawable_e6(gathered),
        unrealized_pnl_e6=sum(position.unrealized_pnl_e6 for position in positions),
        funding_owed_e6=sum(position.funding_owed_e6 for position in positions),
        margin_used_e6=standing.initial_e6,
        leverage_e6=_leverage_e6(notional_e6, equity_e6),
        health_e6=standing.health_e6,
        max_leverage=account.max_leverage,
        is_stale=any(_is_stale(gathered, position) for position in _open(gathered)),
        positions=positions,
        orders=tuple(_order(gathered, order) for order in _orders(gathered)),
        fills=fills,
        pending=pending,
    )


def _open(gathered: Gathered) -> list[Position]:
    positions = gathered.portfolio.positions.values()
    return [position for position in positions if not position.is_flat]


def _orders(gathered: Gathered) -> tuple[OpenOrder, ...]:
    return gathered.snapshot.orders if gathered.snapshot else ()


def _position(gathered: Gathered, position: Position) -> PositionView:
    now_s = gathered.now_s
    quote = gathered.portfolio.quotes[position.market_index]
    exposure = quote.exposure(position, now=now_s)
    margin_e6 = initial_e6(exposure)
    params = quote.market.params
    return PositionView(
        market=params.symbol,
        market_index=position.market_index,
        side="long" if position.size_e9 > 0 else "short",
        size_e9=position.size_e9,
        entry_e6=position.entry_e6,
        entry_price_e6=entry_price_e6(position.size_e9, position.entry_e6),
        mark_e6=quote.reading.price_e6,
        notional_e6=exposure.notional_e6,
        unrealized_pnl_e6=exposure.pnl_e6,
        funding_owed_e6=exposure.funding_owed_e6,
        funding_per_hour_e6=funding_per_hour_e6(
            params,
            quote.market.skew_e9,
            size_e9=position.size_e9,
            price_e6=quote.reading.price_e6,
        ),
        margin_e6=margin_e6,
        maintenance_e6=maintenance_e6(exposure),
        leverage_e6=_leverage_e6(exposure.notional_e6, margin_e6),
        liquidation_price_e6=liquidation_price_e6(
            gathered.portfolio, position.market_index, now=now_s
        ),
        realized_pnl_e6=position.realized_pnl_e6,
        fees_paid_e6=position.fees_paid_e6,
    )


def _order(gathered: Gathered, waiting: OpenOrder) -> OrderView:
    order = waiting.order
    market = gathered.state.market_at(order.market_index)
    return OrderView(
        address=waiting.address,
        market=market.params.symbol if market else str(order.market_index),
        market_index=order.market_index,
        kind=Kind(order.kind).name.lower(),
        side="long" if order.size_e9 > 0 else "short",
        size_e9=order.size_e9,
        limit_price_e6=order.limit_price_e6,
        reduce_only=order.reduce_only,
        placed_at_ms=order.placed_at * 1000,
        expires_at_ms=order.expires_at * 1000 or None,
        client_order_id=order.client_order_id,
    )


def _is_stale(gathered: Gathered, position: Position) -> bool:
    quote = gathered.portfolio.quotes[position.market_index]
    found = grade(quote.reading, quote.market, action=Action.REDUCE, now=gathered.now_s)
    return found >= Grade.STALE


def _leverage_e6(notional_e6: int, equity_e6: int) -> int:
    if equity_e6 <= 0:
        return 0
    return mul_div(notional_e6, FRACTION_ONE, equity_e6, Round.UP)
