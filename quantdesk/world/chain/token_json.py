"""SPL token mints and accounts in words.

Layouts: spl-token `state.rs`; Token-2022 accounts share the first 82 and 165 bytes.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from solders.account import Account
from solders.pubkey import Pubkey

from quantdesk.world.chain.json_types import Json, Object

TOKEN_PROGRAM = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022_PROGRAM = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
NATIVE_MINT = Pubkey.from_string("So11111111111111111111111111111111111111112")
PROGRAM_NAMES = {TOKEN_PROGRAM: "spl-token", TOKEN_2022_PROGRAM: "spl-token-2022"}
TOKEN_PROGRAMS = frozenset(PROGRAM_NAMES)

_MINT_SIZE = 82
_NATIVE_DECIMALS = 9
_NATIVE_LAMPORTS = 10**9
_ACCOUNT_SIZE = 165
_MULTISIG_SIZE = 355
_KIND_OFFSET = 165
_STATE_OFFSET = 108
_STATES = ("uninitialized", "initialized", "frozen")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAccount:
    """The fields of a token account that balances are made of."""

    mint: Pubkey
    owner: Pubkey
    units: int
    delegate: Pubkey | None
    delegated_units: int
    state: str
    native_reserve: int | None
    close_authority: Pubkey | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mint:
    """The fields of a mint."""

    authority: Pubkey | None
    supply: int
    decimals: int
    is_initialized: bool
    freeze_authority: Pubkey | None


def native_mint() -> Account:
    """The mint of wrapped SOL, as every cluster's genesis has it."""
    data = bytes(44) + bytes([_NATIVE_DECIMALS, 1]) + bytes(36)
    return Account(_NATIVE_LAMPORTS, data, TOKEN_PROGRAM, False, 1)


def is_token_account(data: bytes) -> bool:
    """Whether these bytes are an initialised token account, whoever owns them."""
    is_extended = len(data) > _KIND_OFFSET and data[_KIND_OFFSET] == 2
    has_size = len(data) == _ACCOUNT_SIZE or (is_extended and len(data) != _MULTISIG_SIZE)
    return has_size and data[_STATE_OFFSET] != 0


def token_account(account: Account | None) -> TokenAccount | None:
    """The token account in these bytes, None when they are something else."""
    if account is None or account.owner not in PROGRAM_NAMES:
        return None
    data = account.data
    if not is_token_account(data):
        return None
    has_native, reserve = struct.unpack_from("<IQ", data, 109)
    return TokenAccount(
        mint=Pubkey.from_bytes(data[:32]),
        owner=Pubkey.from_bytes(data[32:64]),
        units=_u64(data, 64),
        delegate=_optional_key(data, 72),
        delegated_units=_u64(data, 121),
        state=_STATES[data[_STATE_OFFSET]],
        native_reserve=reserve if has_native else None,
        close_authority=_optional_key(data, 129),
    )


def mint(account: Account | None) -> Mint | None:
    """The mint in these bytes, None when they are something else."""
    if account is None or account.owner not in PROGRAM_NAMES:
        return None
    data = account.data
    if len(data) != _MINT_SIZE and not (len(data) > _KIND_OFFSET and data[_KIND_OFFSET] == 1):
        return None
    return Mint(
        authority=_optional_key(data, 0),
        supply=_u64(data, 36),
        decimals=data[44],
        is_initialized=data[45] == 1,
        freeze_authority=_optional_key(data, 46),
    )


def ui_amount(units: int, decimals: int) -> Object:
    """A token amount with its decimal point, as every token answer carries it."""
    text = str(units).rjust(decimals + 1, "0")
    whole, rest = (text[:-decimals], text[-decimals:].rstrip("0")) if decimals else (text, "")
    words = f"{whole}.{rest}" if rest else whole
    return {
        "amount": str(units),
        "decimals": decimals,
        "uiAmount": float(words),
        "uiAmountString": words,
    }


def parsed_token(account: Account, lookup: Callable[[Pubkey], Account | None]) -> Json:
    """The `jsonParsed` data object, None when this is no token or its mint is unknown."""
    held, kind, info = token_account(account), "account", None
    if held is not None:
        its_mint = mint(lookup(held.mint))
        info = None if its_mint is None else _account_info(held, its_mint.decimals)
    else:
        found, kind = mint(account), "mint"
        info = None if found is None else _mint_info(found)
    if info is None:
        return None
    return {
        "program": PROGRAM_NAMES[account.owner],
        "parsed": {"info": info, "type": kind},
        "space": len(account.data),
    }


def _account_info(held: TokenAccount, decimals: int) -> Object:
    info: Object = {
        "isNative": held.native_reserve is not None,
        "mint": str(held.mint),
        "owner": str(held.owner),
        "state": held.state,
        "tokenAmount": ui_amount(held.units, decimals),
    }
    if held.delegate is not None:
        info["delegate"] = str(held.delegate)
        info["delegatedAmount"] = ui_amount(held.delegated_units, decimals)
    if held.native_reserve is not None:
        info["rentExemptReserve"] = ui_amount(held.native_reserve, decimals)
    if held.close_authority is not None:
        info["closeAuthority"] = str(held.close_authority)
    return info


def _mint_info(found: Mint) -> Object:
    return {
        "decimals": found.decimals,
        "freezeAuthority": str(found.freeze_authority) if found.freeze_authority else None,
        "isInitialized": found.is_initialized,
        "mintAuthority": str(found.authority) if found.authority else None,
        "supply": str(found.supply),
    }


def _u64(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 8], "little")


def _optional_key(data: bytes, offset: int) -> Pubkey | None:
    present = int.from_bytes(data[offset : offset + 4], "little")
    return Pubkey.from_bytes(data[offset + 4 : offset + 36]) if present else None
