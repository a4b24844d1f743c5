"""A node's reply, read: the result, or whose fault it is that there is none."""

import email.utils
import time
from typing import Any

import orjson

from quantdesk.adapters.rpc.errors import (
    NODE_TROUBLE,
    PREFLIGHT_FAILURE,
    NodeFailed,
    RpcRefused,
    TransactionRejected,
)

_RATE_LIMIT_REST_S = 0.5
_REST_MAX_S = 32.0


def result_of(status: int, retry_after: str | None, raw: bytes) -> Any:
    """The result inside a reply; raises NodeFailed or RpcRefused."""
    if status == 429:
        raise NodeFailed("rate limited", rest_s=_rest_s(retry_after))
    if status in (401, 403):
        raise NodeFailed(f"HTTP {status}: the node refuses this key", rest_s=_REST_MAX_S)
    try:
        reply = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        raise NodeFailed(f"HTTP {status}: the reply is no JSON") from problem
    if not isinstance(reply, dict) or ("result" not in reply and "error" not in reply):
        raise NodeFailed(f"HTTP {status}: the reply is no JSON-RPC answer")
    error = reply.get("error")
    if error is None:
        return reply["result"]
    if not isinstance(error, dict):
        raise NodeFailed(f"HTTP {status}: the error is no JSON-RPC error")
    raise _refusal(error, retry_after)


def _refusal(error: dict[str, Any], retry_after: str | None) -> Exception:
    code, message = int(error.get("code", 0)), str(error.get("message", "no message"))
    if code in NODE_TROUBLE:
        return NodeFailed(f"{code}: {message}", rest_s=_rest_s(retry_after) if code == 429 else 0)
    if code == PREFLIGHT_FAILURE:
        return TransactionRejected(code, message, error.get("data"))
    return RpcRefused(code, message, error.get("data"))


def _rest_s(retry_after: str | None) -> float:
    """`Retry-After` in seconds, given as a number or as a date."""
    if not retry_after:
        return _RATE_LIMIT_REST_S
    if retry_after.isdigit():
        return min(_REST_MAX_S, float(retry_after))
    try:
        when = email.utils.parsedate_to_datetime(retry_after).timestamp()
    except ValueError:
        return _RATE_LIMIT_REST_S
    return min(_REST_MAX_S, max(0.0, when - time.time()))
