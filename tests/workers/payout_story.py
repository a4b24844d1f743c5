"""What the pool pays beside fills, as the program tells it: profit, claims, a close, shares."""

from __future__ import annotations

from tests.workers.exchange_story import (
    ALICE,
    KEEPER_OWNER,
    OWNER,
    START,
    STORY,
    accrued,
    executed,
    transaction,
)

FILLED = executed(claims_e6=50, balance_after_e6=992_495_938)
PNL_SETTLED = (
    "PnlSettled",
    {
        "user_account": ALICE,
        "market_index": 0,
        "amount_e6": 40_000_000,
        "funding_e6": -2_000,
        "oracle_price_e6": 151_000_000,
        "publish_time": START,
        "entry_after_e6": 15_048_022_500,
        "balance_after_e6": 1_032_497_918,
        "pool_cash_after_e6": 1,
        "claims_e6": 20,
    },
)
CLAIMS_PAID = (
    "ClaimsPaid",
    {
        "user_account": ALICE,
        "paid_e6": 45,
        "distributed_e6": 60,
        "claims_after_e6": 15,
        "due_after_e6": 10,
        "balance_after_e6": 1_032_497_963,
        "pool_cash_after_e6": 0,
        "pool_claims_after_e6": 10,
        "pot_after_e6": 15,
        "index_after_e12": 857_142_857_142,
    },
)
DELEVERAGED = (
    "Deleveraged",
    {
        "user_account": ALICE,
        "market_index": 0,
        "size_e9": -60_000_000_000,
        "cost_e6": -9_120_000_000,
        "oracle_price_e6": 152_000_000,
        "publish_time": START,
        "realized_pnl_e6": 91_186_500,
        "funding_e6": 1_000,
        "claims_e6": 91_186_500,
        "candidates": 2,
        "pool_equity_before_e6": 5,
        "size_after_e9": 40_000_000_000,
        "entry_after_e6": 6_019_209_000,
        "balance_after_e6": 1_032_496_963,
        "pool_cash_after_e6": 0,
        "long_after_e9": 40_000_000_000,
        "short_after_e9": 0,
        "keeper": KEEPER_OWNER,
    },
)
POOL_DEPOSITED = (
    "PoolDeposited",
    {
        "owner": OWNER,
        "amount": 1_000,
        "shares": 900,
        "shares_after": 100_900,
        "cash_after_e6": 1_000,
        "equity_e6": 111_000,
    },
)
POOL_REQUESTED = (
    "PoolWithdrawalRequested",
    {"owner": OWNER, "pending_shares": 400, "unlock_at": START + 86_400},
)
POOL_WITHDRAWN = (
    "PoolWithdrawn",
    {
        "owner": OWNER,
        "amount": 500,
        "shares": 400,
        "shares_after": 100_500,
        "cash_after_e6": 500,
        "equity_e6": 112_000,
    },
)
PAYOUTS = [
    *STORY[:3],
    transaction(4, accrued(10**30), FILLED),
    transaction(5, accrued(2 * 10**30), PNL_SETTLED),
    transaction(6, CLAIMS_PAID),
    transaction(7, accrued(3 * 10**30), DELEVERAGED),
    transaction(8, POOL_DEPOSITED),
    transaction(9, POOL_REQUESTED),
    transaction(10, POOL_WITHDRAWN),
]
"""Ends with the balance 10^9 − fee 7,504,012 − claims made + profit … = 1,032,496,963."""
