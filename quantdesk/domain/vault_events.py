"""Vault events: a vault was tightened, collateral changed hands; the program's field names."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultTightened:
    """A vault counts for less or lets less through at once."""

    vault_index: int
    weight_init_e6: int
    deposit_cap: int
    outflow_floor: int
    outflow_share_e6: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CollateralConverted:
    """An account's tokens became another's for USDC; forced when its owner did not agree."""

    user_account: str
    buyer_account: str
    vault_index: int
    amount: int
    usdc_e6: int
    oracle_price_e6: int
    oracle_conf_e6: int
    publish_time: int
    forced: bool
    balance_after: int
    usdc_after_e6: int
    buyer_balance_after: int
    buyer_usdc_after_e6: int
    buyer: str
