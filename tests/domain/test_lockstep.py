"""The real program and the twin, step by step: same balances, same events, same refusals.

`QD_LOCKSTEP_STEPS` lengthens the run; every walk can be repeated by its number.
"""

import os
from collections import Counter

import pytest

from quantdesk.domain.money import USD_ONE
from tests.domain.everywalk import EveryStep, EveryWalk, WatchedStep
from tests.domain.lockstep import Lockstep
from tests.domain.onchain import ARTIFACT, INSURANCE_E6, POOL_E6
from tests.domain.poolstep import PoolStep
from tests.domain.poolwalk import PoolWalk
from tests.domain.positionstep import PositionStep
from tests.domain.positionwalk import PositionWalk
from tests.domain.vaultstep import VaultStep
from tests.domain.vaultwalk import VaultWalk
from tests.domain.walk import Walk

ENOUGH_STEPS = 12_000
"""So many visit everything that is required."""

STEPS = int(os.environ.get("QD_LOCKSTEP_STEPS", str(ENOUGH_STEPS)))
WALK_STEPS = 500
WALKS = range(-(-STEPS // WALK_STEPS))

MUST_HAPPEN = {
    "Deposited",
    "Withdrawn",
    "Transferred",
    "UserAccountUpdated",
    "BankruptcyResolved",
    "OrderPlaced",
    "OrderExecuted",
    "WatermarkMoved",
    "OrderCancelled USER",
    "OrderCancelled EXPIRED",
    "OrderCancelled SLIPPAGE",
    "OrderCancelled MARGIN",
    "OrderCancelled POOL_RESERVE",
    "OrderCancelled REDUCE_ONLY",
    "FundingAccrued",
    "FundingPaid",
    "Liquidated",
    "insurance paid",
    "pool lost",
    "claim made",
    "partial liquidation",
    "liquidation with impact",
    "impact cut by equity",
    "Liquidated with collateral",
    "OrderExecuted with collateral",
    "token withdrawn",
    "DelegateChanged",
    "bot placed",
    "bot cancelled",
    "PauseChanged",
    "MarketStatusChanged",
    "ChangeProposed",
    "ChangeExecuted",
    "ChangeCancelled",
    "ClaimsPaid",
    "claim paid",
    "claim paid in part",
    "PnlSettled",
    "Deleveraged",
    "deleveraged whole",
    "deleveraged in part",
    "PoolDeposited",
    "PoolWithdrawalRequested",
    "PoolWithdrawn",
    "VaultTightened",
    "sale agreed",
    "sale forced",
    "lamports withdrawn",
    "deposit: Depegged",
    "native out: VaultShort",
    "BracketPlaced",
    "BracketArmed",
    "OrderCancelled OCO",
    "OrderCancelled ORPHAN",
    "OrderCancelled MANDATE",
    "MandateSet",
    "MandateClosed",
    "open_position",
    "close_position",
    "execute: LegAsleep",
    "leave out: WrongAccount",
}

KINDS: tuple[tuple[type[Lockstep], type[Walk]], ...] = (
    (Lockstep, Walk),
    (PoolStep, PoolWalk),
    (VaultStep, VaultWalk),
    (PositionStep, PositionWalk),
    (EveryStep, EveryWalk),
    (WatchedStep, EveryWalk),
)

pytestmark = pytest.mark.timeout(900)
seen: Counter[str] = Counter()


def drawn_walk(number: int) -> Walk:
    """Walks take turns: trading alone, the pool, vaults, positions, everything; rich and poor."""
    is_poor = number // len(KINDS) % 2
    money = (3_000 * USD_ONE, 20 * USD_ONE) if is_poor else (POOL_E6, INSURANCE_E6)
    step, walk = KINDS[number % len(KINDS)]
    return walk(step(pool_e6=money[0], insurance_e6=money[1]), number)


@pytest.mark.skipif(not ARTIFACT.exists(), reason="the program is not built: run make program")
@pytest.mark.parametrize("number", WALKS)
def test_program_and_twin_agree_to_the_unit_after_every_step(number: int) -> None:
    walk = drawn_walk(number)

    walk.take(WALK_STEPS)

    seen["walked"] += 1
    seen.update(walk.applied)
    seen.update(walk.refused)


@pytest.mark.skipif(not ARTIFACT.exists(), reason="the program is not built: run make program")
def test_the_walks_visit_what_they_are_meant_to_visit() -> None:
    if seen["walked"] * WALK_STEPS < max(STEPS, ENOUGH_STEPS):
        pytest.skip("only meaningful after every walk of a full run")
    assert set(seen) >= MUST_HAPPEN
