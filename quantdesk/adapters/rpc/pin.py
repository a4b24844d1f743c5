"""The cluster pin: a node of another cluster is never believed, whatever it answers.

The genesis hash comes from settings; where they name none, the nodes themselves settle it once:
one voice of one or two nodes, two equal voices of three or more.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

from quantdesk.adapters.rpc.errors import NodeFailed
from quantdesk.adapters.rpc.node import Node

STRANGER_REST_S = 32.0
OTHERS_S = 1.0


class ClusterPin:
    """One genesis hash for all nodes of a pool."""

    def __init__(self, genesis: str | None, *, voices: int) -> None:
        self.genesis = genesis
        self._voices = voices
        self._settling = asyncio.Lock()

    async def settle(self, nodes: Sequence[Node]) -> None:
        """Agree on the cluster before the first call; raises NodeFailed while nobody does."""
        async with self._settling:
            if self.genesis is not None:
                return
            votes = await _votes(nodes)
            if not votes:
                raise NodeFailed("no node says which cluster it serves")
            (genesis, count), *others = votes.most_common()
            if count < self._voices or (others and others[0][1] == count):
                clusters = ", ".join(sorted(votes))
                raise NodeFailed(
                    f"the nodes do not agree on a cluster ({clusters});"
                    " set QD_GENESIS_HASH or take the wrong ones out of SOLANA_RPC_URLS"
                )
            self.genesis = genesis

    async def require(self, node: Node) -> None:
        """Pass a node of this cluster; raises NodeFailed for any other."""
        told = await node.introduce()
        if told != self.genesis:
            problem = NodeFailed(
                f"serves another cluster (genesis {told}, expected {self.genesis})",
                rest_s=STRANGER_REST_S,
            )
            node.refuse(problem)
            raise problem


async def _votes(nodes: Sequence[Node]) -> Counter[str]:
    """What the nodes say of themselves; after the first word the others have little time left."""
    running = {asyncio.create_task(node.introduce()) for node in nodes}
    votes: Counter[str] = Counter()
    patience: float | None = None
    try:
        while running:
            done, running = await asyncio.wait(
                running, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                break
            for each in done:
                failure = each.exception()
                if failure is None:
                    votes[each.result()] += 1
                    patience = OTHERS_S
                elif not isinstance(failure, NodeFailed):
                    raise failure
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return votes
