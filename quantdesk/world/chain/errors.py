"""What the chain refuses and how JSON-RPC says it."""

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
