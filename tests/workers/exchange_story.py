"""One trader's story as the program tells it: funds in, a long, funding, a cut, a liquidation.

Its numbers add up: what was recorded explains each balance to the unit.
"""

from __future__ import annotations

from collections.abc import Mapping

from quantdesk.services.chain_changes import ChainEvent, ChainTransaction

ALICE = "A" * 43
OWNER = "B" * 43
KEEPER = "C" * 43
KEEPER_OWNER = "D" * 43
MARKET = "E" * 43
ORDER = "F" * 43
LIMIT_ORDER = "G" * 43
USDC = "H" * 43
START = 1_700_000_000


def transaction(
    number: int, *events: tuple[str, Mapping[str, object]], error: object | None = None
) -> ChainTransaction:
    """Transaction `number`, one slot and second each; events get the common fields."""
    return ChainTransaction(
        signature=f"signature{number}",
        slot=100 + number,
        block_time=START + number,
        error=error,
        events=tuple(
            ChainEvent(
                name=name,
                log_index=3 + 2 * place,
                fields={"sequence": number, "at": START + number, **fields},
            )
            for place, (name, fields) in enumerate(events)
        ),
    )


def created(account: str, owner: str) -> tuple[str, dict[str, object]]:
    fields: dict[str, object] = {"user_account": account, "owner": owner, "sub_account_id": 0}
    return "UserAccountCreated", fields


def moved(name: str, amount: int, after: int) -> tuple[str, dict[str, object]]:
    return name, {
        "user_account": ALICE,
        "owner": OWNER,
        "mint": USDC,
        "vault_index": 0,
        "amount": amount,
        "balance_after": after,
    }


def placed(order: str, client_order_id: int, **changed: object) -> tuple[str, dict[str, object]]:
    return "OrderPlaced", {
        "order": order,
        "user_account": ALICE,
        "owner": OWNER,
        "market_index": 0,
        "client_order_id": client_order_id,
        "kind": 0,
        "size_e9": 100_000_000_000,
        "limit_price_e6": 151_000_000,
        "trigger_price_e6": 0,
        "reduce_only": False,
        "expires_at": START + 60,
        "placed_slot": 100,
        **changed,
    }


def accrued(index_after: int) -> tuple[str, dict[str, object]]:
    return "FundingAccrued", {
        "market_index": 0,
        "rate_e6": 1,
        "index_after": index_after,
        "oracle_price_e6": 150_000_000,
        "long_e9": 0,
        "short_e9": 0,
    }


def executed(**changed: object) -> tuple[str, dict[str, object]]:
    return "OrderExecuted", {
        "order": ORDER,
        "user_account": ALICE,
        "market_index": 0,
        "client_order_id": 7,
        "kind": 0,
        "size_e9": 100_000_000_000,
        "cost_e6": 15_008_022_500,
        "fee_e6": 7_504_012,
        "keeper_reward_e6": 10_000,
        "insurance_fee_e6": 750_401,
        "oracle_price_e6": 150_000_000,
        "oracle_conf_e6": 50_000,
        "publish_time": START,
        "realized_pnl_e6": 0,
        "funding_e6": 0,
        "size_after_e9": 100_000_000_000,
        "entry_after_e6": 15_008_022_500,
        "balance_after_e6": 992_495_988,
        "pool_cash_after_e6": 1,
        "insurance_after_e6": 1,
        "long_after_e9": 100_000_000_000,
        "short_after_e9": 0,
        "claims_e6": 0,
        "keeper": KEEPER_OWNER,
        "keeper_account": KEEPER,
        **changed,
    }


def liquidated(**changed: object) -> tuple[str, dict[str, object]]:
    return "Liquidated", {
        "user_account": ALICE,
        "market_index": 0,
        "size_e9": -100_000_000_000,
        "cost_e6": -13_200_000_000,
        "oracle_price_e6": 132_000_000,
        "publish_time": START,
        "realized_pnl_e6": -1_808_022_500,
        "funding_e6": 15_000,
        "penalty_e6": 40_000,
        "impact_e6": 700,
        "liquidator_reward_e6": 20_000,
        "insurance_fee_e6": 20_000,
        "insurance_paid_e6": 800_000_000,
        "pool_loss_e6": 16_078_203,
        "claims_e6": 3,
        "size_after_e9": 0,
        "entry_after_e6": 0,
        "balance_after_e6": 0,
        "pool_cash_after_e6": 1,
        "insurance_after_e6": 1,
        "long_after_e9": 0,
        "short_after_e9": 0,
        "liquidator": KEEPER_OWNER,
        "liquidator_account": KEEPER,
        **changed,
    }


FUNDING_PAID = (
    "FundingPaid",
    {
        "user_account": ALICE,
        "market_index": 0,
        "funding_e6": 15_000,
        "balance_after_e6": 992_480_988,
        "index_after": 2 * 10**30,
        "pool_cash_after_e6": 1,
        "claims_e6": 0,
    },
)
MARKET_LISTED = (
    "MarketInitialized",
    {"market": MARKET, "market_index": 0, "symbol": b"SOL-PERP".ljust(16, b"\0"), "oracle": USDC},
)
LIMIT_CANCELLED = (
    "OrderCancelled",
    {
        "order": LIMIT_ORDER,
        "user_account": ALICE,
        "market_index": 0,
        "client_order_id": 8,
        "reason": 0,
        "by": OWNER,
    },
)
STORY = [
    transaction(1, MARKET_LISTED, created(KEEPER, KEEPER_OWNER)),
    transaction(2, created(ALICE, OWNER), moved("Deposited", 10**9, 10**9)),
    transaction(3, placed(ORDER, 7)),
    transaction(4, accrued(10**30), executed()),
    transaction(5, placed(LIMIT_ORDER, 8, kind=1, expires_at=0)),
    transaction(6, accrued(2 * 10**30), FUNDING_PAID),
    transaction(7, LIMIT_CANCELLED),
    transaction(8, moved("Withdrawn", 5, 1), error={"InstructionError": [0, {"Custom": 6000}]}),
    transaction(9, moved("Withdrawn", 480_988, 992_000_000)),
    transaction(10, accrued(3 * 10**30), liquidated()),
]
