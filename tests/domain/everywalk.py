"""Every walk: one random walk over every instruction of the exchange."""

from tests.domain.positionstep import PositionStep
from tests.domain.positionwalk import PositionWalk
from tests.domain.vaultstep import VaultStep, WatchedChain
from tests.domain.vaultwalk import VaultWalk


class EveryStep(PositionStep, VaultStep):
    """Whatever the program can do."""


class WatchedStep(EveryStep):
    """The same, where an oracle watches USDC."""

    chain_type = WatchedChain


class EveryWalk(PositionWalk, VaultWalk):
    """Walks an `EveryStep`."""

    pair: EveryStep
