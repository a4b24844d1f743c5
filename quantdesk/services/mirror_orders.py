"""Mirror orders: what placing, filling, cancelling and liquidating change in the database.

An order's row follows its account on chain: open until one event closes it, and final then.
"""

from __future__ import annotations

from collections.abc import Iterator

from quantdesk.services.chain_changes import (
    Change,
    Fields,
    Origin,
    Row,
    Table,
    counted,
    integer,
    moment,
    somebody,
    usdc_balance,
)
from quantdesk.services.mirror_payouts import rewarded

ORDER_KINDS = ("market", "limit", "stop_market", "stop_limit", "take_profit", "trailing_stop")
CANCEL_REASONS = (
    "user",
    "expired",
    "slippage",
    "margin",
    "open_interest",
    "pool_reserve",
    "reduce_only",
    "liquidation",
    "oco",
    "mandate",
    "orphan",
)


def order_placed(fields: Fields, origin: Origin) -> Iterator[Change]:
    """An order waits on chain from now on."""
    expires_at = integer(fields, "expires_at")
    # A client order id may be used again once its order is closed: the same address, a new life.
    yield Change(
        table=Table.ORDERS,
        key={"address": fields["order"]},
        given={
            "account": fields["user_account"],
            "owner": fields["owner"],
            "market_index": fields["market_index"],
            "client_order_id": fields["client_order_id"],
            "kind": ORDER_KINDS[integer(fields, "kind")],
            "size_e9": fields["size_e9"],
            "limit_price_e6": fields["limit_price_e6"],
            "trigger_price_e6": fields["trigger_price_e6"],
            "reduce_only": fields["reduce_only"],
            "status": "open",
            "reason": None,
            "filled_size_e9": 0,
            "role": "plain",
            "parent_id": None,
            "placed_signature": origin.signature,
            "closed_signature": None,
            "placed_at": origin.at,
            "expires_at": moment(expires_at) if expires_at else None,
            "closed_at": None,
            "slot": origin.slot,
        },
    )
    yield counted(fields, origin)


def order_cancelled(fields: Fields, origin: Origin) -> Iterator[Change]:
    """An order is closed unfilled."""
    reason = CANCEL_REASONS[integer(fields, "reason")]
    yield _closed(fields, origin, status="cancelled", reason=reason, filled_size_e9=0)
    yield counted(fields, origin)


def order_executed(fields: Fields, origin: Origin) -> Iterator[Change]:
    """An order is filled: the trade, the position and balance after it, the keeper's reward."""
    account = fields["user_account"]
    yield Change(table=Table.TRADES, key=origin.key, given=_trade(fields, origin))
    filled = integer(fields, "size_e9")
    yield _closed(fields, origin, status="filled", reason=None, filled_size_e9=filled)
    yield _position(fields, origin, fee_e6=integer(fields, "fee_e6"))
    yield usdc_balance(account, origin, balance_e6=fields["balance_after_e6"])
    yield counted(fields, origin, claims_e6=integer(fields, "claims_e6"))
    yield from rewarded(
        fields["keeper_account"], origin, reward_e6=integer(fields, "keeper_reward_e6")
    )


def _trade(fields: Fields, origin: Origin) -> Row:
    same = (
        "market_index",
        "client_order_id",
        "size_e9",
        "cost_e6",
        "fee_e6",
        "keeper_reward_e6",
        "insurance_fee_e6",
        "realized_pnl_e6",
        "funding_e6",
        "oracle_price_e6",
        "oracle_conf_e6",
        "size_after_e9",
        "entry_after_e6",
        "balance_after_e6",
    )
    return {
        "slot": origin.slot,
        "account": fields["user_account"],
        "order_address": fields["order"],
        "kind": ORDER_KINDS[integer(fields, "kind")],
        "publish_time": moment(integer(fields, "publish_time")),
        "keeper": somebody(fields["keeper"]),
        "executed_at": origin.at,
        **{name: fields[name] for name in same},
    }


def position_liquidated(fields: Fields, origin: Origin) -> Iterator[Change]:
    """A position is closed by force: the record, what is left, the liquidator's reward."""
    account = fields["user_account"]
    same = (
        "market_index",
        "size_e9",
        "cost_e6",
        "oracle_price_e6",
        "realized_pnl_e6",
        "funding_e6",
        "penalty_e6",
        "impact_e6",
        "liquidator_reward_e6",
        "insurance_fee_e6",
        "insurance_paid_e6",
        "pool_loss_e6",
        "claims_e6",
        "size_after_e9",
        "entry_after_e6",
        "balance_after_e6",
    )
    yield Change(
        table=Table.LIQUIDATIONS,
        key=origin.key,
        given={
            "slot": origin.slot,
            "account": account,
            "liquidator": somebody(fields["liquidator"]),
            "at": origin.at,
            **{name: fields[name] for name in same},
        },
    )
    yield _position(fields, origin, fee_e6=0)
    yield usdc_balance(account, origin, balance_e6=fields["balance_after_e6"])
    yield counted(fields, origin, claims_e6=integer(fields, "claims_e6"))
    reward = integer(fields, "liquidator_reward_e6")
    yield from rewarded(fields["liquidator_account"], origin, reward_e6=reward)


def _closed(
    fields: Fields, origin: Origin, *, status: str, reason: str | None, filled_size_e9: int
) -> Change:
    return Change(
        table=Table.ORDERS,
        key={"address": fields["order"]},
        given={
            "status": status,
            "reason": reason,
            "filled_size_e9": filled_size_e9,
            "closed_signature": origin.signature,
            "closed_at": origin.at,
            "slot": origin.slot,
        },
        must_exist=True,
    )


def _position(fields: Fields, origin: Origin, *, fee_e6: int) -> Change:
    return Change(
        table=Table.POSITIONS,
        key={"account": fields["user_account"], "market_index": fields["market_index"]},
        given={
            "size_e9": fields["size_after_e9"],
            "entry_e6": fields["entry_after_e6"],
            "slot": origin.slot,
        },
        added={
            "realized_pnl_e6": integer(fields, "realized_pnl_e6"),
            "funding_paid_e6": integer(fields, "funding_e6"),
            "fees_paid_e6": fee_e6,
        },
    )
