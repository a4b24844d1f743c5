"""Mirror collateral: the vaults that hold it, and what its sale for US dollars changes."""

from __future__ import annotations

from collections.abc import Iterator

from quantdesk.services.chain_changes import (
    Change,
    Fields,
    Origin,
    Table,
    counted,
    integer,
    usdc_balance,
)
from quantdesk.services.mirror_payouts import cash_flow


def vault_initialized(fields: Fields, origin: Origin) -> Iterator[Change]:
    """The exchange takes another token."""
    yield Change(
        table=Table.VAULTS,
        key={"index": fields["vault_index"]},
        given={"address": fields["vault"], "mint": fields["mint"], "slot": origin.slot},
    )


def collateral_converted(fields: Fields, origin: Origin) -> Iterator[Change]:
    """One account's token became another's, for US dollars the other way; agreed or forced."""
    seller, buyer = fields["user_account"], fields["buyer_account"]
    usdc_e6, vault = integer(fields, "usdc_e6"), fields["vault_index"]
    yield usdc_balance(seller, origin, balance_e6=fields["usdc_after_e6"])
    yield usdc_balance(buyer, origin, balance_e6=fields["buyer_usdc_after_e6"])
    yield _tokens(seller, vault, origin, balance=fields["balance_after"])
    yield _tokens(buyer, vault, origin, balance=fields["buyer_balance_after"])
    yield cash_flow(seller, origin, kind="conversion", amount_e6=usdc_e6)
    yield cash_flow(buyer, origin, kind="conversion", amount_e6=-usdc_e6)
    yield counted(fields, origin)
    yield counted({"user_account": buyer, "sequence": fields["buyer_sequence"]}, origin)


def _tokens(account: object, vault_index: object, origin: Origin, *, balance: object) -> Change:
    return Change(
        table=Table.BALANCES,
        key={"account": account, "vault_index": vault_index},
        given={"balance_native": balance, "slot": origin.slot},
    )
