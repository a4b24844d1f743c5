"""One node: a JSON-RPC call over HTTP, with every way it can fail given one name."""

import time
from typing import Any

import aiohttp
import orjson
import structlog

from quantdesk.adapters.rpc.address import NodeAddress
from quantdesk.adapters.rpc.breaker import Breaker
from quantdesk.adapters.rpc.bucket import Bucket
from quantdesk.adapters.rpc.errors import NodeFailed, RpcRefused
from quantdesk.adapters.rpc.reply import result_of

REPLY_BYTES_MAX = 64 << 20

log = structlog.get_logger()


class Node:
    """An address and what is known about its health."""

    def __init__(
        self, address: NodeAddress, session: aiohttp.ClientSession, *, timeout_s: float
    ) -> None:
        self.name = address.name
        self.breaker = Breaker()
        self.genesis: str | None = None
        """Which chain it serves; forgotten when it fails, for another may answer after it."""
        self.trouble = ""
        """Why it failed last; empty while it answers."""
        self._url = address.url
        self._bucket = Bucket(address.rate_per_s) if address.rate_per_s else None
        self._session = session
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    def admits(self, now_s: float) -> bool:
        """Whether a request may go to this node now; if so it is counted, until `spared`."""
        if self._bucket is not None and self._bucket.wait_s(now_s) > 0:
            return False
        if not self.breaker.admits(now_s):
            return False
        if self._bucket is not None:
            self._bucket.take(now_s)
        return True

    def spared(self) -> None:
        """An admitted request was not needed."""
        self.breaker.abandoned()
        if self._bucket is not None:
            self._bucket.give_back()

    def wakes_at(self, now_s: float) -> float:
        """When it may be asked again."""
        pause = 0.0 if self._bucket is None else self._bucket.wait_s(now_s)
        return max(self.breaker.wakes_at(), now_s + pause)

    async def call(self, method: str, params: list[Any]) -> Any:
        """The result; raises NodeFailed or RpcRefused."""
        try:
            reply = await self._asked(method, params)
        except RpcRefused:
            self._succeeded()
            raise
        self._succeeded()
        return reply

    async def introduce(self) -> str:
        """Which chain the node says it serves; alone no sign that it may be used."""
        if self.genesis is None:
            if self._bucket is not None:
                self._bucket.take(time.monotonic())  # a question beside the admitted one
            try:
                self.genesis = str(await self._asked("getGenesisHash", []))
            except RpcRefused as refusal:
                problem = NodeFailed(f"does not say which cluster it serves: {refusal}")
                self._failed(problem)
                raise problem from refusal
            self.breaker.abandoned()
        return self.genesis

    def refuse(self, problem: NodeFailed) -> None:
        """Rest a node that answers but may not be believed."""
        self._failed(problem)

    async def _asked(self, method: str, params: list[Any]) -> Any:
        try:
            return await self._post(method, params)
        except NodeFailed as problem:
            self._failed(problem)
            raise
        except RpcRefused:
            raise
        except BaseException:
            self.breaker.abandoned()
            raise

    def _failed(self, problem: NodeFailed) -> None:
        if not self.trouble:
            log.warning("chain_node_lost", node=self.name, reason=str(problem))
        self.trouble, self.genesis = str(problem), None
        self.breaker.failed(time.monotonic(), rest_s=problem.rest_s)

    def _succeeded(self) -> None:
        if self.trouble:
            log.info("chain_node_back", node=self.name, after=self.trouble)
        self.trouble = ""
        self.breaker.succeeded()

    async def _post(self, method: str, params: list[Any]) -> Any:
        body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        headers = {"Content-Type": "application/json"}
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, timeout=self._timeout
            ) as response:
                raw = await _bounded(response)
                return result_of(response.status, response.headers.get("Retry-After"), raw)
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
