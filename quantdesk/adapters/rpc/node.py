"""One node: a JSON-RPC call over HTTP, with every way it can fail given one name."""

import email.utils
import time
from typing import Any

import aiohttp
import orjson

from quantdesk.adapters.rpc.breaker import Breaker
from quantdesk.adapters.rpc.errors import (
    NODE_TROUBLE,
    PREFLIGHT_FAILURE,
    NodeFailed,
    RpcRefused,
    TransactionRejected,
)

REPLY_BYTES_MAX = 64 << 20
_RATE_LIMIT_REST_S = 0.5
_REST_MAX_S = 32.0


class Node:
    """A URL and what is known about its health."""

    def __init__(self, url: str, session: aiohttp.ClientSession, *, timeout_s: float) -> None:
        self._url = url
        self._session = session
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self.breaker = Breaker()

    async def call(self, method: str, params: list[Any]) -> Any:
        """The result; raises NodeFailed or RpcRefused."""
        try:
            reply = await self._post(method, params)
        except NodeFailed as problem:
            self.breaker.failed(time.monotonic(), rest_s=problem.rest_s)
            raise
        except RpcRefused:
            self.breaker.succeeded()
            raise
        except BaseException:
            self.breaker.abandoned()
            raise
        self.breaker.succeeded()
        return reply

    async def _post(self, method: str, params: list[Any]) -> Any:
        body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        headers = {"Content-Type": "application/json"}
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, timeout=self._timeout
            ) as response:
                raw = await _bounded(response)
                return _result(response.status, response.headers.get("Retry-After"), raw)
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise NodeFailed(f"{method}: {type(problem).__name__}") from problem


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > REPLY_BYTES_MAX:
            raise NodeFailed(f"reply is longer than {REPLY_BYTES_MAX} bytes")
        parts.append(part)
    return b"".join(parts)


def _result(status: int, retry_after: str | None, raw: bytes) -> Any:
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
