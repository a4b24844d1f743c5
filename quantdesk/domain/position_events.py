"""Position events: brackets and mandates, in the program's own field names."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BracketPlaced:
    """A take profit and a stop wait together; asleep until their parent fills (id 0: no parent)."""

    user_account: str
    market_index: int
    parent_id: int
    take_profit_id: int
    stop_id: int
    is_asleep: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BracketArmed:
    """The parent filled: its legs guard this opening of the position from now on."""

    user_account: str
    market_index: int
    parent_id: int
    take_profit_id: int
    stop_id: int
    opening: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateSet:
    """A delegate's caps were set or replaced."""

    user_account: str
    delegate: str
    order_cap_e6: int
    notional_cap_e6: int
    max_leverage: int
    daily_loss_e6: int
    markets: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateClosed:
    """A delegate's caps are gone, and the delegate with them."""

    user_account: str
    delegate: str
