"""A wallet that signs whatever it is given."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from solders.keypair import Keypair


@dataclass(frozen=True)
class Wallet:
    """A key pair made from a name, the same in every run."""

    key: Keypair

    @classmethod
    def named(cls, name: str) -> Wallet:
        return cls(Keypair.from_seed(hashlib.sha256(name.encode()).digest()))

    @property
    def address(self) -> str:
        return str(self.key.pubkey())

    def sign(self, message: bytes) -> bytes:
        return bytes(self.key.sign_message(message))

    def sign_transaction(self, transaction_b64: str) -> bytes:
        """The wire bytes with this wallet's signature in the only place."""
        wire = base64.b64decode(transaction_b64)
        return b"\x01" + self.sign(wire[65:]) + wire[65:]
