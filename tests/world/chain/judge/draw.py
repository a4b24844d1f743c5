"""The draw: every actor's acts, good and bad, from a seed."""

from __future__ import annotations

from tests.world.chain.judge.actor import Actor, Case
from tests.world.chain.judge.bad import BAD
from tests.world.chain.judge.good import GOOD, filling, opening

FILLERS = 10
"""So many actors end with a filled order; their money then depends on the moment."""
GOOD_SHARE = 0.52


def draw_cases(actor: Actor, count: int) -> list[Case]:
    """The actor's transactions: an account and money, anything, and for some an order filled."""
    actor.draw.seed(f"judge {actor.number}")
    found, good, bad = opening(actor), 5 * actor.number, 3 * actor.number
    room = count - (len(filling(_stand_in(actor))) if actor.number < FILLERS else 0)
    while len(found) < room:
        if actor.draw.random() < GOOD_SHARE:
            dealt, good = GOOD[good % len(GOOD)], good + 1
        else:
            dealt, bad = BAD[bad % len(BAD)], bad + 1
        acts = dealt(actor)
        if len(found) + len(acts) <= room:
            found += acts
    return found + (filling(actor) if actor.number < FILLERS else [])


def _stand_in(actor: Actor) -> Actor:
    return Actor(
        number=actor.number,
        build=actor.build,
        mint=actor.mint,
        table=actor.table,
        rents=actor.rents,
    )
