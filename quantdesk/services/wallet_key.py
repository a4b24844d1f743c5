"""Wallet keys: which addresses can sign at all, and whether a signature is theirs.

Two independent implementations must agree before a signature counts. `cryptography` is not one of
them: it accepts forgeries under small-order keys.
"""

from __future__ import annotations

from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import BadSignatureError, CryptoError
from nacl.signing import VerifyKey
from solders.pubkey import Pubkey
from solders.signature import Signature

KEY_LENGTH = 32
SIGNATURE_LENGTH = 64


def public_key(address: str) -> bytes | None:
    """The 32 bytes behind a base58 address, or None when no wallet can hold its secret key.

    Refused: text that is not the canonical base58 of 32 bytes, points off the curve (program
    addresses), non-canonical encodings, and points of small or mixed order.
    """
    try:
        key = Pubkey.from_string(address)
    except ValueError:
        return None
    if str(key) != address:
        return None
    encoded = bytes(key)
    return encoded if crypto_core_ed25519_is_valid_point(encoded) else None


def is_signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` over exactly `message` was made with the secret of `public_key`."""
    if len(public_key) != KEY_LENGTH or len(signature) != SIGNATURE_LENGTH:
        return False
    return _first_opinion(public_key, message, signature) and _second_opinion(
        public_key, message, signature
    )


def _first_opinion(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        return Signature.from_bytes(signature).verify(Pubkey.from_bytes(public_key), message)
    except ValueError:
        return False


def _second_opinion(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        VerifyKey(public_key).verify(message, signature)
    except (BadSignatureError, CryptoError, ValueError):
        return False
    return True
