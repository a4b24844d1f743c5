"""What the chain refuses and how JSON-RPC says it."""

import re
from typing import Any

import orjson
from solders.transaction_status import TransactionErrorType, TransactionStatus

from quantdesk.world.chain.json_types import Json

PREFLIGHT_FAILURE = -32002
SIGNATURE_FAILURE = -32003
NODE_UNHEALTHY = -32005
MIN_CONTEXT_SLOT = -32016
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
PARSE_ERROR = -32700
INVALID_REQUEST = -32600

_WORDS = {
    "AccountNotFound": "Attempt to debit an account but found no record of a prior credit.",
    "AlreadyProcessed": "This transaction has already been processed",
    "BlockhashNotFound": "Blockhash not found",
    "InsufficientFundsForFee": "Insufficient funds for fee",
    "ProgramAccountNotFound": "Attempt to load a program that does not exist",
    "SanitizeFailure": "Transaction failed to sanitize accounts offsets correctly",
    "AddressLookupTableNotFound": "Transaction loads an address table account that doesn't exist",
}


class RpcError(Exception):
    """An answer that is an error object."""

    def __init__(self, code: int, message: str, data: Json = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


def invalid(message: str) -> RpcError:
    """The caller's parameters are wrong; say how."""
    return RpcError(INVALID_PARAMS, message)


def error_json(error: TransactionErrorType | None) -> Any:
    """A transaction error as Solana's JSON writes it, None for success."""
    if error is None:
        return None
    status = TransactionStatus(slot=0, confirmations=None, err=error, confirmation_status=None)
    return orjson.loads(status.to_json())["err"]


def error_sentence(error: Any) -> str:
    """A transaction error in a node's words, as log readers and wallets match on it."""
    if isinstance(error, str):
        return _WORDS.get(error, _spaced(error))
    if isinstance(error, dict) and "InstructionError" in error:
        index, reason = error["InstructionError"]
        return f"Error processing Instruction {index}: {_instruction_reason(reason)}"
    return orjson.dumps(error).decode()


def _instruction_reason(reason: Any) -> str:
    if isinstance(reason, dict) and "Custom" in reason:
        return f"custom program error: {reason['Custom']:#x}"
    return _spaced(reason) if isinstance(reason, str) else orjson.dumps(reason).decode()


def _spaced(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r" \1", name).capitalize()
