"""Wire bytes of a case, honest or spoiled as its mischief says."""

from __future__ import annotations

import hashlib

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature

from quantdesk.adapters.chain.message import compile_message, short
from tests.world.chain.judge.actor import Case, Mischief, key_of

_PACKET_BYTES = 1232
_KEYS_AT = {False: 5, True: 4}


def message_of(case: Case, recent: Hash, table: AddressLookupTableAccount) -> bytes:
    """The message, with what mischief does to it before it is signed."""
    payer, calls = case.signers[0].pubkey(), [*_budget(case), *case.instructions]
    if case.mischief is Mischief.UNKNOWN_BLOCKHASH:
        recent = Hash.from_bytes(hashlib.sha256(str(case.name).encode() + bytes(payer)).digest())
    if case.mischief is Mischief.TOO_LONG:
        calls.append(Instruction(Pubkey.default(), bytes(_PACKET_BYTES), []))
    if case.uses_table:
        found = _v0(payer, calls, recent, _spoiled_table(case, table))
    elif case.is_legacy:
        found = to_bytes_versioned(Message.new_with_blockhash(calls, payer, recent))
    else:
        found = compile_message(payer, calls, recent)
    if case.mischief is Mischief.SAME_ACCOUNT_TWICE:
        first = _KEYS_AT[case.is_legacy]
        last = first + 32 * (found[first - 1] - 1)
        return found[:last] + found[first : first + 32] + found[last + 32 :]
    return found


def wire_of(case: Case, message: bytes) -> bytes:
    """The signed transaction, with what mischief does to it after it is signed."""
    count = message[0 if message[0] < 0x80 else 1]
    keys = _signers(message, count)
    by_address = {key.pubkey(): key for key in case.signers}
    signatures = [_signature(by_address.get(each), message) for each in keys]
    if case.mischief is Mischief.FORGED_SIGNATURE:
        flipped = bytearray(signatures[0])
        flipped[7] ^= 1
        signatures[0] = bytes(flipped)
    if case.mischief is Mischief.MISSING_SIGNATURE:
        signatures[-1] = bytes(64)
    wire = short(count) + b"".join(signatures) + message
    return wire[:-3] if case.mischief is Mischief.CUT_SHORT else wire


def first_signature(wire: bytes) -> str:
    """By which a chain knows the transaction."""
    return str(Signature.from_bytes(wire[1:65]))


def _budget(case: Case) -> list[Instruction]:
    found = []
    if case.unit_limit is not None:
        found.append(set_compute_unit_limit(case.unit_limit))
    if case.unit_price:
        found.append(set_compute_unit_price(case.unit_price))
    # A durable nonce must be advanced by the very first instruction.
    return [] if case.nonce is not None or "nonce hash" in case.name else found


def _v0(
    payer: Pubkey, calls: list[Instruction], recent: Hash, table: AddressLookupTableAccount
) -> bytes:
    return to_bytes_versioned(MessageV0.try_compile(payer, calls, [table], recent))


def _spoiled_table(case: Case, table: AddressLookupTableAccount) -> AddressLookupTableAccount:
    if case.mischief is Mischief.UNKNOWN_TABLE:
        return AddressLookupTableAccount(key_of("no table").pubkey(), list(table.addresses))
    if case.mischief is Mischief.BEYOND_TABLE:
        strangers = [key_of(f"stranger {each}").pubkey() for each in range(20)]
        return AddressLookupTableAccount(table.key, [*strangers, *table.addresses])
    return table


def _signers(message: bytes, count: int) -> list[Pubkey]:
    first = _KEYS_AT[message[0] < 0x80]
    return [
        Pubkey.from_bytes(message[first + 32 * each : first + 32 * each + 32])
        for each in range(count)
    ]


def _signature(key: Keypair | None, message: bytes) -> bytes:
    return bytes(64) if key is None else bytes(key.sign_message(message))
