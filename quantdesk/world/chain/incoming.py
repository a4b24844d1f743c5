"""A transaction as it comes in: decoded and sanitized, or refused in a node's own words.

What is refused here never lands, whatever preflight says: a node does not even pass it on.
"""

from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.transaction import SanitizeError, VersionedTransaction

from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.errors import RpcError, invalid
from quantdesk.world.chain.json_types import Json
from quantdesk.world.chain.params import raw_bytes
from quantdesk.world.chain.vm import BadLookup
from quantdesk.world.chain.words import error_sentence

TRANSACTION_BYTES_MAX = 1232
_TEXT_MAX = {"base58": 1683, "base64": 1644}
_KIND = "solana_transaction::versioned::VersionedTransaction"
_COMPUTE_BUDGET = Pubkey.from_string("ComputeBudget111111111111111111111111111111")
_HEAP, _LIMIT, _PRICE, _DATA_LIMIT = 1, 2, 3, 4
_ARGUMENT_BYTES = {_HEAP: 4, _LIMIT: 4, _PRICE: 8, _DATA_LIMIT: 4}


def incoming(bank: Bank, text: Json, encoding: str) -> tuple[VersionedTransaction, bytes]:
    """The transaction and its bytes; raises RpcError."""
    most = _TEXT_MAX.get(encoding, 0)
    if isinstance(text, str) and most and len(text) > most:
        raise invalid(
            f"{encoding} encoded {_KIND} too large: {len(text)} bytes "
            f"(max: encoded/raw {most}/{TRANSACTION_BYTES_MAX})"
        )
    raw = raw_bytes(text, encoding)
    if len(raw) > TRANSACTION_BYTES_MAX:
        raise invalid(
            f"decoded {_KIND} too large: {len(raw)} bytes (max: {TRANSACTION_BYTES_MAX} bytes)"
        )
    try:
        transaction = VersionedTransaction.from_bytes(raw)
    except ValueError as problem:
        raise invalid(f"failed to deserialize {_KIND}: {problem}") from problem
    if not isinstance(transaction.message, Message | MessageV0):
        raise invalid("unsupported message version")
    try:
        transaction.sanitize()
    except SanitizeError as problem:
        raise _unusable("SanitizeFailure") from problem
    require_usable(bank, transaction.message)
    return transaction, raw


def require_usable(bank: Bank, message: Message | MessageV0) -> None:
    """Pass a message whose budget can be read and whose lookup tables resolve."""
    wrong = budget_error(message)
    if wrong is not None:
        raise _unusable(wrong)
    require_resolvable(bank, message)


def require_resolvable(bank: Bank, message: Message | MessageV0) -> None:
    """Pass a message whose lookup tables resolve."""
    try:
        bank.machine.keys_of(message)
    except BadLookup as problem:
        raise _unusable(problem.error) from problem


def _unusable(error: Json) -> RpcError:
    return invalid(f"invalid transaction: {error_sentence(error)}")


def budget_error(message: Message | MessageV0) -> Json:
    """What cannot be read in the compute budget, in the JSON form of a transaction error.

    Values out of bounds are another matter: they fail when the transaction is to run.
    """
    seen: set[int] = set()
    for at, each in enumerate(message.instructions):
        if message.account_keys[each.program_id_index] != _COMPUTE_BUDGET:
            continue
        data = bytes(each.data)
        kind = data[0] if data else 0
        size = _ARGUMENT_BYTES.get(kind)
        if size is None or len(data) < 1 + size:
            return {"InstructionError": [at, "InvalidInstructionData"]}
        if kind in seen:
            return {"DuplicateInstruction": at}
        seen.add(kind)
    return None
