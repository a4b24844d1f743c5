"""The keeper and brackets: sleeping legs are left alone, orphans are taken away, nothing twice."""

from dataclasses import replace

import pytest

from quantdesk.domain.order import Kind, Order, Role
from quantdesk.domain.position import Position
from quantdesk.services.keeping_tasks import CancelExpired, CancelOrphan, ExchangeBook, ExecuteOrder
from quantdesk.services.plan_keeping import plan_keeping
from tests.services.test_plan_keeping import NOW, ONE_SOL, ORDER, PRICE, book, held, moment

LONG = replace(held(ONE_SOL), openings=3)
LEG = replace(
    ORDER,
    client_order_id=2,
    kind=Kind.TAKE_PROFIT,
    size_e9=-(2**63 - 1),
    limit_price_e6=1,
    trigger_price_e6=PRICE,
    reduce_only=True,
    expires_at=0,
)
AWAKE = replace(LEG, role=Role.AWAKE, link_ids=(3, 0), opening=3)
ASLEEP = replace(LEG, role=Role.ASLEEP, link_ids=(3, 1), size_e9=-ONE_SOL)
PARENT = replace(
    ORDER, kind=Kind.LIMIT, limit_price_e6=1, expires_at=0, role=Role.PARENT, link_ids=(2, 3)
)


def with_orders(position: Position | None, **orders: Order) -> ExchangeBook:
    return replace(book(position=position, usdc_e6=10**12), orders=orders)


def test_a_leg_sleeps_as_long_as_its_parent_lives() -> None:
    assert plan_keeping(with_orders(LONG, parent=PARENT, leg=ASLEEP), moment()) == []


@pytest.mark.parametrize("other", [(7, 8), (3, 4)])
def test_a_leg_whose_parent_is_gone_is_taken_away(other: tuple[int, int]) -> None:
    stranger = replace(PARENT, link_ids=other)

    assert plan_keeping(with_orders(LONG, leg=ASLEEP), moment()) == [CancelOrphan(order="leg")]
    found = plan_keeping(with_orders(LONG, parent=stranger, leg=ASLEEP), moment())
    assert found == [CancelOrphan(order="leg")]


def test_an_awake_leg_of_the_living_position_is_executed() -> None:
    assert plan_keeping(with_orders(LONG, leg=AWAKE), moment()) == [ExecuteOrder(order="leg")]


@pytest.mark.parametrize(
    "position",
    [
        None,
        replace(LONG, openings=4),
        replace(LONG, size_e9=-ONE_SOL, entry_e6=-PRICE, openings=3),
    ],
)
def test_an_awake_leg_never_meets_another_position(position: Position | None) -> None:
    assert plan_keeping(with_orders(position, leg=AWAKE), moment()) == [CancelOrphan(order="leg")]


def test_an_orphan_that_has_expired_is_closed_once() -> None:
    late = replace(AWAKE, expires_at=NOW - 1)

    assert plan_keeping(with_orders(None, leg=late), moment()) == [CancelExpired(order="leg")]
