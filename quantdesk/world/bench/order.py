"""Order: what our own share of an order costs, and how long people wait for the rest.

Prepare is ours alone; submit → processed adds the chain; submit → filled adds the wait for a price
published after the order, which is the exchange's rule and not slowness.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from quantdesk import wiring
from quantdesk.services.trade_session import TradeSession
from quantdesk.settings import Settings
from quantdesk.world.bench.chain_peer import ChainPeer
from quantdesk.world.bench.figure import Figure, compared, percentile
from quantdesk.world.bench.scratch_world import scratch_world

TRADERS = 16
PREPARES = 120
SINGLE_ORDERS = 20
BURST_PER_TRADER = 6
DEPOSIT_E6 = 2_000_000_000
SIZE_E9 = 100_000_000
WAIT_S = 60.0

Prepared = Mapping[str, Any]


def measure_order() -> Iterator[Figure]:
    """Figures of the order path in a scratch world."""
    with scratch_world() as world:
        world.up()
        yield from asyncio.run(_measure(world.settings))


async def _measure(settings: Settings) -> list[Figure]:
    async with AsyncExitStack() as stack:
        sessions = [await _trader(settings, stack) for _ in range(TRADERS)]
        peer = await stack.enter_async_context(ChainPeer.open(settings))
        return [
            *await _prepare_figures(sessions),
            *await _single_figures(sessions[0], peer),
            await _burst_figure(sessions, peer),
        ]


async def _trader(settings: Settings, stack: AsyncExitStack) -> TradeSession:
    parts = await stack.enter_async_context(
        wiring.smoke_parts(settings, origin=settings.public_origin)
    )
    session = TradeSession(parts.api, parts.wallet)
    await session.sign_in()
    await session.take_test_funds()
    await session.deposit(DEPOSIT_E6)
    return session


async def _prepare_figures(sessions: Sequence[TradeSession]) -> list[Figure]:
    ours, floor = [], []
    for number in range(PREPARES):
        session = sessions[number % len(sessions)]
        floor.append(await _timed_ms(session.api.get("/livez")))
        ours.append(await _timed_ms(_prepare(session)))
    return [
        compared(
            f"order.prepare.p{percent}",
            percentile(ours, percent),
            "ms",
            peer=("GET /livez of the same server", percentile(floor, percent)),
            method=(
                f"POST /api/orders/prepare over HTTP, {PREPARES} one after the other: account,"
                " markets and mark read, checks, receipt, bytes, intent committed"
            ),
        )
        for percent in (50, 95)
    ]


async def _single_figures(session: TradeSession, peer: ChainPeer) -> list[Figure]:
    processed, filled, transfers = [], [], []
    for _ in range(SINGLE_ORDERS):
        transfers.append(await _timed_ms(peer.transfer()))
        prepared = await _prepare(session)
        signature = _signature(session, prepared)
        started_ns = time.perf_counter_ns()
        seen = asyncio.create_task(_timed_ms(peer.processed(signature)))
        await session.submit(prepared)
        await peer.filled([prepared["order_address"]], wait_s=WAIT_S)
        filled.append((time.perf_counter_ns() - started_ns) / 1e6)
        processed.append(await seen)
    method = f"{SINGLE_ORDERS} market orders one after the other, wallet signature excluded"
    return [
        *(
            compared(
                f"order.submit_to_processed.p{percent}",
                percentile(processed, percent),
                "ms",
                peer=("SOL transfer straight to the node", percentile(transfers, percent)),
                method=f"{method}; POST submit sent until the node calls the signature processed",
            )
            for percent in (50, 95)
        ),
        *(
            Figure(
                name=f"order.submit_to_filled.p{percent}",
                value=round(percentile(filled, percent), 1),
                unit="ms",
                method=f"{method}; until the trade is in Postgres; a price of a later second is"
                " needed (on average 0.5 s) and the feed gives one each 0.4 s",
            )
            for percent in (50, 95)
        ),
    ]


async def _burst_figure(sessions: Sequence[TradeSession], peer: ChainPeer) -> Figure:
    orders = [(each, await _prepare(each)) for each in sessions for _ in range(BURST_PER_TRADER)]
    started_s = time.perf_counter()
    await asyncio.gather(*(session.submit(prepared) for session, prepared in orders))
    await peer.filled([prepared["order_address"] for _, prepared in orders], wait_s=WAIT_S)
    ours = len(orders) / (time.perf_counter() - started_s)
    started_s = time.perf_counter()
    await asyncio.gather(*(peer.transfer() for _ in orders))
    raw = len(orders) / (time.perf_counter() - started_s)
    return compared(
        "order.rate_end_to_end",
        ours,
        "orders/s",
        peer=("SOL transfers straight to the node", raw),
        method=(
            f"{len(orders)} prepared orders of {len(sessions)} wallets submitted at once, until the"
            " last trade is in Postgres; three program instructions each way of the peer's one"
        ),
    )


async def _prepare(session: TradeSession) -> Prepared:
    ticket = {
        "market": "SOL-PERP",
        "side": "long",
        "kind": "market",
        "size_e9": SIZE_E9,
        "max_slippage_bps": 300,
    }
    prepared: Prepared = await session.api.post("/api/orders/prepare", ticket)
    return prepared


def _signature(session: TradeSession, prepared: Prepared) -> bytes:
    signed = session.wallet.sign_transaction(base64.b64decode(prepared["transaction_b64"]))
    return signed[1:65]


async def _timed_ms(work: Awaitable[object]) -> float:
    started_ns = time.perf_counter_ns()
    await work
    return (time.perf_counter_ns() - started_ns) / 1e6
