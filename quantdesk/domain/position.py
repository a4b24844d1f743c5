"""Position: signed size and signed entry cost, changed by fills.

A reduction releases its share of the entry rounded up and realises the rest, so what is rounded
away stays with the pool; a flat position holds nothing at all.
"""

from dataclasses import dataclass, replace

from quantdesk.domain.money import SIZE_ONE, Round, div, mul_div

COUNTED = 2**32
"""Openings are counted modulo this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Exposure of one account in one market; `entry_e6` is what was paid (negative: received).

    `openings` counts (within 32 bits) how often it was opened from flat, a flip included.
    """

    account: str
    market_index: int
    size_e9: int = 0
    entry_e6: int = 0
    funding_index: int = 0
    max_leverage: int = 0
    realized_pnl_e6: int = 0
    funding_paid_e6: int = 0
    fees_paid_e6: int = 0
    health_e6: int = 0
    updated_slot: int = 0
    openings: int = 0

    def __post_init__(self) -> None:
        if self.size_e9 == 0:
            assert self.entry_e6 == 0 == self.funding_index, "a flat position holds nothing"

    @property
    def is_flat(self) -> bool:
        """No exposure."""
        return self.size_e9 == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A position after a trade, and the profit (USD e6, signed) that the trade realised."""

    position: Position
    realized_e6: int


def is_reducing(size_e9: int, trade_e9: int) -> bool:
    """Whether a trade brings a position nearer to flat without passing it."""
    return size_e9 * trade_e9 < 0 and abs(trade_e9) <= abs(size_e9)


def unrealized_pnl_e6(size_e9: int, entry_e6: int, price_e6: int) -> int:
    """Profit of holding `size_e9` at `price_e6`, rounded down; USD e6."""
    return mul_div(size_e9, price_e6, SIZE_ONE, Round.DOWN) - entry_e6


def filled(position: Position, trade_e9: int, cost_e6: int, *, index: int, leverage: int) -> Fill:
    """`position` after `trade_e9` at `cost_e6`, both signed: extend, reduce or flip.

    `index` is the funding index up to which the position is already settled; `leverage` becomes
    the cap of a position that this trade opens.
    """
    size = position.size_e9
    if size * trade_e9 >= 0:
        return Fill(position=_grown(position, trade_e9, cost_e6, index, leverage), realized_e6=0)
    if abs(trade_e9) <= abs(size):
        return _reduced(position, trade_e9, cost_e6, index)
    closing_cost = div(cost_e6 * abs(size), abs(trade_e9), Round.UP)
    closed = _reduced(position, -size, closing_cost, index)
    opened = _grown(closed.position, trade_e9 + size, cost_e6 - closing_cost, index, leverage)
    return replace(closed, position=opened)


def _grown(position: Position, trade_e9: int, cost_e6: int, index: int, leverage: int) -> Position:
    return replace(
        position,
        size_e9=position.size_e9 + trade_e9,
        entry_e6=position.entry_e6 + cost_e6,
        funding_index=index,
        max_leverage=leverage if position.is_flat else position.max_leverage,
        openings=(position.openings + position.is_flat) % COUNTED,
    )


def _reduced(position: Position, trade_e9: int, cost_e6: int, index: int) -> Fill:
    released = mul_div(position.entry_e6, abs(trade_e9), abs(position.size_e9), Round.UP)
    realized = -cost_e6 - released
    size = position.size_e9 + trade_e9
    remainder = replace(
        position,
        size_e9=size,
        entry_e6=position.entry_e6 - released,
        funding_index=index if size else 0,
        max_leverage=position.max_leverage if size else 0,
        realized_pnl_e6=position.realized_pnl_e6 + realized,
    )
    return Fill(position=remainder, realized_e6=realized)
