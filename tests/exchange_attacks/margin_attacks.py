"""Replays of attacks on margin: losses left behind, profits taken first, rewards, dust, funding.

Each plays one draw on a fresh venue and says what bound it must keep; docs/attacks.md tells what
happened in reality.
"""

from collections.abc import Callable
from functools import partial
from random import Random

from quantdesk.domain.market import MarketParams
from quantdesk.domain.money import FRACTION_ONE, SIZE_ONE
from tests.exchange_attacks.price_attacks import LOT, POOL_SIZE, lots
from tests.exchange_attacks.raid import (
    HONEST,
    ONE,
    P0,
    TWO,
    USD,
    Bound,
    Raid,
    done,
    shortfall_e6,
)

CROWD = (HONEST, "trader 3", "trader 4", "trader 5")
LARGEST = 50_000 * SIZE_ONE
"""The largest position of one account, SOL."""

LARGEST_STEP = 6_500
"""The most that a price moves at once while somebody lets himself be liquidated, e6."""


def notional_e6(size_e9: int, price_e6: int = P0) -> int:
    """What a size is worth."""
    return abs(size_e9) * price_e6 // SIZE_ONE


def margin_e6(raid: Raid, size_e9: int) -> int:
    """Just enough to open a size at the highest leverage of its tier, costs included."""
    worth = notional_e6(size_e9)
    tier = next(each for each in raid.params.tiers if worth <= each.notional_cap_e6)
    return worth * (tier.imr_e6 + 2_500) // FRACTION_ONE + USD


def a2_margin_out(raid: Raid, draw: Random) -> Bound:
    """A winner banks and withdraws all he may, then lets the rest be liquidated."""
    raid.venue.update(ONE, 100)
    size = lots(draw.randint(POOL_SIZE // 50, POOL_SIZE * 8 // 10)) * draw.choice((1, -1))
    raid.fund(ONE, margin_e6(raid, size))
    raid.trade(ONE, size)
    side, price, largest = (1 if size > 0 else -1), P0, 0
    for _ in range(draw.randint(1, 6)):
        price += side * price * draw.randint(10, 500) // 10_000
        raid.move(price)
        raid.venue.bank(ONE)
        raid.take_most(ONE)
        largest = max(largest, notional_e6(size, price))
    gap = draw.randint(1_000, 60_000)
    for _ in range(60):
        if not raid.size_e9(ONE):
            break
        price -= side * price * gap // FRACTION_ONE
        raid.move(price)
        raid.sweep()
    most = shortfall_e6(raid.params, largest, gap * 107 // 100)
    return Bound(gain_e6=most, loss_e6=most)


def a3_left_behind(raid: Raid, draw: Random) -> Bound:
    """A long against one's own short, each with the least margin; the gap makes one bankrupt."""
    gap = draw.randint(5_000, 200_000)
    return _pair_in_a_gap(raid, draw, gap=gap, orders=("sweep", "close", "take"))


def a5_profit_race(raid: Raid, draw: Random) -> Bound:
    """The winner of such a pair is first: profit banked and taken before the loss is known."""
    gap = draw.randint(5_000, 200_000)
    steps = draw.sample(("bank", "take", "close", "sweep", "claim", "take"), 6)
    return _pair_in_a_gap(raid, draw, gap=gap, orders=tuple(steps))


def _pair_in_a_gap(raid: Raid, draw: Random, *, gap: int, orders: tuple[str, ...]) -> Bound:
    raid.fund(HONEST, 50_000 * USD)
    size = lots(draw.randint(POOL_SIZE // 10, LARGEST))
    for name in (ONE, TWO):
        raid.venue.update(name, 100)
        raid.fund(name, margin_e6(raid, size))
    for name in (ONE, TWO) * 8:
        left = size - abs(raid.size_e9(name))
        part = min(left, POOL_SIZE // 2)
        if part >= LOT:
            raid.trade(name, lots(part) if name == ONE else -lots(part))
    held = max(abs(raid.size_e9(ONE)), abs(raid.size_e9(TWO)))
    up = draw.random() < 0.5
    price = P0 + (P0 if up else -P0) * gap // FRACTION_ONE
    raid.move(price)
    winner = ONE if up else TWO
    acts: dict[str, Callable[[], object]] = {
        "bank": partial(raid.venue.bank, winner),
        "take": partial(raid.take_most, winner),
        "close": partial(raid.close, winner),
        "sweep": raid.sweep,
        "claim": partial(raid.venue.pay_claims, winner),
    }
    for each in orders:
        acts[each]()
    raid.sweep()
    raid.wait(3_600)
    assert done(raid.venue.withdraw(HONEST, 50_000 * USD)), "somebody else's money is gone"
    raid.fund(HONEST, 50_000 * USD)
    most = shortfall_e6(raid.params, notional_e6(held), gap)
    return Bound(gain_e6=most, loss_e6=most)


def a10_self_liquidation(raid: Raid, draw: Random) -> Bound:
    """Opens where the skew pays for it and is liquidated by himself, at the oracle, for a share."""
    crowd = draw.choice((1, -1)) * lots(draw.randint(POOL_SIZE // 10, POOL_SIZE))
    return _liquidates_himself(raid, draw, crowd=crowd, people=(HONEST,))


def a10_in_a_crowd(raid: Raid, draw: Random) -> Bound:
    """The same where a pool twenty-four times as large lets the skew go to its cap."""
    crowd = draw.choice((1, -1)) * lots(draw.randint(LARGEST // 10, LARGEST))
    return _liquidates_himself(raid, draw, crowd=crowd, people=CROWD)


def _liquidates_himself(raid: Raid, draw: Random, *, crowd: int, people: tuple[str, ...]) -> Bound:
    for name in people:
        raid.fund(name, 8_000_000 * USD)
        raid.trade(name, crowd)
    raid.begin()
    rebate = raid.params.impact_e6 * abs(raid.skew_e9) // raid.params.skew_scale_e9
    side, most = (-1 if crowd > 0 else 1), 0
    for _ in range(draw.randint(1, 4)):
        for name in (ONE, TWO):
            raid.venue.update(name, 100)
            size = lots(draw.choice((66, 600, draw.randint(1, 600))) * SIZE_ONE)
            raid.fund(name, margin_e6(raid, size))
            raid.trade(name, side * size)
            gain = notional_e6(size, raid.price_e6) * rebate // FRACTION_ONE
            lost = forfeited_e6(raid.params, notional_e6(size, raid.price_e6), LARGEST_STEP)
            most += max(0, gain - raid.cost_e6(size) - lost + USD)
        for _ in range(draw.choice((3, 60))):
            if not raid.size_e9(ONE) and not raid.size_e9(TWO):
                break
            step = draw.randint(1_000, LARGEST_STEP - 500)
            raid.move(raid.price_e6 - side * raid.price_e6 * step // FRACTION_ONE)
            raid.sweep()
        for name in (ONE, TWO):
            raid.close(name)
            raid.take_most(name)
    gap = shortfall_e6(raid.params, notional_e6(2_400 * SIZE_ONE, 2 * P0), LARGEST_STEP)
    return Bound(gain_e6=most + gap, loss_e6=most + gap)


def forfeited_e6(params: MarketParams, notional: int, step: int) -> int:
    """The least that being liquidated after one price step takes from whoever liquidates himself.

    Of the equity that the step leaves above the requirement he gets back half of the penalty; the
    rest of it goes to pool and fund as long as the impact of the close asks for it.
    """
    tier = next(each for each in params.tiers if notional <= each.notional_cap_e6)
    left = notional * max(0, tier.mmr_e6 - step) // FRACTION_ONE
    penalty = notional * min(params.liquidation_fee_e6, tier.mmr_e6 // 2) // FRACTION_ONE
    return left - min(left, penalty) // 2


def a11_dust(raid: Raid, draw: Random) -> Bound:
    """As many of the smallest positions as there are turns, opened, cut and left to die."""
    held = 0
    for name in (ONE, TWO):
        raid.fund(name, draw.randint(1, 20) * USD)
    for _ in range(draw.randint(5, 40)):
        name = draw.choice((ONE, TWO))
        assert not raid.place(name, draw.randint(1, LOT - 1)), "less than a lot was placed"
        raid.trade(name, draw.choice((LOT, -LOT, 2 * LOT)))
        raid.close(name) if draw.random() < 0.3 else None
        held = max(held, abs(raid.size_e9(ONE)) + abs(raid.size_e9(TWO)))
        if draw.random() < 0.2:
            raid.move(raid.price_e6 + raid.price_e6 * draw.randint(-100, 100) // 10_000)
            raid.sweep()
    gap = draw.randint(0, 300_000)
    raid.move(raid.price_e6 + draw.choice((1, -1)) * raid.price_e6 * gap // FRACTION_ONE)
    raid.sweep()
    most = notional_e6(held, 2 * P0) * gap // FRACTION_ONE
    return Bound(gain_e6=most, loss_e6=most)


def a12_funding(raid: Raid, draw: Random) -> Bound:
    """The skew pushed just before the hour, the other side of it held by a second account."""
    raid.fund(HONEST, 2_000_000 * USD)
    raid.trade(HONEST, draw.choice((1, -1)) * lots(draw.randint(LOT, POOL_SIZE // 2)))
    raid.fund(ONE, 2_000_000 * USD)
    raid.fund(TWO, 2_000_000 * USD)
    to_the_hour = 3_600 - raid.venue.at.now % 3_600
    raid.wait(max(0, to_the_hour - draw.randint(3, 120)))
    for _ in range(2):
        raid.move(raid.price_e6)
    for _ in range(draw.randint(1, 4)):
        raid.trade(ONE, draw.choice((1, -1)) * lots(draw.randint(LOT, POOL_SIZE // 2)))
        raid.trade(TWO, draw.choice((1, -1)) * lots(draw.randint(LOT, POOL_SIZE // 2)))
    hold = draw.randint(1, 3_600)
    raid.wait(hold)
    for _ in range(2):
        raid.move(raid.price_e6, seconds=1)
        raid.venue.settle(0, draw.choice((ONE, TWO, None)))
    raid.close(ONE)
    raid.close(TWO)
    return Bound(gain_e6=0, loss_e6=0)
