"""Several nodes as one: fail over at once, hedge slow reads, rest nodes that ask for it.

A call has one budget in seconds for all nodes and rounds together; after it, RpcUnavailable.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

import aiohttp

from quantdesk.adapters.rpc.errors import NodeFailed, RpcUnavailable
from quantdesk.adapters.rpc.node import Node

ROUND_PAUSE_S = 0.2


class NodePool:
    """Nodes in order of preference; use as an async context manager or call `close`."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        timeout_s: float = 4.0,
        budget_s: float = 8.0,
        hedge_after_s: float = 0.25,
    ) -> None:
        assert urls, "at least one node is needed"
        self._urls = tuple(urls)
        self._timeout_s = timeout_s
        self._budget_s = budget_s
        self._hedge_after_s = hedge_after_s
        self._session: aiohttp.ClientSession | None = None
        self._nodes: list[Node] = []

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
        self._session, self._nodes = None, []

    async def call(self, method: str, params: list[Any], *, hedge: bool = True) -> Any:
        """The first answer any node gives; raises RpcRefused or RpcUnavailable."""
        nodes, deadline = self._ready(), time.monotonic() + self._budget_s
        reason = "every node is resting"
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + self._budget_s):
                while True:
                    now = time.monotonic()
                    admitted = [node for node in nodes if node.breaker.admits(now)]
                    try:
                        if admitted:
                            return await self._round(admitted, method, params, hedge=hedge)
                    except NodeFailed as problem:
                        reason = str(problem)
                    await asyncio.sleep(_pause_s(nodes, deadline))
        except TimeoutError as problem:
            raise RpcUnavailable(f"no Solana node answered {method}: {reason}") from problem

    def _ready(self) -> list[Node]:
        if self._session is None:
            self._session = aiohttp.ClientSession(auto_decompress=True)
            self._nodes = [
                Node(url, self._session, timeout_s=self._timeout_s) for url in self._urls
            ]
        return self._nodes

    async def _round(
        self, nodes: list[Node], method: str, params: list[Any], *, hedge: bool
    ) -> Any:
        """Ask nodes one after another; the next starts when one fails or is slow."""
        waiting, running, problem = list(nodes), set[asyncio.Task[Any]](), NodeFailed("no node")
        try:
            while waiting or running:
                if waiting:
                    running.add(asyncio.create_task(waiting.pop(0).call(method, params)))
                patience = self._hedge_after_s if hedge and waiting else None
                done, running = await asyncio.wait(
                    running, timeout=patience, return_when=asyncio.FIRST_COMPLETED
                )
                for each in done:
                    failure = each.exception()
                    if not isinstance(failure, NodeFailed):
                        return each.result()
                    problem = failure
            raise problem
        finally:
            for node in waiting:
                node.breaker.abandoned()
            for each in running:
                each.cancel()
            await asyncio.gather(*running, return_exceptions=True)


def _pause_s(nodes: list[Node], deadline: float) -> float:
    """Until the first node wakes, with jitter so that clients do not return together."""
    now = time.monotonic()
    wakes = min(node.breaker.wakes_at() for node in nodes)
    pause = max(ROUND_PAUSE_S, wakes - now) * random.uniform(1.0, 1.3)  # noqa: S311
    return min(pause, max(0.0, deadline - now) + 0.01)
