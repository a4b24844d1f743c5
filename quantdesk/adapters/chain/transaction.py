"""Version 0 transactions: build the message, sign it, and check that signed bytes are ours."""

import base64
from collections.abc import Mapping, Sequence

from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from quantdesk.adapters.chain.message import compile_message
from quantdesk.services.ports import TransactionRefused

TRANSACTION_BYTES_MAX = 1232


class TransactionTooLong(TransactionRefused):
    """The message with its signatures does not fit into one transaction."""


class TransactionAltered(Exception):
    """The signed transaction is not the one that was prepared, or a signature does not hold."""


def build_message(
    payer: Pubkey,
    instructions: Sequence[Instruction],
    blockhash: str | Hash,
    *,
    unit_limit: int | None = None,
    unit_price: int = 0,
) -> bytes:
    """Message bytes with the compute budget in front; `unit_price` in micro-lamports per unit."""
    budget: list[Instruction] = []
    if unit_limit is not None:
        budget.append(set_compute_unit_limit(unit_limit))
    if unit_price:
        budget.append(set_compute_unit_price(unit_price))
    recent = Hash.from_string(blockhash) if isinstance(blockhash, str) else blockhash
    message = compile_message(payer, [*budget, *instructions], recent)
    size = 1 + 64 * message[1] + len(message)
    if size > TRANSACTION_BYTES_MAX:
        raise TransactionTooLong(
            f"too long for one transaction: {size} bytes of {TRANSACTION_BYTES_MAX}"
        )
    return message


def unsigned(message: bytes) -> bytes:
    """Wire bytes with an empty signature for every signer, as wallets take them."""
    count = _signer_count(message)
    return bytes([count]) + bytes(64 * count) + message


def unsigned_base64(message: bytes) -> str:
    """`unsigned` as text."""
    return base64.b64encode(unsigned(message)).decode()


def sign(message: bytes, keys: Sequence[Keypair]) -> bytes:
    """Wire bytes signed by every signer; `keys` in any order."""
    by_address = {key.pubkey(): key.sign_message(message) for key in keys}
    return attach_signatures(message, by_address)


def attach_signatures(message: bytes, signatures: Mapping[Pubkey, Signature]) -> bytes:
    """Wire bytes with the signatures given and empty ones for the rest."""
    signers = signers_of(message)
    parts = [bytes(signatures.get(each, Signature.default())) for each in signers]
    return bytes([len(signers)]) + b"".join(parts) + message


def cosign(transaction: bytes, key: Keypair) -> bytes:
    """The same transaction with one more signature; raises TransactionAltered for a stranger.

    Signatures already there stay, so any number of signers may follow each other in any order.
    """
    message = message_of(transaction)
    signers = signers_of(message)
    if key.pubkey() not in signers:
        raise TransactionAltered(f"{key.pubkey()} is not asked to sign this transaction")
    at = 1 + 64 * signers.index(key.pubkey())
    return transaction[:at] + bytes(key.sign_message(message)) + transaction[at + 64 :]


def missing_signers(transaction: bytes) -> list[Pubkey]:
    """Whose signature is still empty or wrong."""
    signers = signers_of(message_of(transaction))
    valid = VersionedTransaction.from_bytes(transaction).verify_with_results()
    return [each for each, is_valid in zip(signers, valid, strict=True) if not is_valid]


def message_of(transaction: bytes) -> bytes:
    """The message inside wire bytes; raises TransactionAltered when there is none."""
    message = transaction[1 + 64 * transaction[0] :] if transaction else b""
    if _signer_count(message) != transaction[0]:
        raise TransactionAltered("the transaction has another number of signatures than signers")
    return message


def signers_of(message: bytes) -> list[Pubkey]:
    """Addresses that must sign, fee payer first."""
    compiled = MessageV0.from_bytes(message[1:])
    return list(compiled.account_keys[: compiled.header.num_required_signatures])


def signature_of(transaction: bytes) -> Signature:
    """The first signature, by which the chain knows a transaction."""
    return Signature.from_bytes(transaction[1:65])


def require_same(prepared: bytes, transaction: bytes) -> Signature:
    """Check that `transaction` is the prepared message with every signature valid.

    Returns its first signature; raises TransactionAltered.
    """
    count = _signer_count(prepared)
    head = 1 + 64 * count
    if len(transaction) > TRANSACTION_BYTES_MAX or transaction[:1] != bytes([count]):
        raise TransactionAltered("the signed transaction has another shape than the prepared one")
    if transaction[head:] != prepared:
        raise TransactionAltered("the wallet changed the transaction; sign it unchanged")
    parsed = VersionedTransaction.from_bytes(transaction)
    if not all(parsed.verify_with_results()):
        raise TransactionAltered("a signature is missing or does not fit the transaction")
    return parsed.signatures[0]


def _signer_count(message: bytes) -> int:
    if len(message) < 4 or message[0] != 0x80:
        raise TransactionAltered("not a version 0 message")
    return message[1]
