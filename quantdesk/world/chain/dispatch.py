"""JSON-RPC 2.0 envelopes: one call or a batch in, bytes out."""

from typing import Any

import orjson

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
from quantdesk.world.chain.params import Params


def answer(bank: Bank, body: bytes) -> bytes:
    """Answer a request body; never raises."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        return orjson.dumps(error_envelope(None, RpcError(PARSE_ERROR, "Parse error")))
    try:
        bank.advance()
        return orjson.dumps(_answers(bank, request))
    except LedgerFailed as problem:
        return orjson.dumps(error_envelope(None, RpcError(INTERNAL_ERROR, str(problem))))


def _answers(bank: Bank, request: Any) -> Json:
    if isinstance(request, list):
        if not request:
            return error_envelope(None, RpcError(INVALID_REQUEST, "Invalid request"))
        return [_call(bank, each) for each in request]
    return _call(bank, request)


def error_envelope(call_id: Json, problem: RpcError) -> Object:
    """The response object of a refusal."""
    error: Object = {"code": problem.code, "message": problem.message}
    if problem.data is not None:
        error["data"] = problem.data
    return {"jsonrpc": "2.0", "error": error, "id": call_id}


def call_of(request: Any) -> tuple[str, list[Any], Json]:
    """Method, parameters and id of a request object; raises RpcError."""
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        raise RpcError(INVALID_REQUEST, "Invalid request")
    params = request.get("params")
    if params is not None and not isinstance(params, list):
        raise RpcError(INVALID_PARAMS, "Invalid params: expected an array")
    return request["method"], params or [], request.get("id")


def _call(bank: Bank, request: Any) -> Object:
    call_id = request.get("id") if isinstance(request, dict) else None
    try:
        name, params, call_id = call_of(request)
        method = METHODS.get(name)
        if method is None:
            raise RpcError(METHOD_NOT_FOUND, "Method not found")
        return {"jsonrpc": "2.0", "result": method(bank, Params(params)), "id": call_id}
    except RpcError as problem:
        return error_envelope(call_id, problem)
    except (LookupError, TypeError, ValueError, AttributeError) as problem:
        # A field of the wrong shape deep inside an options object.
        wrong = RpcError(INVALID_PARAMS, f"Invalid params: {type(problem).__name__}: {problem}")
        return error_envelope(call_id, wrong)
