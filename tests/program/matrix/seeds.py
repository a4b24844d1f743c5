"""The seeds behind an address, and the next address that the same seeds give."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import RECEIVER_PROGRAM, UPGRADEABLE_LOADER
from quantdesk.adapters.chain.program import Call, Fields
from tests.program.matrix.slots import LOADER, ORACLE, Slot
from tests.program.matrix.stage import Stage

U16, U64 = 2, 8
FEED_AT = slice(41, 73)


def _number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "little")


BY_KIND: Mapping[str, Callable[[Fields], list[bytes]]] = {
    "Security": lambda it: [b"security"],
    "Pool": lambda it: [b"pool"],
    "InsuranceFund": lambda it: [b"insurance"],
    "ProtocolSolVault": lambda it: [b"sol_vault"],
    "TokenVault": lambda it: [b"vault", bytes(it["mint"])],
    "Market": lambda it: [b"market", _number(it["index"], U16)],
    "UserAccount": lambda it: [b"user", bytes(it["owner"]), _number(it["sub_account_id"], U16)],
    "Position": lambda it: [
        b"position",
        bytes(it["user_account"]),
        _number(it["market_index"], U16),
    ],
    "Order": lambda it: [
        b"order",
        bytes(it["user_account"]),
        _number(it["client_order_id"], U64),
    ],
    "Proposal": lambda it: [b"proposal", _number(it["id"], U64)],
    "PoolShare": lambda it: [b"pool_share", bytes(it["owner"])],
    "Mandate": lambda it: [b"mandate", bytes(it["user_account"]), bytes(it["delegate"])],
}
"""How the program derives each kind of account from what the account itself holds."""


def seeds_of(stage: Stage, slot: Slot, call: Call) -> tuple[list[bytes], Pubkey]:
    """The seeds of the account in a slot and the program that derives it."""
    if slot.role == ORACLE:
        return [b"price", slot.data[FEED_AT]], RECEIVER_PROGRAM
    if slot.role == LOADER:
        return [bytes(stage.program.id)], UPGRADEABLE_LOADER
    if "pda" in slot.row:
        return [_seed(stage, each, call) for each in slot.row["pda"]["seeds"]], stage.program.id
    if slot.name == "vault_tokens":
        return [b"vault_tokens", bytes(call.accounts["mint"])], stage.program.id
    kind, fields = stage.program.decode_account(slot.data)
    return BY_KIND[kind](fields), stage.program.id


def next_address(seeds: list[bytes], deriver: Pubkey) -> tuple[Pubkey, Pubkey]:
    """The address of the seeds, and the one under the next lower bump that gives one."""
    first, bump = Pubkey.find_program_address(seeds, deriver)
    while bump > 0:
        bump -= 1
        at = _derived_under(seeds, bump, deriver)
        if at is not None:
            return first, at
    raise AssertionError("no second address")


def _derived_under(seeds: list[bytes], bump: int, deriver: Pubkey) -> Pubkey | None:
    """The runtime's own derivation; None where the bytes lie on the curve."""
    joined = b"".join([*seeds, bytes([bump]), bytes(deriver), b"ProgramDerivedAddress"])
    at = Pubkey(hashlib.sha256(joined).digest())
    return None if at.is_on_curve() else at


def _seed(stage: Stage, seed: Mapping[str, Any], call: Call) -> bytes:
    if seed["kind"] == "const":
        return bytes(seed["value"])
    if seed["kind"] == "arg":
        return _argument(call.arguments, seed["path"].split("."))
    name, *field = seed["path"].split(".")
    at = call.accounts[name]
    if not field:
        return bytes(at)
    fields = stage.program.decode(seed["account"], stage.bytes_at(at))
    return _number(fields[field[0]], U16)


def _argument(arguments: Fields, path: list[str]) -> bytes:
    value: Any = arguments
    for step in path:
        value = value[step]
    if isinstance(value, Pubkey):
        return bytes(value)
    return _number(value, U16 if path[-1] in ("index", "sub_account_id") else U64)
