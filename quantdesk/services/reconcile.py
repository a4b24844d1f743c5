"""Reconcile: one account as the chain, the mirror and the public API tell it, to the last unit.

The chain is right by definition; whatever another source says differently is a difference, however
small. Figures that move with time or price are not compared, only what events have fixed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from quantdesk.services.exchange_state import AccountSnapshot
from quantdesk.services.ports import Row

POSITION_FIGURES = (
    "size_e9",
    "entry_e6",
    "funding_index",
    "realized_pnl_e6",
    "funding_paid_e6",
    "fees_paid_e6",
)
ORDER_FIGURES = ("market_index", "client_order_id", "size_e9", "limit_price_e6", "reduce_only")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFigures:
    """What one source says of an account; figures a source does not tell are left out.

    Positions are the open ones by market index, orders the open ones by address, tokens the other
    collateral by vault index. Claims are all that the pool owes, due or not.
    """

    usdc_e6: int
    claims_e6: int
    tokens: Mapping[int, int] | None = None
    positions: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    orders: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure on which a source disagrees with the chain; None where a side lacks it."""

    source: str
    figure: str
    chain: int | None
    found: int | None

    def __str__(self) -> str:
        """As an operator reads it."""
        return f"{self.figure}: chain {self.chain}, {self.source} {self.found}"


class MirrorBooks(Protocol):
    """The mirror read as the server, not as the user."""

    async def figures(self, account: str) -> AccountFigures:
        """What the indexer recorded of an account."""
        ...


def figures_of_chain(snapshot: AccountSnapshot | None) -> AccountFigures:
    """An account as the program holds it; all zero when it does not exist."""
    if snapshot is None:
        return AccountFigures(usdc_e6=0, claims_e6=0)
    return AccountFigures(
        usdc_e6=snapshot.account.usdc_e6,
        claims_e6=snapshot.account.claims_e6 + snapshot.account.claims_due_e6,
        tokens={index: snapshot.account.balances[index] for index in snapshot.account.other_vaults},
        positions={
            position.market_index: {name: getattr(position, name) for name in POSITION_FIGURES}
            for position in snapshot.positions
        },
        orders={
            each.address: {name: int(getattr(each.order, name)) for name in ORDER_FIGURES}
            for each in snapshot.orders
        },
    )


def figures_of_view(view: Mapping[str, object]) -> AccountFigures:
    """An account as the public API shows it."""
    return AccountFigures(
        usdc_e6=_int(view, "usdc_e6"),
        claims_e6=_int(view, "claims_e6"),
        positions={
            _int(row, "market_index"): _told(row, POSITION_FIGURES)
            for row in _rows(view, "positions")
        },
        orders={
            str(row["address"]): _told(_signed(row), ORDER_FIGURES) for row in _rows(view, "orders")
        },
    )


def differences(chain: AccountFigures, found: AccountFigures, *, source: str) -> list[Difference]:
    """Every figure on which `source` disagrees with the chain."""
    pairs: dict[str, tuple[int | None, int | None]] = {
        "usdc_e6": (chain.usdc_e6, found.usdc_e6),
        "claims_e6": (chain.claims_e6, found.claims_e6),
    }
    if chain.tokens is not None and found.tokens is not None:
        for index in sorted(chain.tokens.keys() | found.tokens.keys()):
            pairs[f"token {index}"] = (chain.tokens.get(index, 0), found.tokens.get(index, 0))
    pairs |= _pairs("position", chain.positions, found.positions)
    pairs |= _pairs("order", chain.orders, found.orders)
    return [
        Difference(source=source, figure=figure, chain=ours, found=theirs)
        for figure, (ours, theirs) in pairs.items()
        if ours != theirs
    ]


def _pairs(
    noun: str,
    chain: Mapping[int, Mapping[str, int]] | Mapping[str, Mapping[str, int]],
    found: Mapping[int, Mapping[str, int]] | Mapping[str, Mapping[str, int]],
) -> dict[str, tuple[int | None, int | None]]:
    ours = {str(key): row for key, row in chain.items()}
    theirs = {str(key): row for key, row in found.items()}
    pairs: dict[str, tuple[int | None, int | None]] = {
        f"{noun} {key}": (int(key in ours), int(key in theirs)) for key in {**ours, **theirs}
    }
    for key in ours.keys() & theirs.keys():
        for name, told in theirs[key].items():
            pairs[f"{noun} {key} {name}"] = (ours[key][name], told)
    return pairs


def _signed(row: Row) -> Row:
    sign = -1 if row.get("side") == "short" else 1
    return {**row, "size_e9": sign * abs(_int(row, "size_e9"))}


def _told(row: Row, names: Sequence[str]) -> dict[str, int]:
    return {name: _int(row, name) for name in names if name in row}


def _rows(view: Mapping[str, object], name: str) -> list[Row]:
    rows = view[name]
    assert isinstance(rows, Sequence), f"expected a list in {name}, found {rows!r}"
    return list(rows)


def _int(row: Mapping[str, object], name: str) -> int:
    value = row[name]
    assert isinstance(value, (int, str)), f"expected an integer in {name}, found {value!r}"
    return int(value)
