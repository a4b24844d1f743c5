"""One row of every table for a given person, as the indexer or the door would write it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Person:
    """Somebody with a user, a wallet, an account, and a number that keeps rows apart."""

    user_id: UUID
    wallet: str
    account: str
    number: int


Row = dict[str, object]
AT = "2026-01-01T00:00:00Z"


def rows_of(person: Person) -> dict[str, Row]:
    """A row per table; keys are column names."""
    return {
        **_door_rows(person),
        **_exchange_rows(person),
        **_history_rows(person),
        **_payout_rows(person),
        **_market_rows(person),
    }


def _door_rows(person: Person) -> dict[str, Row]:
    mine: Row = {"account": person.account}
    return {
        "users": {"id": person.user_id, "wallet_address": person.wallet},
        "sessions": {
            "token_hash": bytes([person.number]) * 32,
            "user_id": person.user_id,
            "expires_at": "2126-01-01T00:00:00Z",
        },
        "sign_in_nonces": {
            "nonce": "n" * 22 + str(person.number),
            "wallet_address": person.wallet,
            "browser_hash": bytes(32),
            "message": "m",
            "issued_at": AT,
            "expires_at": "2026-01-01T00:05:00Z",
        },
        "faucet_grants": {
            "wallet_address": person.wallet,
            "lamports": 1,
            "usdc_e6": 1,
            "signatures": ["a", "b"],
        },
        "intents": {
            **mine,
            "user_id": person.user_id,
            "kind": "deposit",
            "message_bytes": b"m",
            "last_valid_block_height": 1,
        },
    }  # fmt: skip


def _exchange_rows(person: Person) -> dict[str, Row]:
    key = f"sig{person.number}"
    mine: Row = {"account": person.account}
    market: Row = {"market_index": person.number}
    return {
        "markets": {
            "index": person.number,
            "address": f"market{person.number}",
            "symbol": f"M{person.number}-PERP",
        },
        "accounts": {"address": person.account, "owner": person.wallet, "sub_account_id": 0},
        "user_balances": {
            **mine, "vault_index": 0, "mint": "usdc", "balance_native": 1, "slot": 1,
        },
        "positions": {**mine, **market, "size_e9": 1, "entry_e6": 1, "slot": 1},
        "orders": {
            **mine,
            **market,
            "address": f"order{person.number}",
            "owner": person.wallet,
            "client_order_id": 1,
            "kind": "market",
            "size_e9": 1,
            "limit_price_e6": 1,
            "placed_signature": key,
            "placed_at": AT,
            "slot": 1,
        },
    }  # fmt: skip


def _history_rows(person: Person) -> dict[str, Row]:
    key = f"sig{person.number}"
    event: Row = {"signature": key, "log_index": 0, "slot": 1}
    mine: Row = {"account": person.account}
    market: Row = {"market_index": person.number}
    return {
        "chain_transactions": {"signature": key, "slot": 1},
        "chain_cursor": {"name": key, "slot": 1},
        "receipts": {**event, **mine, "event": "E", "payload": "{}", "at": AT},
        "trades": {
            **event,
            **mine,
            **market,
            "order_address": "o",
            "client_order_id": 1,
            "kind": "market",
            "executed_at": AT,
            **dict.fromkeys(
                (
                    "size_e9", "cost_e6", "fee_e6", "realized_pnl_e6", "funding_e6",
                    "oracle_price_e6", "size_after_e9", "entry_after_e6", "balance_after_e6",
                ),
                1,
            ),
        },
        "transfers": {
            **event,
            **mine,
            "owner": person.wallet,
            "kind": "deposit",
            "mint": "usdc",
            "vault_index": 0,
            "amount_native": 1,
            "balance_after_native": 1,
            "at": AT,
        },
        "funding_payments": {**event, **mine, **market, "funding_e6": 1, "at": AT},
        "liquidations": {
            **event,
            **mine,
            **market,
            "at": AT,
            **dict.fromkeys(
                (
                    "size_e9", "cost_e6", "oracle_price_e6", "realized_pnl_e6", "funding_e6",
                    "penalty_e6", "impact_e6", "size_after_e9", "entry_after_e6",
                    "balance_after_e6",
                ),
                1,
            ),
        },
    }  # fmt: skip


def _payout_rows(person: Person) -> dict[str, Row]:
    event: Row = {"signature": f"sig{person.number}", "log_index": 0, "slot": 1}
    return {
        "cash_flows": {
            **event, "account": person.account, "kind": "reward", "amount_e6": 1, "at": AT,
        },
        "pool_shares": {"owner": person.wallet, "slot": 1},
        "mandates": {
            "account": person.account,
            "delegate": "d",
            "slot": 1,
            **dict.fromkeys(
                ("order_cap_e6", "notional_cap_e6", "max_leverage", "daily_loss_e6", "markets"), 1
            ),
        },
        "vaults": {"index": person.number, "address": "v", "mint": "m", "slot": 1},
        "pool_transfers": {
            **event,
            "owner": person.wallet,
            "kind": "deposit",
            "at": AT,
            **dict.fromkeys(("amount_e6", "shares", "pool_shares_after", "pool_equity_e6"), 1),
        },
    }  # fmt: skip


def _market_rows(person: Person) -> dict[str, Row]:
    key = f"sig{person.number}"
    event: Row = {"signature": key, "log_index": 0, "slot": 1}
    market: Row = {"market_index": person.number}
    return {
        "candles_1m": {
            **market, "open_at": AT, "open_e6": 1, "high_e6": 1, "low_e6": 1, "close_e6": 1,
        },
        "funding_rates": {
            **event,
            **market,
            "at": AT,
            **dict.fromkeys(
                ("rate_e6", "index_after", "oracle_price_e6", "long_e9", "short_e9"), 1
            ),
        },
        "system_events": {"source": key, "event": "e"},
    }  # fmt: skip
