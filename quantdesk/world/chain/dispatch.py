"""JSON-RPC 2.0 envelopes: one call or a batch in, bytes out."""

from typing import Any

import orjson
import structlog

from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RpcError,
)
from quantdesk.world.chain.json_types import Json, Object
from quantdesk.world.chain.ledger import LedgerFailed
from quantdesk.world.chain.methods import METHODS
from quantdesk.world.chain.parameters import TAKES
from quantdesk.world.chain.params import Params

log = structlog.get_logger()

MISREAD = (LookupError, TypeError, ValueError, AttributeError, OverflowError)
"""What the use of a value may raise when its shape was not checked closely enough."""


def answer(bank: Bank, body: bytes) -> bytes:
    """Answer a request body, with nothing when nothing in it has an id; never raises."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        request = None
    try:
        bank.advance()
        found = _answers(bank, request)
        return b"" if found is None else orjson.dumps(found)
    except LedgerFailed as problem:
        return orjson.dumps(error_envelope(None, RpcError(INTERNAL_ERROR, str(problem))))


def _answers(bank: Bank, request: Any) -> Json:
    if isinstance(request, list) and all(isinstance(each, dict) for each in request):
        return [found for each in request if (found := _call(bank, each)) is not None] or None
    return _call(bank, request)


def error_envelope(call_id: Json, problem: RpcError) -> Object:
    """The response object of a refusal."""
    error: Object = {"code": problem.code, "message": problem.message}
    if problem.data is not None:
        error["data"] = problem.data
    return {"jsonrpc": "2.0", "error": error, "id": call_id}


def call_of(request: Any) -> tuple[str, list[Any], Json]:
    """Method, parameters and id of a request object; raises RpcError."""
    if not isinstance(request, dict):
        raise RpcError(PARSE_ERROR, "Parse error")
    params = request.get("params")
    if isinstance(params, dict):
        raise RpcError(INVALID_PARAMS, "`params` should be an array")
    if not isinstance(request.get("method"), str) or not isinstance(params, list | None):
        raise RpcError(INVALID_REQUEST, "Invalid request")
    return request["method"], params or [], request.get("id")


def misread(problem: Exception) -> RpcError:
    """A value that no method can use, deep inside an options object."""
    log.warning("parameters_misread", reason=repr(problem))
    return RpcError(INVALID_PARAMS, "Invalid params: a value of another shape than expected")


def _call(bank: Bank, request: Any) -> Object | None:
    answered = _answered(bank, request)
    is_note = isinstance(request, dict) and "id" not in request
    return None if is_note else answered


def _answered(bank: Bank, request: Any) -> Object:
    call_id = request.get("id") if isinstance(request, dict) else None
    try:
        name, params, call_id = call_of(request)
        method = METHODS.get(name)
        if method is None:
            raise RpcError(METHOD_NOT_FOUND, "Method not found")
        TAKES[name].require(params)
        return {"jsonrpc": "2.0", "result": method(bank, Params(params)), "id": call_id}
    except RpcError as problem:
        return error_envelope(call_id, problem)
    except MISREAD as problem:
        return error_envelope(call_id, misread(problem))
