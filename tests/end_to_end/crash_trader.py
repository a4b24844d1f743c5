"""A trader who lives through crashes, and the auditor who looks at the books afterwards."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row

from quantdesk import wiring
from quantdesk.services.ports import PortError
from quantdesk.services.reconcile import differences, figures_of_chain, figures_of_view
from quantdesk.services.smoke import SmokeParts
from quantdesk.services.smoke_ports import ApiRefused
from quantdesk.services.trade_session import LANDED, LOST, SmokeFailure, TradeSession
from quantdesk.settings import Settings

T = TypeVar("T")

PATIENCE_S = 120.0
"""Longer than a blockhash lives and its fork settles: by then everything must be decided."""
TICKET = {
    "market": "SOL-PERP",
    "side": "long",
    "kind": "market",
    "size_e9": 10_000_000_000,
    "max_slippage_bps": 300,
}
TRANSIENT = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the trader was told in the end."""

    intent_id: str
    state: str
    order_address: str
    order_status: str | None


async def persist(act: Callable[[], Awaitable[T]]) -> T:
    """Ask until there is an answer; a no is an answer."""
    end_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await act()
        except ApiRefused as refusal:
            is_hopeful = refusal.status in TRANSIENT or refusal.code.startswith("PRICE_")
            if not is_hopeful or time.monotonic() > end_s:
                raise
        except PortError:
            if time.monotonic() > end_s:
                raise
        await asyncio.sleep(0.2)


async def place_order(session: TradeSession) -> Outcome:
    """Place one order whatever happens, and wait for the truth about it."""
    api = session.api
    prepared: Mapping[str, Any] = await persist(lambda: api.post("/api/orders/prepare", TICKET))
    signed = session.wallet.sign_transaction(base64.b64decode(prepared["transaction_b64"]))
    body = {
        "intent_id": prepared["intent_id"],
        "transaction_b64": base64.b64encode(signed).decode(),
    }
    await persist(lambda: api.post("/api/transactions/submit", body))
    state = await _decided(session, prepared["intent_id"])
    status = None
    if state in LANDED:
        status = await _closed(session, prepared["order_address"])
    return Outcome(
        intent_id=prepared["intent_id"],
        state=state,
        order_address=prepared["order_address"],
        order_status=status,
    )


async def _decided(session: TradeSession, intent_id: str) -> str:
    async def state() -> str:
        answer = await session.api.get(f"/api/transactions/{intent_id}")
        return str(answer["state"])

    return await _once(lambda: persist(state), lambda found: found in LANDED | LOST)


async def _closed(session: TradeSession, order_address: str) -> str:
    async def status() -> str:
        row = await session.order_row(order_address)
        return str(row.get("status"))

    return await _once(lambda: persist(status), lambda found: found in ("filled", "cancelled"))


async def _once(ask: Callable[[], Awaitable[str]], is_final: Callable[[str], bool]) -> str:
    end_s = time.monotonic() + PATIENCE_S
    while not is_final(found := await ask()):
        if time.monotonic() > end_s:
            raise SmokeFailure(f"stuck in {found} for {PATIENCE_S} s")
        await asyncio.sleep(0.2)
    return found


async def audit(settings: Settings, parts: SmokeParts, outcome: Outcome) -> list[str]:
    """Everything that is lost, doubled or stuck; empty when the books are right."""
    account = await parts.api.get("/api/account")
    snapshot = await parts.exchange.account(parts.wallet.address)
    chain = figures_of_chain(snapshot)
    mirror = await parts.books.figures(account["address"])
    found = [
        *map(str, differences(chain, mirror, source="Postgres")),
        *map(str, differences(chain, figures_of_view(account), source="API")),
    ]
    with psycopg.connect(settings.migration_database_url, row_factory=dict_row) as connection:
        found += _order_faults(connection, outcome)
        found += _intent_faults(connection, parts.wallet.address)
        told = connection.execute("select signature, log_index from receipts").fetchall()
    receipts = {(row["signature"], row["log_index"]) for row in told}
    events = await _events_on_chain(settings)
    found += [f"event {each} is not in Postgres" for each in events - receipts]
    found += [f"receipt {each} is not on chain" for each in receipts - events]
    return found


_told: dict[str, set[tuple[str, int]]] = {}
"""Events by transaction, as once read: nothing here takes a block back."""


async def _events_on_chain(settings: Settings) -> set[tuple[str, int]]:
    async with wiring.chain_history(settings) as history:
        signatures = await history.signatures(after=None)
        for signature in signatures:
            if signature not in _told:
                transaction = await history.transaction(signature)
                _told[signature] = {(signature, event.log_index) for event in transaction.events}
        return set().union(*(_told[signature] for signature in signatures))


def _order_faults(connection: psycopg.Connection[dict[str, Any]], outcome: Outcome) -> list[str]:
    orders = connection.execute(
        "select status::text, intent_id::text from orders where address = %s",
        [outcome.order_address],
    ).fetchall()
    trades = connection.execute(
        "select 1 from trades where order_address = %s", [outcome.order_address]
    ).fetchall()
    landed = outcome.state in LANDED
    expected = [{"status": outcome.order_status, "intent_id": outcome.intent_id}] if landed else []
    faults = [] if orders == expected else [f"orders {orders}, expected {expected}"]
    fills = int(outcome.order_status == "filled")
    return faults if len(trades) == fills else [*faults, f"{len(trades)} trades, expected {fills}"]


def _intent_faults(connection: psycopg.Connection[dict[str, Any]], wallet: str) -> list[str]:
    stuck = connection.execute(
        "select kind::text, state::text from intents join users on users.id = user_id"
        " where wallet_address = %s and state in ('signed', 'sent', 'unknown', 'processed')",
        [wallet],
    ).fetchall()
    return [f"stuck intent {row['kind']} in {row['state']}" for row in stuck]
