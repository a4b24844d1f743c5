"""Pyth's PriceUpdateV2 account, and how the local receiver is told a price.

The verification level is an enum of varying size, so the message does not stand at a fixed place:
parse, never cast.
"""

import hashlib
import struct
from dataclasses import dataclass

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import RECEIVER_PROGRAM, SYSTEM_PROGRAM, price_update
from quantdesk.adapters.chain.codec import CodecError

DISCRIMINATOR = hashlib.sha256(b"account:PriceUpdateV2").digest()[:8]
_POST_UPDATE = hashlib.sha256(b"global:post_update").digest()[:8]
_MESSAGE = struct.Struct("<32sqQiqqqQ")
_LEVEL_OFFSET = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceMessage:
    """A price as Pyth publishes it: `price * 10**exponent` USD, times in unix seconds."""

    feed_id: bytes
    price: int
    conf: int
    exponent: int
    publish_time: int
    prev_publish_time: int
    ema_price: int
    ema_conf: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceUpdate:
    """A posted price; `signatures` is None when fully verified, else how many were checked."""

    write_authority: Pubkey
    signatures: int | None
    message: PriceMessage
    posted_slot: int


def parse_price_update(data: bytes) -> PriceUpdate:
    """The update in an account's bytes; raises CodecError."""
    if data[:8] != DISCRIMINATOR or len(data) < _LEVEL_OFFSET + 1:
        raise CodecError("not a PriceUpdateV2 account")
    if data[_LEVEL_OFFSET] == 1:
        signatures, start = None, _LEVEL_OFFSET + 1
    elif data[_LEVEL_OFFSET] == 0:
        signatures, start = data[_LEVEL_OFFSET + 1], _LEVEL_OFFSET + 2
    else:
        raise CodecError(f"verification level {data[_LEVEL_OFFSET]} does not exist")
    if len(data) < start + _MESSAGE.size + 8:
        raise CodecError(f"{len(data)} bytes end inside the price message")
    fields = _MESSAGE.unpack_from(data, start)
    names = PriceMessage.__slots__
    return PriceUpdate(
        write_authority=Pubkey.from_bytes(data[8:40]),
        signatures=signatures,
        message=PriceMessage(**dict(zip(names, fields, strict=True))),
        posted_slot=int.from_bytes(data[start + _MESSAGE.size :][:8], "little"),
    )


def post_update(
    payer: Pubkey, message: PriceMessage, *, receiver: Pubkey = RECEIVER_PROGRAM
) -> Instruction:
    """Tell the local receiver a price; the first poster of a feed stays its only one."""
    fields = [getattr(message, name) for name in PriceMessage.__slots__]
    accounts = [
        AccountMeta(payer, is_signer=True, is_writable=True),
        AccountMeta(price_update(message.feed_id, receiver), is_signer=False, is_writable=True),
        AccountMeta(SYSTEM_PROGRAM, is_signer=False, is_writable=False),
    ]
    return Instruction(receiver, _POST_UPDATE + _MESSAGE.pack(*fields), accounts)
