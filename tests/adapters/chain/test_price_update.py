"""PriceUpdateV2: parsed by its verification level, never cast."""

import base64
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.codec import CodecError
from quantdesk.adapters.chain.price_update import (
    DISCRIMINATOR,
    PriceMessage,
    parse_price_update,
    post_update,
)

AUTHORITY = Pubkey.from_bytes(bytes([7]) * 32)
MESSAGE = PriceMessage(
    feed_id=bytes(range(32)),
    price=-15_000_000_000,
    conf=5_000_000,
    exponent=-8,
    publish_time=1_700_000_001,
    prev_publish_time=1_700_000_000,
    ema_price=14_900_000_000,
    ema_conf=6_000_000,
)


def _account(level: bytes) -> bytes:
    fields = [getattr(MESSAGE, name) for name in PriceMessage.__slots__]
    body = struct.pack("<32sqQiqqqQ", *fields) + struct.pack("<Q", 4_321)
    return (DISCRIMINATOR + bytes(AUTHORITY) + level + body).ljust(134, b"\0")


def test_the_discriminator_is_pyths_own() -> None:
    assert DISCRIMINATOR.hex() == "22f123639d7ef4cd"


@pytest.mark.parametrize(("level", "signatures"), [(b"\x01", None), (b"\x00\x05", 5)])
def test_full_and_partial_updates_are_read_at_their_own_offsets(
    level: bytes, signatures: int | None
) -> None:
    update = parse_price_update(_account(level))

    assert update.message == MESSAGE
    assert update.write_authority == AUTHORITY
    assert update.signatures == signatures
    assert update.posted_slot == 4_321


@pytest.mark.parametrize(
    "data",
    [b"", bytes(134), _account(b"\x02"), _account(b"\x01")[:120], _account(b"\x00\x05")[:42]],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(CodecError):
        parse_price_update(data)


def test_the_receiver_is_told_the_message_in_order() -> None:
    instruction = post_update(AUTHORITY, MESSAGE)

    assert instruction.data[8:40] == MESSAGE.feed_id
    assert struct.unpack_from("<q", bytes(instruction.data), 40) == (MESSAGE.price,)
    assert [each.is_signer for each in instruction.accounts] == [True, False, False]


RECORDED = json.loads((Path(__file__).parent / "recorded_price_updates.json").read_text())


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: f"{row['symbol']} {row['posted_slot']}")
def test_accounts_recorded_from_mainnet_are_read_to_the_unit(row: dict[str, Any]) -> None:
    update = parse_price_update(base64.b64decode(row["base64"]))

    level = row["verification_level"]
    assert update.signatures == (level["partial"] if isinstance(level, dict) else None)
    assert update.message == PriceMessage(
        feed_id=bytes.fromhex(row["feed_id"]),
        price=int(row["price"]),
        conf=int(row["conf"]),
        exponent=row["expo"],
        publish_time=row["publish_time"],
        prev_publish_time=row["prev_publish_time"],
        ema_price=int(row["ema_price"]),
        ema_conf=int(row["ema_conf"]),
    )
    assert update.posted_slot == row["posted_slot"]
