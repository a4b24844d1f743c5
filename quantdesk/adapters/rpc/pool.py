"""Several nodes as one: fail over at once, hedge slow reads, rest nodes that ask for it.

A call has one budget in seconds for all nodes and rounds together; after it, RpcUnavailable, whose
words say what was wrong with each node. Reads that decide about money go through `agree`: with
three or more nodes, two must say the same.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp

from quantdesk.adapters.rpc.address import NodeAddress
from quantdesk.adapters.rpc.agreement import Judge, Replies
from quantdesk.adapters.rpc.errors import NodeFailed, RpcRefused, RpcUnavailable
from quantdesk.adapters.rpc.node import Node
from quantdesk.adapters.rpc.pin import ClusterPin

ROUND_PAUSE_S = 0.2
QUORUM_NODES = 3
"""From so many nodes on, two of them must agree."""

Round = Callable[[list[Node]], Awaitable[Any]]


class NodePool:
    """Nodes in order of preference; use as an async context manager or call `close`.

    `genesis` is the cluster's genesis hash; None lets the nodes settle it, and asks nothing of a
    node that is alone.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        timeout_s: float = 4.0,
        budget_s: float = 8.0,
        hedge_after_s: float = 0.25,
        genesis: str | None = None,
    ) -> None:
        assert urls, "at least one node is needed"
        self._addresses = tuple(map(NodeAddress.of, urls))
        self._timeout_s = timeout_s
        self._budget_s = budget_s
        self._hedge_after_s = hedge_after_s
        self._session: aiohttp.ClientSession | None = None
        self._nodes: list[Node] = []
        voices = 2 if len(urls) >= QUORUM_NODES else 1
        is_pinned = genesis is not None or len(urls) > 1
        self._pin = ClusterPin(genesis, voices=voices) if is_pinned else None

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
        self._session, self._nodes = None, []

    async def call(self, method: str, params: list[Any], *, hedge: bool = True) -> Any:
        """The first answer any node gives; raises RpcRefused or RpcUnavailable."""
        return await self._within_budget(
            method, lambda nodes: self._round(nodes, method, params, hedge=hedge)
        )

    async def agree(self, method: str, params: list[Any], judge: Judge) -> Any:
        """What two nodes say alike in the judge's eyes; of fewer than three, what one says."""
        if len(self._addresses) < QUORUM_NODES:
            return await self.call(method, params)
        return await self._within_budget(
            method, lambda nodes: self._agreed(nodes, method, params, judge)
        )

    async def _within_budget(self, method: str, ask: Round) -> Any:
        nodes, deadline = self._ready(), time.monotonic() + self._budget_s
        reason = "every node is resting"
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + self._budget_s):
                while True:
                    now = time.monotonic()
                    admitted = [node for node in nodes if node.admits(now)]
                    try:
                        if admitted:
                            await self._settle(admitted)
                            return await ask(admitted)
                    except NodeFailed as problem:
                        reason = str(problem)
                    await asyncio.sleep(_pause_s(nodes, deadline))
        except TimeoutError as problem:
            told = "; ".join(f"{node.name}: {node.trouble}" for node in nodes if node.trouble)
            raise RpcUnavailable(
                f"no Solana node answered {method}: {told or reason}"
                + (f"; {reason}" if told and reason not in told else "")
            ) from problem

    def _ready(self) -> list[Node]:
        if self._session is None:
            self._session = aiohttp.ClientSession(auto_decompress=True)
            self._nodes = [
                Node(address, self._session, timeout_s=self._timeout_s)
                for address in self._addresses
            ]
        return self._nodes

    async def _settle(self, nodes: list[Node]) -> None:
        if self._pin is not None and self._pin.genesis is None:
            try:
                await self._pin.settle(nodes)
            except NodeFailed:
                for node in nodes:
                    node.spared()
                raise

    async def _ask(self, node: Node, method: str, params: list[Any]) -> Any:
        if self._pin is not None:
            await self._pin.require(node)
        return await node.call(method, params)

    async def _round(
        self, nodes: list[Node], method: str, params: list[Any], *, hedge: bool
    ) -> Any:
        """Ask nodes one after another; the next starts when one fails or is slow."""
        waiting, running, problem = list(nodes), set[asyncio.Task[Any]](), NodeFailed("no node")
        try:
            while waiting or running:
                if waiting:
                    running.add(asyncio.create_task(self._ask(waiting.pop(0), method, params)))
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
            await _abandon(waiting, running)

    async def _agreed(self, nodes: list[Node], method: str, params: list[Any], judge: Judge) -> Any:
        """Ask two nodes, and the others when those fail, are slow or say different things."""
        waiting, running, replies = list(nodes), set[asyncio.Task[Any]](), Replies(judge)
        try:
            while waiting or running:
                while waiting and (len(running) + replies.count < 2 or not running):
                    running.add(asyncio.create_task(self._ask(waiting.pop(0), method, params)))
                patience = self._hedge_after_s if waiting else None
                done, running = await asyncio.wait(
                    running, timeout=patience, return_when=asyncio.FIRST_COMPLETED
                )
                for each in done:
                    failure = each.exception()
                    if isinstance(failure, NodeFailed):
                        continue
                    if failure is not None and not isinstance(failure, RpcRefused):
                        raise failure
                    if found := replies.add(failure or each.result()):
                        return found.reply
                if not done and waiting:
                    running.add(asyncio.create_task(self._ask(waiting.pop(0), method, params)))
            raise NodeFailed(replies.words())
        finally:
            await _abandon(waiting, running)


async def _abandon(waiting: list[Node], running: set[asyncio.Task[Any]]) -> None:
    for node in waiting:
        node.spared()
    for each in running:
        each.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def _pause_s(nodes: list[Node], deadline: float) -> float:
    """Until the first node wakes, with jitter so that clients do not return together."""
    now = time.monotonic()
    wakes = min(node.wakes_at(now) for node in nodes)
    pause = max(ROUND_PAUSE_S, wakes - now) * random.uniform(1.0, 1.3)  # noqa: S311
    return min(pause, max(0.0, deadline - now) + 0.01)
