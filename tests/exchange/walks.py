"""Walks: the random walks of the exchange on a proof, which judges every step itself."""

from dataclasses import replace

from quantdesk.domain.money import I64_MAX, clamp
from quantdesk.domain.order import Kind, OrderIntent
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

    def intent(self, name: str, index: int, *, kind: Kind) -> OrderIntent:
        """As the base, within what the program's 64 bits can say, however low a price fell."""
        drawn = super().intent(name, index, kind=kind)
        return replace(drawn, size_e9=clamp(drawn.size_e9, low=-I64_MAX, high=I64_MAX))
