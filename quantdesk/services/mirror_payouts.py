"""Mirror payouts: what claims, settled profit, deleveraging and pool shares change in the database.

What an account is owed is kept as one sum: paying it, or marking part of it as due, never needs to
know how the program divides it.
"""

from __future__ import annotations

from collections.abc import Iterator

from quantdesk.services.chain_changes import (
    NOBODY,
    USDC_VAULT,
    Change,
    Fields,
    Origin,
    Table,
    counted,
    integer,
    moment,
    somebody,
    usdc_balance,
)


def cash_flow(
    account: object, origin: Origin, *, kind: str, amount_e6: int, market_index: object = None
) -> Change:
    """US dollars that an account received outside fills, funding and transfers."""
    return Change(
        table=Table.CASH_FLOWS,
        key={**origin.key, "account": account},
        given={
            "slot": origin.slot,
            "kind": kind,
            "market_index": market_index,
            "amount_e6": amount_e6,
            "at": origin.at,
        },
    )


def rewarded(receiver: object, origin: Origin, *, reward_e6: int) -> Iterator[Change]:
    """A keeper's or liquidator's share of a fee; nothing when nobody was named for it."""
    if reward_e6 == 0 or receiver == NOBODY:
        return
    yield Change(
        table=Table.BALANCES,
        key={"account": receiver, "vault_index": USDC_VAULT},
        given={"slot": origin.slot},
        added={"balance_native": reward_e6},
    )
    yield cash_flow(receiver, origin, kind="reward", amount_e6=reward_e6)


def claims_paid(fields: Fields, origin: Origin) -> Iterator[Change]:
    """Part of what the pool owed an account became its cash."""
    account, paid_e6 = fields["user_account"], integer(fields, "paid_e6")
    if paid_e6:
        yield cash_flow(account, origin, kind="claims", amount_e6=paid_e6)
    yield usdc_balance(account, origin, balance_e6=fields["balance_after_e6"])
    yield counted(fields, origin, claims_e6=-paid_e6)


def pnl_settled(fields: Fields, origin: Origin) -> Iterator[Change]:
    """An open position's profit became cash, its funding was settled on the way."""
    account, market = fields["user_account"], fields["market_index"]
    amount_e6, funding_e6 = integer(fields, "amount_e6"), integer(fields, "funding_e6")
    yield cash_flow(account, origin, kind="settled_pnl", amount_e6=amount_e6, market_index=market)
    if funding_e6:
        yield Change(
            table=Table.FUNDING_PAYMENTS,
            key=origin.key,
            given={
                "slot": origin.slot,
                "account": account,
                "market_index": market,
                "funding_e6": funding_e6,
                "at": origin.at,
            },
        )
    yield Change(
        table=Table.POSITIONS,
        key={"account": account, "market_index": market},
        given={"entry_e6": fields["entry_after_e6"], "slot": origin.slot},
        added={"realized_pnl_e6": amount_e6, "funding_paid_e6": funding_e6},
        must_exist=True,
    )
    yield usdc_balance(account, origin, balance_e6=fields["balance_after_e6"])
    yield counted(fields, origin, claims_e6=integer(fields, "claims_e6"))


def deleveraged(fields: Fields, origin: Origin) -> Iterator[Change]:
    """A profitable position was closed for the pool's sake, without fee or penalty."""
    account, market = fields["user_account"], fields["market_index"]
    same = (
        "market_index",
        "size_e9",
        "cost_e6",
        "oracle_price_e6",
        "realized_pnl_e6",
        "funding_e6",
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
            "cause": "deleveraging",
            "penalty_e6": 0,
            "impact_e6": 0,
            "liquidator": somebody(fields["keeper"]),
            "at": origin.at,
            **{name: fields[name] for name in same},
        },
    )
    yield Change(
        table=Table.POSITIONS,
        key={"account": account, "market_index": market},
        given={
            "size_e9": fields["size_after_e9"],
            "entry_e6": fields["entry_after_e6"],
            "slot": origin.slot,
        },
        added={
            "realized_pnl_e6": integer(fields, "realized_pnl_e6"),
            "funding_paid_e6": integer(fields, "funding_e6"),
        },
        must_exist=True,
    )
    yield usdc_balance(account, origin, balance_e6=fields["balance_after_e6"])
    yield counted(fields, origin, claims_e6=integer(fields, "claims_e6"))


def pool_deposited(fields: Fields, origin: Origin) -> Iterator[Change]:
    """A wallet bought shares of the pool, which ends its notice to leave."""
    yield _pool_transfer(fields, origin, kind="deposit")
    yield Change(
        table=Table.POOL_SHARES,
        key={"owner": fields["owner"]},
        given={"pending_shares": 0, "unlock_at": None, "slot": origin.slot},
        added={"shares": integer(fields, "shares")},
    )


def pool_withdrawal_requested(fields: Fields, origin: Origin) -> Iterator[Change]:
    """The wait before a withdrawal began anew; with no shares pending it was called off."""
    pending = integer(fields, "pending_shares")
    yield Change(
        table=Table.POOL_SHARES,
        key={"owner": fields["owner"]},
        given={
            "pending_shares": pending,
            "unlock_at": moment(integer(fields, "unlock_at")) if pending else None,
            "slot": origin.slot,
        },
    )


def pool_withdrawn(fields: Fields, origin: Origin) -> Iterator[Change]:
    """A wallet sold the shares that were pending."""
    yield _pool_transfer(fields, origin, kind="withdrawal")
    yield Change(
        table=Table.POOL_SHARES,
        key={"owner": fields["owner"]},
        given={"pending_shares": 0, "unlock_at": None, "slot": origin.slot},
        added={"shares": -integer(fields, "shares")},
    )


def _pool_transfer(fields: Fields, origin: Origin, *, kind: str) -> Change:
    return Change(
        table=Table.POOL_TRANSFERS,
        key=origin.key,
        given={
            "slot": origin.slot,
            "owner": fields["owner"],
            "kind": kind,
            "amount_e6": fields["amount"],
            "shares": fields["shares"],
            "pool_shares_after": fields["shares_after"],
            "pool_equity_e6": fields["equity_e6"],
            "at": origin.at,
        },
    )
