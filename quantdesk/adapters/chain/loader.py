"""The upgradeable loader: how a program's binary gets on chain, and how to read it back.

Source: the bincode layout of `UpgradeableLoaderInstruction` and `UpgradeableLoaderState`.
"""

import struct
from dataclasses import dataclass

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account

from quantdesk.adapters.chain.addresses import SYSTEM_PROGRAM, UPGRADEABLE_LOADER, derived

BUFFER_HEADER = 37
PROGRAM_SPACE = 36
PROGRAM_DATA_HEADER = 45
CHUNK_BYTES = 850
"""Fits, in a transaction of 1232 bytes, beside two signatures, a compute limit and a price."""

_RENT = Pubkey.from_string("SysvarRent111111111111111111111111111111111")
_CLOCK = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
_INITIALIZE_BUFFER, _WRITE, _DEPLOY, _UPGRADE = range(4)
_IS_BUFFER, _IS_PROGRAM_DATA = 1, 3
_LOAD_64 = 0x18
"""Opcode of the only instruction with a 64-bit immediate, split over two slots of 8 bytes."""


class NotDeployable(Exception):
    """The accounts on chain do not allow this deployment; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What a ProgramData account says; `authority` None: nobody may ever change it."""

    slot: int
    authority: Pubkey | None
    binary: bytes
    """The ELF followed by zeros up to the room that was paid for."""

    def holds(self, binary: bytes) -> bool:
        """Whether exactly this binary is deployed."""
        return self.binary[: len(binary)] == binary and not any(self.binary[len(binary) :])


def program_data(program: Pubkey) -> Pubkey:
    """Where the loader keeps a program's binary."""
    return derived(UPGRADEABLE_LOADER, bytes(program))


def read_program_data(data: bytes) -> Deployed:
    """Parse a ProgramData account."""
    kind, slot, has_authority = struct.unpack_from("<IQB", data)
    if kind != _IS_PROGRAM_DATA:
        raise NotDeployable(f"expected a ProgramData account, found loader state {kind}")
    authority = Pubkey.from_bytes(data[13:45]) if has_authority else None
    return Deployed(slot=slot, authority=authority, binary=data[PROGRAM_DATA_HEADER:])


def read_buffer(data: bytes) -> tuple[Pubkey | None, bytes]:
    """Authority and content of a buffer account."""
    kind, has_authority = struct.unpack_from("<IB", data)
    if kind != _IS_BUFFER:
        raise NotDeployable(f"expected a buffer account, found loader state {kind}")
    return Pubkey.from_bytes(data[5:37]) if has_authority else None, data[BUFFER_HEADER:]


def create_buffer(
    payer: Pubkey, buffer: Pubkey, authority: Pubkey, *, size: int, rent_lamports: int
) -> list[Instruction]:
    """Make an empty buffer for `size` bytes of binary; the buffer's own key signs too."""
    create = create_account(
        CreateAccountParams(
            from_pubkey=payer,
            to_pubkey=buffer,
            lamports=rent_lamports,
            space=BUFFER_HEADER + size,
            owner=UPGRADEABLE_LOADER,
        )
    )
    return [create, _loader(_INITIALIZE_BUFFER, b"", [_writable(buffer), _readable(authority)])]


def write(buffer: Pubkey, authority: Pubkey, offset: int, run: bytes) -> Instruction:
    """Put a run of bytes into a buffer."""
    tail = struct.pack("<IQ", offset, len(run)) + run
    return _loader(_WRITE, tail, [_writable(buffer), _signer(authority)])


def create_program(payer: Pubkey, program: Pubkey, *, rent_lamports: int) -> Instruction:
    """Make the Program account that the next instruction deploys to; its own key signs too."""
    return create_account(
        CreateAccountParams(
            from_pubkey=payer,
            to_pubkey=program,
            lamports=rent_lamports,
            space=PROGRAM_SPACE,
            owner=UPGRADEABLE_LOADER,
        )
    )


def deploy(
    payer: Pubkey, program: Pubkey, *, buffer: Pubkey, authority: Pubkey, room: int
) -> Instruction:
    """Make a program of a full buffer; `room` is the largest binary it can be upgraded to."""
    accounts = [
        AccountMeta(payer, is_signer=True, is_writable=True),
        *map(_writable, (program_data(program), program, buffer)),
        *map(_readable, (_RENT, _CLOCK, SYSTEM_PROGRAM)),
        _signer(authority),
    ]
    return _loader(_DEPLOY, struct.pack("<Q", room), accounts)


def upgrade(program: Pubkey, buffer: Pubkey, authority: Pubkey, *, spill: Pubkey) -> Instruction:
    """Replace a program's binary by a full buffer, whose lamports go to `spill`."""
    accounts = [
        *map(_writable, (program_data(program), program, buffer, spill)),
        *map(_readable, (_RENT, _CLOCK)),
        _signer(authority),
    ]
    return _loader(_UPGRADE, b"", accounts)


def bound_to(binary: bytes, built_for: Pubkey, address: Pubkey) -> bytes:
    """The binary with its declared address replaced, so that it runs at another one.

    Anchor refuses to run anywhere but at its declared address, which the compiler keeps once as
    32 bytes and elsewhere as 64-bit immediates. Nothing else of the binary changes.
    """
    old, new = bytes(built_for), bytes(address)
    changed = bytearray(binary.replace(old, new))
    words = {old[at : at + 8]: new[at : at + 8] for at in range(0, 32, 8)}
    for at in range(0, len(changed) - 15, 8):
        if changed[at] == _LOAD_64 and not any(changed[at + 8 : at + 12]):
            word = words.get(bytes(changed[at + 4 : at + 8] + changed[at + 12 : at + 16]))
            if word is not None:
                changed[at + 4 : at + 8], changed[at + 12 : at + 16] = word[:4], word[4:]
    return bytes(changed)


def _loader(kind: int, tail: bytes, accounts: list[AccountMeta]) -> Instruction:
    return Instruction(UPGRADEABLE_LOADER, struct.pack("<I", kind) + tail, accounts)


def _writable(address: Pubkey) -> AccountMeta:
    return AccountMeta(address, is_signer=False, is_writable=True)


def _readable(address: Pubkey) -> AccountMeta:
    return AccountMeta(address, is_signer=False, is_writable=False)


def _signer(address: Pubkey) -> AccountMeta:
    return AccountMeta(address, is_signer=True, is_writable=False)
