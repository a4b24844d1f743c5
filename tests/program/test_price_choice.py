"""The executor chooses no price: the first publication after an order is fair, later ones cost."""

from dataclasses import replace

import pytest
from solders.pubkey import Pubkey

from tests.program.scene import BASE, USD, Scene

SIZE = 100 * BASE
FAIR_E6 = 15_008_022_500
ONE_CONFIDENCE_E6 = 5 * USD


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.price(150)
    return scene


@pytest.fixture
def trader(scene: Scene) -> Pubkey:
    return scene.person("the trader", usd=5_000)


def cost_after(scene: Scene, trader: Pubkey, waited_s: int, since_s: int, **given: int) -> int:
    """Cost of an order filled `waited_s` after it by a publication that spans `since_s`."""
    scene.require(scene.place(trader, SIZE, **given))
    scene.pass_time(waited_s)
    reading = scene.reading(150 * USD)
    spanning = replace(reading, previous_at=scene.now - since_s)
    scene.publish(0, spanning, slot=scene.slot)
    cost: int = scene.one("OrderExecuted", scene.execute(trader)).fields["cost_e6"]
    return cost


@pytest.mark.parametrize(
    ("waited_s", "since_s", "extra_e6"),
    [
        (1, 0, 0),
        (2, 0, 0),
        (3, 0, ONE_CONFIDENCE_E6),
        (3, 2, ONE_CONFIDENCE_E6),
        (3, 3, 0),
        (20, 20, 0),
        (20, 19, ONE_CONFIDENCE_E6),
    ],
)
def test_only_a_publication_that_spans_the_order_or_follows_at_once_costs_nothing_more(
    scene: Scene, trader: Pubkey, waited_s: int, since_s: int, extra_e6: int
) -> None:
    assert cost_after(scene, trader, waited_s, since_s) == FAIR_E6 + extra_e6


def test_a_resting_order_pays_for_the_choice_too(scene: Scene, trader: Pubkey) -> None:
    cost = cost_after(scene, trader, 50, 1, kind=1, limit_price_e6=151 * USD)

    assert cost == FAIR_E6 + ONE_CONFIDENCE_E6


def test_a_bound_is_judged_with_what_the_choice_costs(scene: Scene, trader: Pubkey) -> None:
    bound = 150_100_000
    scene.require(scene.place(trader, SIZE, limit_price_e6=bound))
    scene.pass_time(3)
    scene.price(150)

    cancelled = scene.one("OrderCancelled", scene.execute(trader))

    assert cancelled.fields["reason"] == 2
