"""Who may do what to which table: the reviewed answer to every question that the test asks.

`reads` says what each persona sees of alice's and bob's rows: nothing (denied), own, or all.
Nobody but the service may update, delete or truncate anything; a person may insert only where
`inserts` says so, and only as themselves. A table without a line here fails the test.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """The expectation for one table."""

    guest: str = "denied"
    user: str = "denied"
    inserts: bool = False


PRIVATE = Rule()
OWN = Rule(user="own")
PUBLIC = Rule(guest="all", user="all")

EXPECTED: dict[str, Rule] = {
    "users": OWN,
    "sessions": PRIVATE,
    "sign_in_nonces": PRIVATE,
    "markets": PUBLIC,
    "accounts": OWN,
    "user_balances": OWN,
    "positions": OWN,
    "orders": OWN,
    "faucet_grants": OWN,
    "intents": Rule(user="own", inserts=True),
    "chain_transactions": PRIVATE,
    "chain_cursor": PRIVATE,
    "receipts": OWN,
    "trades": OWN,
    "transfers": OWN,
    "funding_payments": OWN,
    "liquidations": Rule(guest="all", user="own"),
    "cash_flows": OWN,
    "pool_shares": OWN,
    "pool_transfers": OWN,
    "mandates": OWN,
    "vaults": PUBLIC,
    "candles_1m": PUBLIC,
    "funding_rates": PUBLIC,
    "system_events": PRIVATE,
}

GUEST_COLUMNS = {
    "liquidations": {
        "slot", "market_index", "size_e9", "cost_e6", "oracle_price_e6", "penalty_e6", "at",
        "cause",
    },
}  # fmt: skip
"""Tables of which guests see only these columns."""

FUNCTIONS = {"my_accounts": {"authenticated"}, "my_wallet": {"authenticated"}}
"""Functions outside the server's own, and the roles of people that may call them."""
