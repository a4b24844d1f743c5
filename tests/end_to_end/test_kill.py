"""kill -9 of every server and worker in the middle of an order: nothing lost, doubled or stuck.

`QD_CRASH_DRAWS` sets how many moments are drawn for each piece; `make crash` draws twenty.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Iterator

import pytest

from quantdesk import wiring
from quantdesk.services.smoke import SmokeParts
from quantdesk.services.trade_session import TradeSession
from quantdesk.settings import Settings
from tests.end_to_end.crash_trader import Outcome, audit, persist, place_order
from tests.end_to_end.crash_world import CrashWorld, running_world

DRAWS = int(os.environ.get("QD_CRASH_DRAWS", "1"))
PIECES = (
    "postgres",
    "valkey",
    "chain",
    "market",
    "price_feed",
    "publisher",
    "indexer",
    "keeper",
    "order_sender",
    "web",
)
DEPOSIT_E6 = 1_000_000_000
LATEST_KILL_S = 1.2
"""An undisturbed order is filled by about then."""
AUDIT_S = 45.0


@pytest.fixture(scope="module")
def world() -> Iterator[CrashWorld]:
    with running_world() as world:
        yield world


@pytest.mark.timeout(200 * DRAWS + 240)
@pytest.mark.parametrize("piece", PIECES)
def test_killing_a_piece_during_an_order_loses_doubles_and_strands_nothing(
    world: CrashWorld, piece: str
) -> None:
    for draw in range(DRAWS):
        moment_s = _moment_s(piece, draw)

        outcome, faults = asyncio.run(_draw(world, piece, moment_s))

        assert faults == [], f"draw {draw} at {moment_s:.3f} s: {outcome}"


def _moment_s(piece: str, draw: int) -> float:
    return random.Random(f"{piece} {draw}").uniform(0.0, LATEST_KILL_S)  # noqa: S311


async def _draw(world: CrashWorld, piece: str, moment_s: float) -> tuple[Outcome, list[str]]:
    settings = world.settings
    async with wiring.smoke_parts(settings, origin=settings.public_origin) as parts:
        session = TradeSession(parts.api, parts.wallet)
        await persist(session.sign_in)
        await session.take_test_funds()
        await session.deposit(DEPOSIT_E6)
        order = asyncio.create_task(place_order(session))
        await asyncio.sleep(moment_s)
        await asyncio.to_thread(world.kill, piece)
        outcome = await order
        await asyncio.to_thread(world.wait_until_ready)
        return outcome, await _settled_faults(settings, parts, outcome)


async def _settled_faults(settings: Settings, parts: SmokeParts, outcome: Outcome) -> list[str]:
    """The faults that remain once the mirror has had time to catch up."""
    end_s = time.monotonic() + AUDIT_S
    while True:
        faults = await persist(lambda: audit(settings, parts, outcome))
        if not faults or time.monotonic() > end_s:
            return faults
        await asyncio.sleep(0.5)
