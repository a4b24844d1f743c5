"""A wallet in memory: a fresh key that signs whatever it is given."""

from solders.keypair import Keypair

from quantdesk.adapters.chain.transaction import sign, signers_of


class MemoryWallet:
    """The port `Wallet`; the key is lost with the process."""

    def __init__(self, key: Keypair | None = None) -> None:
        self._key = key or Keypair()

    @property
    def address(self) -> str:
        """Base58."""
        return str(self._key.pubkey())

    def sign_message(self, message: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature."""
        return bytes(self._key.sign_message(message))

    def sign_transaction(self, unsigned: bytes) -> bytes:
        """The transaction with this wallet's signature put in; it must be the only signer."""
        message = unsigned[1 + 64 * unsigned[0] :]
        assert signers_of(message) == [self._key.pubkey()], "another wallet must sign this"
        return sign(message, [self._key])
