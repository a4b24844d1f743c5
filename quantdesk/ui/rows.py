"""Rows: what tables and receipts show, as text; integers only where the browser computes."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MarketRow:
    """One market: its name and the steps its fields count in."""

    symbol: str = "SOL-PERP"
    base: str = "SOL"
    index: int = 0
    tick_e6: int = 10_000
    lot_e9: int = 10_000_000
    min_size_e9: int = 10_000_000
    max_leverage: int = 20
    taker_fee: str = "-"
    limit_fee: str = "-"
    funding_max: str = "-"
    min_size: str = "-"
    tick: str = "-"
    status: str = "active"


@dataclass(frozen=True, kw_only=True)
class PositionRow:
    """An open position; `size_e9` and `entry_e6` (signed cost) feed the live cells."""

    symbol: str
    base: str
    side: str
    size: str
    size_e9: int
    entry: str
    entry_e6: int
    liquidation: str
    liquidation_e6: int
    margin: str
    margin_e6: int
    leverage: str
    funding: str
    funding_tone: str


@dataclass(frozen=True, kw_only=True)
class OrderRow:
    """An order that waits: on chain, or sent and not yet seen there."""

    address: str
    symbol: str
    base: str
    side: str
    kind: str
    size: str
    price: str
    reduce_only: str
    placed: str
    state: str


@dataclass(frozen=True, kw_only=True)
class FillRow:
    """An executed trade or a liquidation, with the signature that proves it."""

    key: str
    time: str
    symbol: str
    side: str
    kind: str
    size: str
    price: str
    notional: str
    fee: str
    realized: str
    realized_tone: str
    signature: str
    signature_short: str


@dataclass(frozen=True, kw_only=True)
class ReceiptRow:
    """One line of a receipt: before → after, or a single figure when `before` is empty."""

    label: str
    before: str = ""
    after: str
    unit: str = ""
    tone: str = ""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """The outcome of something the user did; it changes in place until it is final."""

    key: str
    title: str
    text: str
    tone: str
    time: str
    final: bool
    sticky: bool = False


@dataclass(frozen=True, kw_only=True)
class MovementRow:
    """A deposit, withdrawal, trade, fee or funding payment in the ledger of the portfolio."""

    key: str
    time: str
    kind: str
    what: str
    change: str
    tone: str
    signature_short: str
    signature: str


@dataclass(frozen=True, kw_only=True)
class IdentityRow:
    """One line of the PnL identity, to six decimals."""

    sign: str
    label: str
    note: str
    figure: str
    tone: str
    weight: str = ""
