"""The slots of an instruction: what the interface says of each, and what lies there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from solders.account import Account
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import (
    RECEIVER_PROGRAM,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
    UPGRADEABLE_LOADER,
)
from tests.program.matrix.stage import Stage

SYSVARS = Pubkey.from_string("Sysvar1111111111111111111111111111111111111")
SIGNER, FRESH, RECORD, TOKENS, MINT, ORACLE, PROGRAM, SYSVAR, WALLET, LOADER, ABSENT = (
    "signer",
    "fresh",
    "record",
    "tokens",
    "mint",
    "oracle",
    "program",
    "sysvar",
    "wallet",
    "loader",
    "absent",
)
MINT_SIZE = 82


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One place in an instruction's list of accounts."""

    place: int
    name: str
    role: str
    meta: AccountMeta
    account: Account | None
    row: Mapping[str, Any]

    @property
    def at(self) -> Pubkey:
        """The good address."""
        return self.meta.pubkey

    @property
    def data(self) -> bytes:
        """What lies there."""
        return bytes(self.account.data) if self.account else b""

    @property
    def is_writable(self) -> bool:
        """Whether an account in this slot is passed for writing; an absent one would be."""
        return self.meta.is_writable or (self.role == ABSENT and bool(self.row.get("writable")))

    @property
    def is_rederived(self) -> bool:
        """Whether the program computes the address anew; else it trusts owner, kind and links."""
        return "pda" in self.row or self.role in (FRESH, ORACLE, LOADER)


def slots_of(stage: Stage, instruction: Instruction) -> list[Slot]:
    """Every slot; accounts beyond the interface's list are called rest 0, rest 1 and so on."""
    rows = list(_rows(stage, instruction))
    return [
        Slot(
            place=place,
            name=row["name"],
            role=_role(stage, meta, row),
            meta=meta,
            account=stage.svm.get_account(meta.pubkey),
            row=row,
        )
        for place, (meta, row) in enumerate(zip(instruction.accounts, rows, strict=True))
    ]


def name_of(stage: Stage, instruction: Instruction) -> str:
    """The interface's name of an instruction."""
    call = stage.program.read_instruction(bytes(instruction.data), [])
    return call.name


def _rows(stage: Stage, instruction: Instruction) -> Iterator[Mapping[str, Any]]:
    listed = stage.program._instructions[name_of(stage, instruction)].accounts
    yield from listed
    for number in range(len(instruction.accounts) - len(listed)):
        yield {"name": f"rest {number}"}


def _role(stage: Stage, meta: AccountMeta, row: Mapping[str, Any]) -> str:
    if row.get("signer"):
        return SIGNER
    if meta.pubkey == stage.program.id and row.get("optional"):
        return ABSENT
    if meta.pubkey == stage.program.id or row.get("address", "").startswith(("1111", "Token")):
        return PROGRAM
    if "address" in row:
        return SYSVAR if row["address"].startswith("Sysvar") else PROGRAM
    account = stage.svm.get_account(meta.pubkey)
    if account is None or account.lamports == 0:
        return FRESH
    if account.owner == stage.program.id:
        return RECORD
    if account.owner == TOKEN_PROGRAM:
        return MINT if len(account.data) == MINT_SIZE else TOKENS
    if account.owner == SYSTEM_PROGRAM:
        return WALLET
    owners = {RECEIVER_PROGRAM: ORACLE, UPGRADEABLE_LOADER: LOADER}
    return owners[account.owner]
