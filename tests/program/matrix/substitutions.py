"""Twelve ways to pass a wrong account, each made from the good one, or why it cannot be made."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import SYSTEM_PROGRAM, TOKEN_PROGRAM
from quantdesk.adapters.chain.program import Call
from tests.domain.onchain import address
from tests.program.matrix.seeds import next_address, seeds_of
from tests.program.matrix.slots import (
    ABSENT,
    FRESH,
    LOADER,
    MINT,
    PROGRAM,
    RECORD,
    SIGNER,
    SYSVAR,
    SYSVARS,
    TOKENS,
    WALLET,
    Slot,
    slots_of,
)
from tests.program.matrix.stage import Stage

TOKEN_2022 = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
CLOCK = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
FOREIGN = address("a foreign program")
NO_BYTES = "a key or a program is passed, no bytes are read"
NOT_DERIVED = "not an address that a program derives"
BUMP_AT = 9


@dataclass(frozen=True, slots=True)
class Inapplicable:
    """Why a substitution means nothing in a slot."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A good instruction read back, on the stage where it lands."""

    stage: Stage
    call: Call
    slots: list[Slot]


Wrong = AccountMeta | Inapplicable
Substitution = Callable[["Scheme", Slot], Wrong]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One slot under one substitution: a forged instruction, or why there is none."""

    slot: str
    substitution: str
    forged: Instruction | Inapplicable


def cells(stage: Stage, instruction: Instruction) -> Iterator[Cell]:
    """Every slot of a good instruction under every substitution."""
    keys = [meta.pubkey for meta in instruction.accounts]
    call = stage.program.read_instruction(bytes(instruction.data), keys)
    scheme = Scheme(stage=stage, call=call, slots=slots_of(stage, instruction))
    for slot in scheme.slots:
        for name, substitution in SUBSTITUTIONS.items():
            wrong = substitution(scheme, slot)
            forged = wrong if isinstance(wrong, Inapplicable) else put(instruction, slot, wrong)
            yield Cell(slot=slot.name, substitution=name, forged=forged)


def put(instruction: Instruction, slot: Slot, wrong: AccountMeta) -> Instruction:
    """The instruction with another account in one slot."""
    metas = list(instruction.accounts)
    metas[slot.place] = wrong
    return Instruction(instruction.program_id, bytes(instruction.data), metas)


def of_another_user(scheme: Scheme, slot: Slot) -> Wrong:
    """The same thing of Mallory; a signer signs."""
    found = scheme.stage.forger.rivals.get(slot.at)
    if found is None and slot.role == SIGNER:
        found = address("somebody else")
    return _instead(slot, found) if found else Inapplicable("belongs to no user")


def of_another_owner(scheme: Scheme, slot: Slot) -> Wrong:
    """The same bytes in an account of a foreign program."""
    if slot.role in (SIGNER, WALLET):
        return Inapplicable(NO_BYTES)
    data = _bytes(slot) if slot.role != PROGRAM else bytes(36)
    return _forged(scheme, slot, "a copy under a foreign owner", data or bytes(200), FOREIGN)


def of_another_type(scheme: Scheme, slot: Slot) -> Wrong:
    """As many bytes of another kind of account, under the right owner."""
    if slot.role in (SIGNER, WALLET, PROGRAM, SYSVAR):
        return Inapplicable(NO_BYTES)
    if slot.role in (TOKENS, MINT):
        return _forged(scheme, slot, "never initialized", bytes(len(slot.data)), TOKEN_PROGRAM)
    if slot.role == LOADER:
        other = b"\2\0\0\0" + slot.data[4:]
        return _forged(scheme, slot, "a program, not its data", other, _owner(scheme, slot))
    kinds = sorted(scheme.stage.program._discriminators.values())
    other_kind = next(kind for kind in kinds if kind != _bytes(slot)[:8])
    data = other_kind + (_bytes(slot)[8:] or bytes(200))
    return _forged(scheme, slot, "of another kind", data, _owner(scheme, slot))


def uninitialised(scheme: Scheme, slot: Slot) -> Wrong:
    """An address that nobody ever used."""
    return _instead(slot, address(f"nobody at {slot.name}"))


def closed(scheme: Scheme, slot: Slot) -> Wrong:
    """What is left of an account whose bytes were wiped: its owner and its lamports."""
    if slot.role in (SIGNER, WALLET, PROGRAM, SYSVAR):
        return Inapplicable(NO_BYTES)
    wiped = bytes(len(_bytes(slot)) or 200)
    return _forged(scheme, slot, "wiped", wiped, _owner(scheme, slot))


def under_another_bump(scheme: Scheme, slot: Slot) -> Wrong:
    """The same bytes at the next address of the same seeds.

    Where the program does not derive the address anew, a copy of its own account would pass; but
    only the program writes such accounts, and only at the first bump. What an attacker can bring
    to that address is lamports.
    """
    if slot.role in (SIGNER, WALLET, PROGRAM, SYSVAR, ABSENT):
        return Inapplicable(NOT_DERIVED)
    if slot.role == FRESH and "pda" not in slot.row:
        return Inapplicable("empty, at the address that another account links to")
    if slot.name == "user_tokens":
        return Inapplicable("any token account of the signer will do; its address is not derived")
    if slot.role == MINT:
        return Inapplicable(NOT_DERIVED)
    at = _next_address(scheme, slot)
    if not slot.is_rederived and slot.role == RECORD:
        return _instead(slot, scheme.stage.put(at, b"", SYSTEM_PROGRAM))
    owner = _owner(scheme, slot)
    return _instead(slot, scheme.stage.put(at, _bytes(slot) or bytes(200), owner))


def duplicate(scheme: Scheme, slot: Slot) -> Wrong:
    """The account of another slot: one of the same role when there is one."""
    others = [each for each in scheme.slots if each.place != slot.place and each.at != slot.at]
    if slot.role == SIGNER:
        return Inapplicable("the other slots are addresses that cannot sign")
    alike = [each for each in others if each.role == slot.role]
    return _instead(slot, (alike or others)[0].at) if others else Inapplicable("no other slot")


def not_a_signer(scheme: Scheme, slot: Slot) -> Wrong:
    """The right key, which did not sign."""
    if not slot.meta.is_signer:
        return Inapplicable("needs no signature")
    return AccountMeta(slot.at, is_signer=False, is_writable=slot.meta.is_writable)


def not_writable(scheme: Scheme, slot: Slot) -> Wrong:
    """The right account, which the transaction may only read."""
    if not slot.meta.is_writable:
        return Inapplicable("is only read")
    return AccountMeta(slot.at, is_signer=slot.meta.is_signer, is_writable=False)


def a_sysvar(scheme: Scheme, slot: Slot) -> Wrong:
    """In a sysvar's slot a forgery with the sysvar's owner; anywhere else a true sysvar."""
    if slot.role == SIGNER:
        return Inapplicable("a sysvar cannot sign")
    if slot.role == SYSVAR:
        return _forged(scheme, slot, "a fake sysvar", bytes(36), SYSVARS)
    return AccountMeta(CLOCK, is_signer=False, is_writable=slot.is_writable)


def of_another_market(scheme: Scheme, slot: Slot) -> Wrong:
    """The same thing of another market, or of another collateral."""
    found = scheme.stage.forger.elsewhere.get(slot.at)
    return _instead(slot, found) if found else Inapplicable("belongs to no market or collateral")


def token_2022_twin(scheme: Scheme, slot: Slot) -> Wrong:
    """The same bytes under Token-2022, or Token-2022 itself."""
    if slot.at == TOKEN_PROGRAM:
        return _instead(slot, TOKEN_2022)
    if slot.role not in (TOKENS, MINT):
        return Inapplicable("holds no tokens")
    return _forged(scheme, slot, "a Token-2022 twin", slot.data, TOKEN_2022)


SUBSTITUTIONS: dict[str, Substitution] = {
    "other user's": of_another_user,
    "wrong owner, same bytes": of_another_owner,
    "wrong type, same size": of_another_type,
    "uninitialised": uninitialised,
    "closed": closed,
    "wrong bump": under_another_bump,
    "duplicate of another slot": duplicate,
    "not a signer": not_a_signer,
    "not writable": not_writable,
    "fake sysvar": a_sysvar,
    "other market's": of_another_market,
    "Token-2022 twin": token_2022_twin,
}


def _instead(slot: Slot, at: Pubkey) -> AccountMeta:
    return AccountMeta(at, is_signer=slot.meta.is_signer, is_writable=slot.is_writable)


def _forged(scheme: Scheme, slot: Slot, kind: str, data: bytes, owner: Pubkey) -> AccountMeta:
    label = f"{kind} {slot.place}"[:32]
    return _instead(slot, scheme.stage.put(address(label), data, owner))


def _bytes(slot: Slot) -> bytes:
    return b"" if slot.role == ABSENT else slot.data


def _owner(scheme: Scheme, slot: Slot) -> Pubkey:
    if slot.account is None or slot.role in (FRESH, ABSENT):
        return scheme.stage.program.id
    return slot.account.owner


def _next_address(scheme: Scheme, slot: Slot) -> Pubkey:
    seeds, deriver = seeds_of(scheme.stage, slot, scheme.call)
    first, second = next_address(seeds, deriver)
    assert first == slot.at, f"{slot.name} is not where its seeds put it"
    return second
