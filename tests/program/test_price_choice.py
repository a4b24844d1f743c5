"""The executor chooses no price: the first publication after an order is fair, later ones cost."""

from dataclasses import replace

import pytest
from solders.pubkey import Pubkey

from tests.domain.onchain import Failed
from tests.program.scene import BASE, USD, Scene

SIZE = 100 * BASE
FAIR_E6 = 15_008_022_500
ONE_CONFIDENCE_E6 = 5 * USD
GATE_E6 = 750_000
"""The widest confidence with which the market opens at 150."""


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


def close_cost_e6(scene: Scene, trader: Pubkey, conf_e6: int, *, late: bool) -> int:
    """Cost of closing everything at 150 with this confidence."""
    scene.require(scene.place(trader, -SIZE, reduce_only=True))
    scene.pass_time(3 if late else 1)
    scene.price(150, conf_e6=conf_e6)
    cost: int = scene.one("OrderExecuted", scene.execute(trader)).fields["cost_e6"]
    return cost


@pytest.mark.parametrize(
    ("conf_e6", "late", "counted_e6"),
    [
        (GATE_E6 - 1, False, GATE_E6 - 1),
        (GATE_E6 + 1, False, GATE_E6),
        (GATE_E6 // 2 - 1, True, GATE_E6 - 2),
        (GATE_E6 // 2 + 1, True, GATE_E6),
        (15 * USD, False, GATE_E6),
        (15 * USD, True, GATE_E6),
    ],
)
def test_a_close_counts_no_more_doubt_than_the_market_opens_with(
    scene: Scene, trader: Pubkey, conf_e6: int, late: bool, counted_e6: int
) -> None:
    scene.trade(trader, SIZE, 150)
    without_doubt_e6 = -15_000 * USD + 3 * USD - 22_500

    paid_e6 = close_cost_e6(scene, trader, conf_e6, late=late)

    assert paid_e6 == without_doubt_e6 + counted_e6 * SIZE // BASE


@pytest.mark.parametrize("late", [False, True])
def test_a_wide_price_makes_no_debt_of_a_close_at_the_price_of_the_opening(
    scene: Scene, late: bool
) -> None:
    raider = scene.person("the raider", usd=800)
    scene.trade(raider, SIZE, 150)

    close_cost_e6(scene, raider, 15 * USD, late=late)

    assert scene.holding(raider)["size_e9"] == 0
    assert scene.cash_e6(raider) > 600 * USD


def test_a_flip_at_a_late_price_counts_all_its_doubt(scene: Scene, trader: Pubkey) -> None:
    scene.trade(trader, SIZE, 150)
    scene.require(scene.place(trader, -2 * SIZE))
    scene.pass_time(3)
    scene.price(150, conf_e6=GATE_E6)

    flip = scene.one("OrderExecuted", scene.execute(trader))

    assert flip.fields["cost_e6"] == -30_000 * USD + 6 * USD + 2 * 200 * GATE_E6


def accept_ahead(scene: Scene, seconds: int) -> None:
    """Publishes a price of a clock that is ahead, and the market accepts it."""
    ahead = scene.reading(150 * USD, age_s=-seconds)
    scene.publish(0, ahead, slot=scene.slot)
    scene.require(scene.do("update", scene.build.update_oracle_price(0), by=scene.keeper))


def test_a_price_that_the_market_had_accepted_fills_no_later_order(
    scene: Scene, trader: Pubkey
) -> None:
    accept_ahead(scene, 2)
    placed = scene.one("OrderPlaced", scene.place(trader, SIZE))
    order, asked_at = scene.must("Order", scene.order(trader)), scene.now
    scene.slot += 1
    scene.set_time(scene.now, slot=scene.slot)

    at_once = scene.execute(trader)
    scene.pass_time(1)
    accept_ahead(scene, 2)
    filled = scene.one("OrderExecuted", scene.execute(trader))

    assert order["placed_at"] == asked_at + 2
    assert order["expires_at"] == asked_at + 30
    assert placed.fields["at"] == asked_at
    assert at_once == Failed("PriceNotNewer")
    assert filled.fields["publish_time"] == asked_at + 3
