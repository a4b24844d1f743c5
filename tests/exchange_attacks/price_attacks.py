"""Replays of attacks on prices: pumped, squeezed, stale, seen early, sandwiched.

Each plays one draw on a fresh venue and says what bound it must keep; docs/attacks.md tells what
happened in reality.
"""

from random import Random

from quantdesk.domain.money import SIZE_ONE
from quantdesk.domain.oracle import FIRST_WINDOW_S
from quantdesk.domain.order import Kind
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

LOT = 10_000_000
POOL_SIZE = 10_000 * SIZE_ONE
"""The skew in SOL that the reserve of a pool of one million USD allows at the first price."""


def lots(size_e9: int) -> int:
    """The size cut to whole lots, at least one."""
    return max(LOT, size_e9 - size_e9 % LOT)


def a1_pump(raid: Raid, draw: Random) -> Bound:
    """A long against one's own short, the oracle pumped, the profit banked and taken out."""
    size = lots(draw.randint(POOL_SIZE // 10, POOL_SIZE))
    raid.fund(ONE, size * P0 // SIZE_ONE // draw.randint(3, 8))
    raid.fund(TWO, size * P0 // SIZE_ONE // draw.randint(3, 8))
    raid.trade(ONE, size)
    if draw.random() < 0.5:
        raid.trade(TWO, -lots(size // draw.randint(1, 10)))
    allowed = raid.outflow_e6(0)
    began, peak = raid.venue.at.now, P0
    for _ in range(draw.randint(2, 12)):
        peak = peak * draw.randint(102, 150) // 100
        raid.move(peak, seconds=draw.randint(6, 55))
        before = raid.taken_e6
        raid.take_most(ONE)
        assert raid.taken_e6 - before <= raid.paid_e6, "profit that is not banked was taken out"
        raid.venue.bank(ONE)
        raid.take_most(ONE)
        raid.sweep()
    taken_within = raid.venue.at.now - began
    for price in (P0, P0):
        raid.move(price)
    raid.sweep()
    raid.count_moves()
    most = min(allowed + allowed * taken_within // 3_600, size * (peak - P0) // SIZE_ONE)
    return Bound(gain_e6=most, loss_e6=most)


def a4_squeeze(raid: Raid, draw: Random) -> Bound:
    """Trades as large as the exchange allows, so as to push a healthy short into liquidation."""
    raid.fund(HONEST, 10_000 * USD)
    victim = lots(draw.randint(100, 1_200) * SIZE_ONE)
    raid.trade(HONEST, -victim)
    raid.fund(ONE, 2_000_000 * USD)
    raid.fund(TWO, 2_000_000 * USD)
    for _ in range(draw.randint(1, 10)):
        name = draw.choice((ONE, TWO))
        size = lots(draw.randint(LOT, POOL_SIZE))
        raid.trade(name, draw.choice((size, size, -size)))
        assert not done(raid.venue.liquidate(HONEST, 0, 0)), "a trade made an account liquidatable"
        raid.wait(draw.randint(0, 20))
        raid.tick(P0)
    raid.close(ONE)
    raid.close(TWO)
    return Bound(gain_e6=0, loss_e6=0)


def a7_stale_resume(raid: Raid, draw: Random) -> Bound:
    """The whole open interest is one account's; hours of silence; then who trades the old price?"""
    raid.crew = (ONE, TWO)  # Whoever liquidates the whale earns his reward honestly.
    whale = lots(draw.randint(POOL_SIZE // 20, POOL_SIZE))
    raid.fund(HONEST, whale * P0 // SIZE_ONE // draw.randint(5, 8))
    raid.trade(HONEST, draw.choice((whale, -whale)))
    raid.fund(ONE, 500_000 * USD)
    gap = draw.randint(-30, 30)
    new = P0 * (100 + gap) // 100
    mine = lots(draw.randint(LOT, POOL_SIZE // 4)) * (1 if gap > 0 else -1)
    resting = raid.place(ONE, mine, kind=Kind.LIMIT, limit_price_e6=P0)
    old = raid.orders[ONE]
    raid.wait(draw.randint(60, 12 * 3_600))
    assert not raid.trade(ONE, mine), "an old price was traded"
    raid.wait(1)
    raid.tick(new)
    assert not done(raid.venue.liquidate(HONEST, 0, 0)), "liquidated at the first price"
    assert not (resting and raid.execute(ONE, old)), "filled at the first price"
    raid.venue.look(0)
    raid.wait(1)
    raid.tick(new)
    began = raid.profit_e6()
    if resting:
        raid.execute(ONE, old)
    raid.venue.look(0)
    raid.sweep()
    assert raid.profit_e6() <= began, "the old price paid"
    notional = whale * P0 // SIZE_ONE
    return Bound(gain_e6=0, loss_e6=shortfall_e6(raid.params, notional, abs(gap) * 10_000))


def a8_sniping(raid: Raid, draw: Random) -> Bound:
    """Who sees prices early posts, of those of the last five seconds, the one that suits him."""
    raid.fund(ONE, 500_000 * USD)
    size = lots(draw.randint(LOT, POOL_SIZE // 4))
    path = [P0]
    for _ in range(5):
        path.append(path[-1] + path[-1] * draw.randint(-30, 30) // 10_000)
    later, end = path[1:], path[-1]
    buys = end - min(later) > max(later) - end
    chosen = min(later) if buys else max(later)
    second = later.index(chosen) + 1
    raid.place(ONE, size if buys else -size)
    raid.wait(5)
    raid.tick(chosen, age_s=5 - second)
    raid.execute(ONE)
    raid.tick(end)
    raid.count_moves()
    seen = size * abs(end - chosen) // SIZE_ONE
    most = max(0, seen - raid.cost_e6(size, late=second > FIRST_WINDOW_S) + USD)
    return Bound(gain_e6=most, loss_e6=most)


def a9_sandwich(raid: Raid, draw: Random) -> Bound:
    """Both ways at once around two updates that are known in advance."""
    raid.fund(ONE, 500_000 * USD)
    size = lots(draw.randint(LOT, POOL_SIZE // 4))
    raid.place(ONE, size)
    buy = raid.orders[ONE]
    assert not raid.execute(ONE), "filled at the price that was there"
    raid.place(ONE, -size)
    sell = raid.orders[ONE]
    first = P0 + P0 * draw.randint(-50, 50) // 10_000
    second = first + first * draw.randint(-50, 50) // 10_000
    order = (buy, sell) if second > first else (sell, buy)
    raid.wait(2)
    raid.tick(first, age_s=1)
    raid.execute(ONE, order[0])
    raid.tick(second)
    raid.execute(ONE, order[1])
    raid.count_moves()
    known = size * abs(second - first) // SIZE_ONE
    most = max(0, known - 2 * raid.cost_e6(size) + 2 * USD)
    return Bound(gain_e6=most, loss_e6=most)


def a9_shares(raid: Raid, draw: Random) -> Bound:
    """Shares of the pool bought just before an update that is good for it, and sold after it."""
    raid.fund(HONEST, 300_000 * USD)
    skew = draw.choice((1, -1)) * lots(draw.randint(LOT, POOL_SIZE // 2))
    raid.trade(HONEST, skew)
    amount = draw.randint(1_000, 1_000_000) * USD
    assert done(raid.venue.pool_deposit(TWO, amount, 1))
    share = raid.venue.ledger.share_of(raid.venue.owner(TWO)).shares
    step = draw.randint(1, 300) * P0 // 10_000
    raid.move(P0 - step if skew > 0 else P0 + step)
    raid.venue.request_withdrawal(TWO, share)
    assert not done(raid.venue.pool_withdraw(TWO, 1)), "shares left at once"
    raid.wait(86_400)
    for _ in range(2):
        raid.move(raid.price_e6)
    before = raid.venue.ledger.pool.cash_e6
    sold = done(raid.venue.pool_withdraw(TWO, 1))
    raid.paid_e6, raid.taken_e6 = amount, before - raid.venue.ledger.pool.cash_e6
    raid.start_house_e6 += amount if not sold else amount - raid.taken_e6
    raid.count_moves()
    gained = abs(skew) * step // SIZE_ONE + abs(skew) * P0 // SIZE_ONE * 24 * 1_000 // 10**6
    return Bound(gain_e6=gained, loss_e6=0)
