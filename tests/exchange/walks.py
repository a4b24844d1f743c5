"""Walks: the random walks of the exchange on a proof, which judges every step itself."""

from tests.domain.everywalk import EveryWalk
from tests.exchange.proof import Proof


class ProofWalk(EveryWalk):
    """Walks a `Proof` with all its instructions."""

    pair: Proof

    def take(self, steps: int) -> None:
        """Takes actions until the pair has made so many more steps."""
        goal = self.pair.steps + steps
        while self.pair.steps < goal:
            ((_, action),) = self.source.choices(self.actions, self.habits)
            action()
