"""Where 64 bits end, program and twin refuse the same orders by the same name."""

import pytest

from quantdesk.domain.ledger import Refused
from quantdesk.domain.market import SOL
from quantdesk.domain.money import I64_MAX, SIZE_ONE, USD_ONE
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import Kind, OrderIntent
from quantdesk.domain.refusal import Refusal
from tests.domain.lockstep import Lockstep
from tests.domain.onchain import ARTIFACT

LARGEST_E9 = I64_MAX // SOL.lot_e9 * SOL.lot_e9

pytestmark = pytest.mark.skipif(not ARTIFACT.exists(), reason="the program is not built")


def test_an_order_that_would_carry_a_position_past_64_bits_overflows_in_both() -> None:
    pair = Lockstep()
    name = pair.traders[0]
    publish(pair)
    pair.deposit(name, 10_000 * USD_ONE)
    pair.place(name, order(1, SIZE_ONE, Kind.MARKET))
    pair.wait(1, 2)
    publish(pair)
    pair.execute(name, 1, with_reward=False)

    refused = pair.place(name, order(2, LARGEST_E9, Kind.LIMIT))

    assert isinstance(refused, Refused)
    assert refused.refusal is Refusal.MATH_OVERFLOW


def publish(pair: Lockstep) -> None:
    """SOL at 150, now."""
    reading = PriceReading(price_e6=150 * USD_ONE, conf_e6=50_000, publish_time=pair.now)
    pair.publish(0, reading)


def order(number: int, size_e9: int, kind: Kind) -> OrderIntent:
    """A purchase at 200 at most."""
    return OrderIntent(
        market_index=0,
        client_order_id=number,
        kind=kind,
        size_e9=size_e9,
        limit_price_e6=200 * USD_ONE,
        reduce_only=False,
    )
