"""Decoded accounts as the domain's values: same names, addresses as base58, padding removed."""

from collections.abc import Mapping
from typing import TypeVar

from solders.pubkey import Pubkey

from quantdesk.adapters.chain.program import Fields
from quantdesk.domain.account import AccountState
from quantdesk.domain.market import MarketParams, MarketState, MarketStatus, Tier
from quantdesk.domain.order import Kind, Order, Role
from quantdesk.domain.pool import PoolState
from quantdesk.domain.position import Position
from quantdesk.domain.vault import Outflow, VaultState

T = TypeVar("T")


def market_state(fields: Fields) -> MarketState:
    """A Market account."""
    tiers = tuple(Tier(**tier) for tier in fields["tiers"] if tier["notional_cap_e6"])
    params = _made(MarketParams, {**fields, "symbol": text(fields["symbol"]), "tiers": tiers})
    return _made(
        MarketState, {**fields, "params": params, "status": MarketStatus(fields["status"])}
    )


def pool_state(fields: Fields) -> PoolState:
    """The Pool account."""
    return _made(PoolState, fields)


def account_state(address: str, fields: Fields) -> AccountState:
    """A UserAccount."""
    plain = {
        "address": address,
        "owner": str(fields["owner"]),
        "name": text(fields["name"]),
        "balances": tuple(fields["balances"]),
        "open_markets": tuple(fields["open_markets"]),
    }
    return _made(AccountState, {**fields, **plain})


def vault_state(fields: Fields) -> VaultState:
    """A TokenVault; an oracle that is not set watches nothing."""
    outflow = _made(Outflow, fields["outflow"])
    watched = fields["oracle"] != Pubkey.default()
    return _made(VaultState, {**fields, "outflow": outflow, "is_watched": watched})


def position(fields: Fields) -> Position:
    """A Position account."""
    return _made(Position, {**fields, "account": str(fields["user_account"])})


def order(fields: Fields) -> Order:
    """An Order account."""
    plain = {
        "account": str(fields["user_account"]),
        "kind": Kind(fields["kind"]),
        "placed_by": str(fields["placed_by"]),
        "role": Role(fields["role"]),
        "link_ids": tuple(fields["link_ids"]),
    }
    return _made(Order, {**fields, **plain})


def text(padded: bytes) -> str:
    """A fixed array of characters without its padding; bytes that are no text are shown as such."""
    return padded.rstrip(b"\0").decode("utf-8", errors="replace")


def _made(kind: type[T], fields: Mapping[str, object]) -> T:
    """A value of `kind` from the fields it knows; the account's own extras are left out."""
    names = kind.__dataclass_fields__  # type: ignore[attr-defined]
    return kind(**{name: fields[name] for name in names if name in fields})
