"""Prepared bytes, signed bytes and the check that they are the same."""

import base64
from contextlib import nullcontext

import pytest
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from quantdesk.adapters.chain.message import compile_message
from quantdesk.adapters.chain.transaction import (
    TransactionAltered,
    attach_signatures,
    build_message,
    require_same,
    sign,
    signature_of,
    signers_of,
    unsigned_base64,
)

OWNER, OTHER = Keypair(), Keypair()
BLOCKHASH = str(Hash.new_unique())


def _message(*, lamports: int = 5, payer: Pubkey | None = None) -> bytes:
    move = TransferParams(from_pubkey=OWNER.pubkey(), to_pubkey=OTHER.pubkey(), lamports=lamports)
    return build_message(
        payer or OWNER.pubkey(), [transfer(move)], BLOCKHASH, unit_limit=9_000, unit_price=7
    )


def test_unsigned_bytes_parse_as_a_transaction_with_an_empty_signature() -> None:
    message = _message()

    parsed = VersionedTransaction.from_bytes(base64.b64decode(unsigned_base64(message)))

    assert parsed.signatures == [Signature.default()]
    assert signers_of(message) == [OWNER.pubkey()]
    assert len(parsed.message.instructions) == 3


def test_the_prepared_bytes_signed_are_accepted() -> None:
    message = _message()
    wire = sign(message, [OWNER])

    assert require_same(message, wire) == signature_of(wire)


def test_two_signers_are_put_in_the_message_s_order() -> None:
    message = _message(payer=OTHER.pubkey())

    assert sign(message, [OWNER, OTHER]) == sign(message, [OTHER, OWNER])
    require_same(message, sign(message, [OWNER, OTHER]))


def test_every_changed_byte_of_the_message_is_refused() -> None:
    message = _message()
    wire = sign(message, [OWNER])

    for position in range(65, len(wire)):
        altered = bytearray(wire)
        altered[position] ^= 1
        with pytest.raises(TransactionAltered):
            require_same(message, bytes(altered))


def test_other_amounts_missing_and_foreign_signatures_are_refused() -> None:
    message = _message()
    cases = [
        sign(_message(lamports=6), [OWNER]),
        attach_signatures(message, {}),
        attach_signatures(message, {OWNER.pubkey(): OTHER.sign_message(message)}),
        sign(message, [OWNER]) + b"\0",
        sign(message, [OWNER])[:-1],
        b"",
        bytes(2_000),
    ]

    for wire in cases:
        with pytest.raises(TransactionAltered):
            require_same(message, wire)


def test_prepared_bytes_too_long_for_the_network_are_refused_though_signed_and_unchanged() -> None:
    for size, fits in ((1_232, True), (1_233, False)):
        message = _message_of(size - 65)
        wire = sign(message, [OWNER])
        assert len(wire) == size
        with nullcontext() if fits else pytest.raises(TransactionAltered):
            require_same(message, wire)


def _message_of(size: int) -> bytes:
    """A message of exactly so many bytes, past the limit of `build_message`."""
    note = Instruction(OTHER.pubkey(), bytes(1_000), [])
    short = compile_message(OWNER.pubkey(), [note], Hash.default())
    note = Instruction(OTHER.pubkey(), bytes(1_000 + size - len(short)), [])
    return compile_message(OWNER.pubkey(), [note], Hash.default())
