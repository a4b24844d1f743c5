"""Tables of what happened on chain and in the market.

The SQL files decide; a test compares these with a migrated database, column by column.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import SQLModel

from quantdesk.adapters.postgres.columns import (
    BIG,
    CASH_KIND,
    CLOSE_CAUSE,
    DOUBLE,
    I128,
    INTEGER,
    JSON,
    ORDER_KIND,
    SMALL,
    TEXT,
    TIME,
    TRANSFER_KIND,
    U64,
    key,
    may,
    need,
)


class ChainTransactionRow(SQLModel, table=True):
    """A transaction that the indexer has seen."""

    __tablename__ = "chain_transactions"

    signature: str = key(TEXT)
    slot: int = need(BIG)
    index_in_slot: int = need(INTEGER)
    error: dict[str, Any] | None = may(JSON)
    block_time: datetime | None = may(TIME)
    created_at: datetime = need(TIME)


class ChainCursorRow(SQLModel, table=True):
    """How far a follower of the chain has come."""

    __tablename__ = "chain_cursor"

    name: str = key(TEXT)
    slot: int = need(BIG)
    signature: str | None = may(TEXT)
    updated_at: datetime = need(TIME)


class ReceiptRow(SQLModel, table=True):
    """An event of the program, word for word."""

    __tablename__ = "receipts"

    signature: str = key(TEXT)
    log_index: int = key(INTEGER)
    slot: int = need(BIG)
    event: str = need(TEXT)
    account: str | None = may(TEXT)
    sequence: int | None = may(BIG)
    payload: dict[str, Any] = need(JSON)
    at: datetime = need(TIME)
    created_at: datetime = need(TIME)


class TradeRow(SQLModel, table=True):
    """A fill."""

    __tablename__ = "trades"

    signature: str = key(TEXT)
    log_index: int = key(INTEGER)
    slot: int = need(BIG)
    account: str = need(TEXT)
    market_index: int = need(SMALL)
    order_address: str = need(TEXT)
    client_order_id: Decimal = need(U64)
    kind: str = need(ORDER_KIND)
    size_e9: int = need(BIG)
    cost_e6: int = need(BIG)
    fee_e6: int = need(BIG)
    keeper_reward_e6: int = need(BIG)
    insurance_fee_e6: int = need(BIG)
    realized_pnl_e6: int = need(BIG)
    funding_e6: int = need(BIG)
    oracle_price_e6: int = need(BIG)
    oracle_conf_e6: int = need(BIG)
    publish_time: datetime | None = may(TIME)
    size_after_e9: int = need(BIG)
    entry_after_e6: int = need(BIG)
    balance_after_e6: int = need(BIG)
    keeper: str | None = may(TEXT)
    executed_at: datetime = need(TIME)


class TransferRow(SQLModel, table=True):
    """A deposit or withdrawal."""

    __tablename__ = "transfers"

    signature: str = key(TEXT)
    log_index: int = key(INTEGER)
    slot: int = need(BIG)
    account: str = need(TEXT)
    owner: str = need(TEXT)
    kind: str = need(TRANSFER_KIND)
    mint: str = need(TEXT)
    vault_index: int = need(SMALL)
    amount_native: int = need(BIG)
    balance_after_native: int = need(BIG)
    at: datetime = need(TIME)


class FundingPaymentRow(SQLModel, table=True):
    """Funding settled outside a fill."""

    __tablename__ = "funding_payments"

    signature: str = key(TEXT)
    log_index: int = key(INTEGER)
    slot: int = need(BIG)
    account: str = need(TEXT)
    market_index: int = need(SMALL)
    funding_e6: int = need(BIG)
    balance_after_e6: int | None = may(BIG)
    index_after: Decimal | None = may(I128)
    at: datetime = need(TIME)


class LiquidationRow(SQLModel, table=True):
    """A forced close."""

    __tablename__ = "liquidations"

    signature: str = key(TEXT)
    log_index: int = key(INTEGER)
    slot: int = need(BIG)
    account: str = need(TEXT)
    market_index: int = need(SMALL)
    size_e9: int = need(BIG)
    cost_e6: int = need(BIG)
    oracle_price_e6: int = need(BIG)
    realized_pnl_e6: int = need(BIG)
    funding_e6: int = need(BIG)
    penalty_e6: int = need(BIG)
    impact_e6: int = need(BIG)
    liquidator_reward_e6: int = need(BIG)
    insurance_fee_e6: int = need(BIG)
    insurance_paid_e6: int = need(BIG)
    pool_loss_e6: int = need(BIG)
    claims_e6: int = need(BIG)
    size_after_e9: int = need(BIG)
    entry_after_e6: int = need(BIG)
    balance_after_e6: int = need(BIG)
    liquidator: str | None = may(TEXT)
    at: datetime = need(TIME)
    cause: str = need(CLOSE_CAUSE)


class CashFlowRow(SQLModel, table=True):
    """US dollars that an account received outside fills, funding and transfers."""

    __tablename__ = "cash_flows"

    signature: str = key(TEXT)
    log_index: int = key(INTEGER)
    account: str = key(TEXT)
    slot: int = need(BIG)
    kind: str = need(CASH_KIND)
    market_index: int | None = may(SMALL)
    amount_e6: int = need(BIG)
    at: datetime = need(TIME)


class PoolShareRow(SQLModel, table=True):
    """What a wallet holds of the pool."""

    __tablename__ = "pool_shares"

    owner: str = key(TEXT)
    shares: int = need(BIG)
    pending_shares: int = need(BIG)
    unlock_at: datetime | None = may(TIME)
    slot: int = need(BIG)
    updated_at: datetime = need(TIME)


class PoolTransferRow(SQLModel, table=True):
    """Shares of the pool bought or sold."""

    __tablename__ = "pool_transfers"

    signature: str = key(TEXT)
    log_index: int = key(INTEGER)
    slot: int = need(BIG)
    owner: str = need(TEXT)
    kind: str = need(TRANSFER_KIND)
    amount_e6: int = need(BIG)
    shares: int = need(BIG)
    pool_shares_after: int = need(BIG)
    pool_equity_e6: int = need(BIG)
    at: datetime = need(TIME)


class CandleRow(SQLModel, table=True):
    """One minute of prices."""

    __tablename__ = "candles_1m"

    market_index: int = key(SMALL)
    open_at: datetime = key(TIME)
    open_e6: int = need(BIG)
    high_e6: int = need(BIG)
    low_e6: int = need(BIG)
    close_e6: int = need(BIG)
    volume: float = need(DOUBLE)


class FundingRateRow(SQLModel, table=True):
    """A step of a funding index."""

    __tablename__ = "funding_rates"

    market_index: int = key(SMALL)
    at: datetime = key(TIME)
    signature: str = key(TEXT)
    log_index: int = key(INTEGER)
    slot: int = need(BIG)
    rate_e6: int = need(BIG)
    index_after: Decimal = need(I128)
    oracle_price_e6: int = need(BIG)
    long_e9: int = need(BIG)
    short_e9: int = need(BIG)
