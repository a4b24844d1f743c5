"""Events: what the exchange did, in the program's own field names; USD e6, sizes e9.

Positive funding is paid by the user. Figures named `…_after` are balances once the event is booked.
"""

from dataclasses import dataclass

from quantdesk.domain.oracle import Grade
from quantdesk.domain.order import CancelReason, Kind
from quantdesk.domain.position_events import (
    BracketArmed,
    BracketPlaced,
    MandateClosed,
    MandateSet,
)
from quantdesk.domain.vault_events import CollateralConverted, VaultTightened


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAccountCreated:
    """A sub-account was opened."""

    user_account: str
    owner: str
    sub_account_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposited:
    """Tokens of one vault entered an account."""

    user_account: str
    vault_index: int
    amount: int
    balance_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """Tokens of one vault left an account."""

    user_account: str
    vault_index: int
    amount: int
    balance_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """USDC moved between two accounts of one owner."""

    user_account: str
    to_account: str
    amount: int
    balance_after: int
    to_balance_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAccountUpdated:
    """An account got another leverage cap for positions it opens from now on."""

    user_account: str
    max_leverage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegateChanged:
    """A key may trade for an account, or with 0 permissions no longer may."""

    user_account: str
    delegate: str
    permissions: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseChanged:
    """Actions were stopped at once."""

    pause_bits: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketStatusChanged:
    """A market was closed further at once."""

    market_index: int
    status: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeProposed:
    """A loosening waits for its timelock."""

    executable_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeExecuted:
    """A proposed change became true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCancelled:
    """A proposed change was withdrawn."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSeeded:
    """USDC was given to the pool."""

    amount: int
    cash_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InsuranceSeeded:
    """USDC was given to the insurance fund."""

    amount: int
    balance_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced:
    """An order waits for its price."""

    user_account: str
    market_index: int
    client_order_id: int
    kind: Kind
    size_e9: int
    limit_price_e6: int
    trigger_price_e6: int
    trailing_bps: int
    watermark_e6: int
    reduce_only: bool
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled:
    """An order was closed unfilled."""

    user_account: str
    market_index: int
    client_order_id: int
    reason: CancelReason


@dataclass(frozen=True, slots=True, kw_only=True)
class WatermarkMoved:
    """A sleeping trailing stop followed the price."""

    user_account: str
    client_order_id: int
    watermark_e6: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExecuted:
    """An order filled whole, after the reduce-only cut."""

    user_account: str
    market_index: int
    client_order_id: int
    kind: Kind
    size_e9: int
    cost_e6: int
    fee_e6: int
    keeper_reward_e6: int
    insurance_fee_e6: int
    oracle_price_e6: int
    oracle_conf_e6: int
    publish_time: int
    realized_pnl_e6: int
    funding_e6: int
    size_after_e9: int
    entry_after_e6: int
    balance_after_e6: int
    pool_cash_after_e6: int
    insurance_after_e6: int
    long_after_e9: int
    short_after_e9: int
    claims_e6: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingAccrued:
    """A market's funding index moved."""

    market_index: int
    rate_e6: int
    index_after: int
    oracle_price_e6: int
    long_e9: int
    short_e9: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingPaid:
    """A position settled its funding."""

    user_account: str
    market_index: int
    funding_e6: int
    balance_after_e6: int
    index_after: int
    pool_cash_after_e6: int
    claims_e6: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidated:
    """A position was closed, in part or whole, against its owner's will."""

    user_account: str
    market_index: int
    size_e9: int
    cost_e6: int
    oracle_price_e6: int
    publish_time: int
    realized_pnl_e6: int
    funding_e6: int
    penalty_e6: int
    impact_e6: int
    liquidator_reward_e6: int
    insurance_fee_e6: int
    insurance_paid_e6: int
    pool_loss_e6: int
    claims_e6: int
    size_after_e9: int
    entry_after_e6: int
    balance_after_e6: int
    pool_cash_after_e6: int
    insurance_after_e6: int
    long_after_e9: int
    short_after_e9: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BankruptcyResolved:
    """The debt of an account that holds nothing was paid, as far as it could be."""

    user_account: str
    insurance_paid_e6: int
    pool_loss_e6: int
    balance_after_e6: int
    pool_cash_after_e6: int
    insurance_after_e6: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OraclePriceUpdated:
    """A market looked at its oracle."""

    market_index: int
    price_e6: int
    conf_e6: int
    publish_time: int
    grade: Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsPaid:
    """Cash was set aside for claims, and an account got what was due to it."""

    user_account: str
    paid_e6: int
    distributed_e6: int
    claims_after_e6: int
    due_after_e6: int
    balance_after_e6: int
    pool_cash_after_e6: int
    pool_claims_after_e6: int
    pot_after_e6: int
    index_after_e12: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PnlSettled:
    """An open position's profit became cash."""

    user_account: str
    market_index: int
    amount_e6: int
    funding_e6: int
    oracle_price_e6: int
    publish_time: int
    entry_after_e6: int
    balance_after_e6: int
    pool_cash_after_e6: int
    claims_e6: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleveraged:
    """A profitable position was closed because the pool is under its floor."""

    user_account: str
    market_index: int
    size_e9: int
    cost_e6: int
    oracle_price_e6: int
    publish_time: int
    realized_pnl_e6: int
    funding_e6: int
    claims_e6: int
    candidates: int
    pool_equity_before_e6: int
    size_after_e9: int
    entry_after_e6: int
    balance_after_e6: int
    pool_cash_after_e6: int
    long_after_e9: int
    short_after_e9: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolDeposited:
    """Somebody bought shares of the pool."""

    owner: str
    amount: int
    shares: int
    shares_after: int
    cash_after_e6: int
    equity_e6: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolWithdrawalRequested:
    """The wait of a withdrawal began, or with 0 shares was called off."""

    owner: str
    pending_shares: int
    unlock_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolWithdrawn:
    """Somebody sold shares back to the pool."""

    owner: str
    amount: int
    shares: int
    shares_after: int
    cash_after_e6: int
    equity_e6: int


Event = (
    UserAccountCreated
    | Deposited
    | Withdrawn
    | Transferred
    | UserAccountUpdated
    | DelegateChanged
    | PauseChanged
    | MarketStatusChanged
    | ChangeProposed
    | ChangeExecuted
    | ChangeCancelled
    | PoolSeeded
    | InsuranceSeeded
    | OrderPlaced
    | OrderCancelled
    | WatermarkMoved
    | OrderExecuted
    | FundingAccrued
    | FundingPaid
    | Liquidated
    | BankruptcyResolved
    | OraclePriceUpdated
    | ClaimsPaid
    | PnlSettled
    | Deleveraged
    | PoolDeposited
    | PoolWithdrawalRequested
    | PoolWithdrawn
    | VaultTightened
    | CollateralConverted
    | BracketPlaced
    | BracketArmed
    | MandateSet
    | MandateClosed
)
