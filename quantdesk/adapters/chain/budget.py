"""The compute budget of a transaction: measured by simulation, priced by what others pay.

A limit close to the truth costs less priority fee and is scheduled earlier. A simulation that fails
sets none: the transaction's own preflight will say why it fails.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from solders.hash import Hash
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.transaction import build_message, unsigned
from quantdesk.services.ports import PortError

UNITS_MAX = 1_400_000
HEADROOM_PERCENT = 110
PRICE_PERCENTILE = 75
PRICE_CAP = 200_000
"""Micro-lamports per unit: 0.00004 SOL for an order of 200,000 units, eight base fees.

What is paid unless a setting says otherwise; a cap of 0 never pays any.
"""


class BudgetNode(Protocol):
    """The two questions a budget asks of a node."""

    async def simulate(self, transaction: bytes) -> Any:
        """Run without effect: `err`, `compute_units`."""
        ...

    async def prioritization_fees(self, addresses: Sequence[Pubkey]) -> Sequence[int]:
        """Micro-lamports per unit paid lately by whoever wrote these accounts."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """`unit_limit` None: the network's own default; `unit_price` in micro-lamports per unit."""

    unit_limit: int | None = None
    unit_price: int = 0


async def budget_of(
    node: BudgetNode,
    payer: Pubkey,
    instructions: Sequence[Instruction],
    blockhash: str,
    *,
    price_cap: int = PRICE_CAP,
) -> Budget:
    """Measured units plus a tenth, at the price of the busy quarter, capped."""
    rehearsal = build_message(
        payer, instructions, Hash.from_string(blockhash), unit_limit=UNITS_MAX, unit_price=1
    )
    writes = sorted(
        {meta.pubkey for each in instructions for meta in each.accounts if meta.is_writable},
        key=bytes,
    )
    try:
        simulated, fees = await asyncio.gather(
            node.simulate(unsigned(rehearsal)), node.prioritization_fees(writes)
        )
    except PortError:
        return Budget()  # the estimate is a comfort; the order must not wait for it
    if simulated.err is not None or not simulated.compute_units:
        return Budget(unit_price=price_of(fees, cap=price_cap))
    return Budget(
        unit_limit=limit_of(simulated.compute_units), unit_price=price_of(fees, cap=price_cap)
    )


def limit_of(units: int) -> int:
    """Measured units plus a tenth, rounded up."""
    return min(UNITS_MAX, -(-units * HEADROOM_PERCENT // 100))


def price_of(fees: Sequence[int], *, cap: int = PRICE_CAP) -> int:
    """The price that most of the fees do not exceed; zero where nobody pays any."""
    if not fees:
        return 0
    ranked = sorted(fees)
    rank = max(1, -(-len(ranked) * PRICE_PERCENTILE // 100))
    return min(cap, ranked[rank - 1])
