"""What a keeper's transactions may use and pay: measured once for each shape, priced as others pay.

A rehearsal of every transaction would double the work at the very moment when time matters; what an
instruction of the same shape used before, with room for its longer paths, serves as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.budget import Budget, BudgetNode, limit_of, price_of
from quantdesk.adapters.chain.transaction import build_message, unsigned
from quantdesk.services.ports import PortError

UNITS_UNKNOWN = 400_000
"""What a transaction may use whose shape was never measured, or did not fit the measure."""

ROOM_PERCENT = 160
UNITS_LEAST = 100_000
"""The measured one may have taken the shortest path, such as an order closed for its slippage."""

PRICE_AGE_S = 10.0

Shape = tuple[tuple[bytes, int], ...]


class TaskBudgets:
    """Budgets by shape: instruction names and their number of accounts."""

    def __init__(
        self,
        node: BudgetNode,
        *,
        price_max: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._node = node
        self._price_max = price_max
        self._clock = clock
        self._limits: dict[Shape, int] = {}
        self._price = 0
        self._priced_at_s = -PRICE_AGE_S

    async def of(
        self,
        payer: Pubkey,
        instructions: Sequence[Instruction],
        blockhash: str,
        *,
        anew: bool = False,
    ) -> Budget:
        """Units and price for these instructions; `anew` distrusts the measure of their shape."""
        await self._refresh_price(instructions)
        shape = _shape(instructions)
        if anew:
            self._limits.pop(shape, None)
            return Budget(unit_limit=UNITS_UNKNOWN, unit_price=self._price)
        if shape not in self._limits:
            units = await self._measured(payer, instructions, blockhash)
            if units is None:
                return Budget(unit_limit=UNITS_UNKNOWN, unit_price=self._price)
            roomy = max(UNITS_LEAST, limit_of(units * ROOM_PERCENT // 100))
            self._limits[shape] = min(UNITS_UNKNOWN, roomy)
        return Budget(unit_limit=self._limits[shape], unit_price=self._price)

    async def _measured(
        self, payer: Pubkey, instructions: Sequence[Instruction], blockhash: str
    ) -> int | None:
        try:
            message = build_message(payer, instructions, blockhash, unit_limit=UNITS_UNKNOWN)
            found = await self._node.simulate(unsigned(message))
        except PortError:
            return None  # Sending decides; the measure is a comfort.
        return found.compute_units if found.err is None and found.compute_units else None

    async def _refresh_price(self, instructions: Sequence[Instruction]) -> None:
        if self._price_max == 0 or self._clock() - self._priced_at_s < PRICE_AGE_S:
            return
        self._priced_at_s = self._clock()
        writes = {
            meta.pubkey for each in instructions for meta in each.accounts if meta.is_writable
        }
        try:
            fees = await self._node.prioritization_fees(sorted(writes, key=bytes))
        except PortError:
            return
        self._price = price_of(fees, cap=self._price_max)


def _shape(instructions: Sequence[Instruction]) -> Shape:
    return tuple((bytes(each.data[:8]), len(each.accounts)) for each in instructions)
