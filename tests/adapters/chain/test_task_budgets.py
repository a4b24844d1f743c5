"""A keeper's budgets: one measure for each shape of transaction, and no more paid than allowed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.budget import Budget
from quantdesk.adapters.chain.task_budgets import (
    PRICE_AGE_S,
    UNITS_LEAST,
    UNITS_UNKNOWN,
    TaskBudgets,
)
from quantdesk.adapters.rpc.types import Simulation
from quantdesk.services.ports import ExchangeUnavailable

PAYER, PROGRAM = Pubkey.new_unique(), Pubkey.new_unique()
BLOCKHASH = str(Hash.default())


def call(name: bytes = b"execute_", accounts: int = 3) -> list[Instruction]:
    metas = [AccountMeta(Pubkey.new_unique(), False, True) for _ in range(accounts)]
    return [Instruction(PROGRAM, name + b"arguments", metas)]


class Node:
    """Measures what it is told to; counts how often it was asked."""

    def __init__(self, units: int = 100_000, *, fees: Sequence[int] = ()) -> None:
        self.units, self.fees, self.asked, self.priced = units, fees, 0, 0
        self.is_silent = False

    async def simulate(self, transaction: bytes) -> Simulation:
        self.asked += 1
        if self.is_silent:
            raise ExchangeUnavailable("silent")
        err: object = None if self.units else {"InstructionError": []}
        return Simulation(err=err, logs=[], compute_units=self.units)

    async def prioritization_fees(self, addresses: Sequence[Pubkey]) -> Sequence[int]:
        self.priced += 1
        if self.is_silent:
            raise ExchangeUnavailable("silent")
        return self.fees


async def limit(budgets: TaskBudgets, instructions: list[Instruction], anew: bool = False) -> int:
    budget = await budgets.of(PAYER, instructions, BLOCKHASH, anew=anew)
    assert budget.unit_limit is not None
    return budget.unit_limit


async def test_each_shape_is_measured_once() -> None:
    node = Node()
    budgets = TaskBudgets(node, price_max=0)

    found = {await limit(budgets, call()) for _ in range(3)}
    assert (found, node.asked) == ({176_000}, 1)

    await limit(budgets, call(accounts=4))
    await limit(budgets, call(b"liquidat"))
    assert node.asked == 3


@pytest.mark.parametrize(
    ("units", "expected"), [(1_000, UNITS_LEAST), (100_000, 176_000), (399_000, UNITS_UNKNOWN)]
)
async def test_the_measure_gets_room_within_bounds(units: int, expected: int) -> None:
    assert await limit(TaskBudgets(Node(units), price_max=0), call()) == expected


async def test_a_measure_that_failed_is_not_remembered() -> None:
    node = Node(0)
    budgets = TaskBudgets(node, price_max=0)

    assert await limit(budgets, call()) == UNITS_UNKNOWN
    node.units = 100_000
    assert await limit(budgets, call()) == 176_000


async def test_a_shape_that_did_not_fit_is_measured_again() -> None:
    node = Node()
    budgets = TaskBudgets(node, price_max=0)
    await limit(budgets, call())
    node.units = 200_000

    assert await limit(budgets, call(), anew=True) == UNITS_UNKNOWN
    assert await limit(budgets, call()) == 352_000


async def test_the_price_is_what_others_pay_up_to_the_cap_and_asked_now_and_then() -> None:
    now_s = 0.0
    node = Node(fees=[10, 20, 30, 5_000])
    budgets = TaskBudgets(node, price_max=25, clock=lambda: now_s)

    found = [await budgets.of(PAYER, call(), BLOCKHASH) for _ in range(3)]
    assert found == [Budget(unit_limit=176_000, unit_price=25)] * 3
    assert node.priced == 1

    now_s, node.fees = PRICE_AGE_S, [7]
    assert (await budgets.of(PAYER, call(), BLOCKHASH)).unit_price == 7


async def test_a_cap_of_nothing_asks_and_pays_nothing() -> None:
    node = Node(fees=[10])

    assert (await TaskBudgets(node, price_max=0).of(PAYER, call(), BLOCKHASH)).unit_price == 0
    assert node.priced == 0


async def test_a_silent_node_stops_nobody() -> None:
    node = Node()
    node.is_silent = True

    budget = await TaskBudgets(node, price_max=9).of(PAYER, call(), BLOCKHASH)

    assert budget == Budget(unit_limit=UNITS_UNKNOWN, unit_price=0)
