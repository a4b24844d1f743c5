"""Answers of a node, parsed once."""

from dataclasses import dataclass
from typing import Any

from solders.pubkey import Pubkey

from quantdesk.services.actions import Commitment


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountData:
    """An account as of `slot`."""

    address: Pubkey
    owner: Pubkey
    lamports: int
    data: bytes
    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blockhash:
    """A blockhash and the last block height at which it may be used."""

    hash: str
    last_valid_block_height: int
    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureState:
    """Where a signature stands; `err` is the JSON error of a transaction that failed."""

    slot: int
    commitment: Commitment
    err: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRow:
    """One line of an address's history."""

    signature: str
    slot: int
    block_time: int | None
    err: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionRecord:
    """A landed transaction; `block_time` in unix seconds."""

    signature: str
    slot: int
    block_time: int | None
    err: Any
    logs: list[str]
    fee_lamports: int
    compute_units: int | None
    wire: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What a transaction would do."""

    err: Any
    logs: list[str]
    compute_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Memcmp:
    """A byte run that an account must hold at an offset."""

    offset: int
    run: bytes
