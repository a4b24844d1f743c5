"""Version 0 messages, compiled by us: account keys in order of first use, not of their bytes.

So a template can change an address without moving any other byte. Programs see no difference.
"""

from collections.abc import Sequence

from solders.hash import Hash
from solders.instruction import Instruction
from solders.pubkey import Pubkey

VERSION_0 = b"\x80"
SHORT_MAX = 0x7F
ACCOUNTS_MAX = 256


def compile_message(payer: Pubkey, instructions: Sequence[Instruction], recent: Hash) -> bytes:
    """Message bytes; the payer is the first signer. No lookup tables."""
    signs, writes = {payer: True}, {payer: True}
    for each in instructions:
        for meta in each.accounts:
            signs[meta.pubkey] = signs.get(meta.pubkey, False) or meta.is_signer
            writes[meta.pubkey] = writes.get(meta.pubkey, False) or meta.is_writable
    for each in instructions:
        signs.setdefault(each.program_id, False)
        writes.setdefault(each.program_id, False)
    keys = sorted(signs, key=lambda key: (not signs[key], not writes[key]))  # stable
    assert keys[0] == payer
    assert len(keys) <= ACCOUNTS_MAX, f"{len(keys)} accounts do not fit a message"
    at = {key: index for index, key in enumerate(keys)}
    header = bytes(
        [
            sum(signs.values()),
            sum(1 for key in keys if signs[key] and not writes[key]),
            sum(1 for key in keys if not signs[key] and not writes[key]),
        ]
    )
    calls = [
        bytes([at[each.program_id]])
        + short(len(each.accounts))
        + bytes(at[meta.pubkey] for meta in each.accounts)
        + short(len(each.data))
        + bytes(each.data)
        for each in instructions
    ]
    return b"".join(
        (
            *(VERSION_0, header, short(len(keys)), *map(bytes, keys), bytes(recent)),
            *(short(len(calls)), *calls, short(0)),
        )
    )


def short(number: int) -> bytes:
    """Solana's compact length: seven bits a byte, lowest first."""
    found = bytearray()
    while number > SHORT_MAX:
        found.append(number & SHORT_MAX | 0x80)
        number >>= 7
    return bytes([*found, number])


def blockhash_offset(message: bytes) -> int:
    """Where a message of at most 127 accounts keeps its blockhash."""
    assert message[:1] == VERSION_0
    assert message[4] <= SHORT_MAX, "a template holds at most 127 accounts"
    return 5 + 32 * message[4]
