"""Bracket: legs sleep under their parent, guard what it opened, and end together."""

from dataclasses import replace

import pytest

from quantdesk.domain.bracket import WHOLE_E9, Bracket, Leg
from quantdesk.domain.delegate import Delegate
from quantdesk.domain.events import OrderCancelled, OrderExecuted, OrderPlaced
from quantdesk.domain.ledger import Applied, Outcome, Refused
from quantdesk.domain.links import is_orphan
from quantdesk.domain.money import Price
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import CancelReason, Kind, Order, OrderIntent, Role
from quantdesk.domain.position_events import BracketArmed, BracketPlaced
from quantdesk.domain.refusal import Refusal
from tests.domain.desk import TRADER, Desk, units
from tests.domain.invariants import check_invariants

GAIN_ID, LOSS_ID = 901, 902
STRANGER = "a stranger"
BOT, RIVAL = "bot", "rival bot"


def legs(gain: str = "160", loss: str = "140", *, parent_id: int | None = None) -> Bracket:
    """A bracket whose legs take any price."""

    def leg(number: int, trigger: str, limit: str) -> Leg:
        return Leg(
            client_order_id=number,
            trigger_price_e6=Price.parse(trigger).units,
            limit_price_e6=Price.parse(limit).units,
        )

    sells = Price.parse(loss).units < Price.parse(gain).units
    bound = "0.01" if sells else "1000000"
    return Bracket(
        market_index=0,
        take_profit=leg(GAIN_ID, gain, bound),
        stop=leg(LOSS_ID, loss, bound),
        parent_id=parent_id,
    )


def by_name(desk: Desk, size_e9: int, *, reduce_only: bool = False) -> OrderIntent:
    desk.order_id += 1
    return OrderIntent(
        market_index=0,
        client_order_id=desk.order_id,
        kind=Kind.MARKET,
        size_e9=size_e9,
        limit_price_e6=10**12 if size_e9 > 0 else 10_000,
        reduce_only=reduce_only,
    )


def trading() -> Desk:
    """A trader with money at a price of 150."""
    desk = Desk()
    desk.open(usd=10_000)
    desk.price("150")
    return desk


def parented(size: int = 10, *, kind: Kind = Kind.MARKET, limit: str | None = None) -> Desk:
    """A waiting order with legs asleep under it."""
    desk = trading()
    desk.place(units(size), kind=kind, limit=limit)
    bracket = legs(parent_id=desk.order_id) if size > 0 else legs("140", "160", parent_id=1)
    assert isinstance(bracketed(desk, bracket), Applied)
    return desk


def guarded(size: int = 10) -> Desk:
    """The same once the parent has filled: the legs are awake."""
    desk = parented(size)
    desk.wait(1)
    desk.price("150")
    assert isinstance(desk.execute(), Applied)
    desk.wait(1)
    return desk


def bracketed(desk: Desk, bracket: Bracket, *, by: str | None = None) -> Outcome:
    return desk.exchange.place_bracket(TRADER, bracket, at=desk.at, by=by)


def execute(desk: Desk, number: int) -> Outcome:
    return desk.exchange.execute_order(TRADER, number, keeper=None, at=desk.at)


def order(desk: Desk, number: int) -> Order:
    return desk.ledger.orders[(TRADER, number)]


def kinds(outcome: Outcome) -> list[object]:
    """Events by type; a cancelled order by its id and reason."""
    assert isinstance(outcome, Applied), outcome
    return [
        (each.client_order_id, each.reason) if isinstance(each, OrderCancelled) else type(each)
        for each in outcome.events
        if type(each).__name__ != "FundingAccrued"
    ]


def size(desk: Desk) -> int:
    return desk.ledger.position(TRADER, 0).size_e9


def test_legs_sleep_until_their_parent_fills() -> None:
    desk = parented()
    desk.wait(1)
    desk.price("140")

    assert execute(desk, LOSS_ID) == Refused(refusal=Refusal.LEG_ASLEEP)
    assert order(desk, GAIN_ID).size_e9 == -units(10)
    assert order(desk, desk.order_id).role is Role.PARENT
    assert desk.ledger.accounts[TRADER].open_orders == 3
    check_invariants(desk.ledger)


def test_a_fill_wakes_both_legs_and_the_next_price_rule_starts_anew() -> None:
    desk = parented()
    desk.wait(1)
    desk.price("150")

    assert kinds(desk.execute()) == [OrderExecuted, BracketArmed]
    for number in (GAIN_ID, LOSS_ID):
        leg = order(desk, number)
        assert (leg.role, leg.opening, leg.placed_at) == (Role.AWAKE, 1, desk.now)
        assert execute(desk, number) == Refused(refusal=Refusal.PRICE_NOT_NEWER)
    check_invariants(desk.ledger)


@pytest.mark.parametrize(
    ("price", "hit", "closed"), [("160", GAIN_ID, LOSS_ID), ("140", LOSS_ID, GAIN_ID)]
)
def test_one_leg_closes_the_position_and_its_sibling(price: str, hit: int, closed: int) -> None:
    desk = guarded()
    desk.price(price)
    desk.settle_on(price)

    assert execute(desk, closed) == Refused(refusal=Refusal.TRIGGER_NOT_REACHED)
    assert kinds(execute(desk, hit)) == [OrderExecuted, (closed, CancelReason.OCO)]
    assert size(desk) == 0
    assert not desk.ledger.orders
    check_invariants(desk.ledger)


def test_a_short_is_guarded_the_other_way_round() -> None:
    desk = guarded(-10)
    desk.settle_on("140")

    assert kinds(execute(desk, GAIN_ID)) == [OrderExecuted, (LOSS_ID, CancelReason.OCO)]
    assert size(desk) == 0


def test_legs_of_a_parent_close_what_it_opened_and_leave_the_rest() -> None:
    desk = guarded()
    desk.trade(units(5), "150")
    desk.settle_on("160")

    execute(desk, GAIN_ID)

    assert size(desk) == units(5)


def test_legs_without_a_parent_close_whatever_the_position_has_become() -> None:
    desk = trading()
    desk.trade(units(10), "150")
    told = bracketed(desk, legs())
    assert kinds(told) == [OrderPlaced, OrderPlaced, BracketPlaced]
    assert order(desk, GAIN_ID).size_e9 == -WHOLE_E9
    desk.trade(units(7), "150")
    desk.settle_on("160")

    execute(desk, GAIN_ID)

    assert size(desk) == 0


def test_a_parent_that_cannot_fill_takes_its_legs_along() -> None:
    desk = parented(10)
    desk.ledger.orders[(TRADER, 1)] = replace(order(desk, 1), limit_price_e6=10_000)
    desk.wait(1)
    desk.price("150")

    assert kinds(execute(desk, 1)) == [
        (1, CancelReason.SLIPPAGE),
        (GAIN_ID, CancelReason.ORPHAN),
        (LOSS_ID, CancelReason.ORPHAN),
    ]
    assert desk.ledger.accounts[TRADER].open_orders == 0


def test_a_parent_that_only_reduces_another_position_wakes_nobody() -> None:
    desk = trading()
    desk.trade(-units(30), "150")
    desk.place(units(10))
    assert isinstance(bracketed(desk, legs(parent_id=desk.order_id)), Applied)
    desk.wait(1)
    desk.price("150")

    assert kinds(desk.execute()) == [
        OrderExecuted,
        (GAIN_ID, CancelReason.ORPHAN),
        (LOSS_ID, CancelReason.ORPHAN),
    ]


def test_a_cancelled_parent_leaves_orphans_that_anyone_clears_away() -> None:
    desk = parented()
    untouched = desk.exchange.cancel_order(TRADER, GAIN_ID, at=desk.at, by=STRANGER)
    assert untouched == Refused(refusal=Refusal.UNAUTHORIZED)

    desk.exchange.cancel_order(TRADER, desk.order_id, at=desk.at)
    told = desk.exchange.cancel_order(TRADER, GAIN_ID, at=desk.at, by=STRANGER)

    assert kinds(told) == [(GAIN_ID, CancelReason.ORPHAN)]
    assert execute(desk, LOSS_ID) == Refused(refusal=Refusal.LEG_ASLEEP)


def test_an_order_placed_later_under_a_dead_parent_s_id_is_no_parent() -> None:
    desk = parented()
    desk.exchange.cancel_order(TRADER, 1, at=desk.at)
    desk.order_id = 0
    desk.place(units(10))

    assert is_orphan(desk.ledger, order(desk, GAIN_ID))
    desk.wait(1)
    desk.price("150")
    assert kinds(desk.execute()) == [OrderExecuted]
    assert order(desk, GAIN_ID).role is Role.ASLEEP


def test_a_later_parent_under_that_id_owns_its_own_legs_only() -> None:
    desk = parented()
    desk.exchange.cancel_order(TRADER, 1, at=desk.at)
    desk.order_id = 0
    desk.place(units(10))
    later = legs(parent_id=1)
    own = replace(
        later,
        take_profit=replace(later.take_profit, client_order_id=903),
        stop=replace(later.stop, client_order_id=904),
    )
    assert isinstance(bracketed(desk, own), Applied)

    assert is_orphan(desk.ledger, order(desk, GAIN_ID))
    assert not is_orphan(desk.ledger, order(desk, 903))


def test_legs_die_with_the_opening_that_they_guard() -> None:
    desk = guarded()
    desk.trade(-units(10), "150")
    desk.trade(units(10), "150")
    desk.settle_on("140")
    assert desk.ledger.position(TRADER, 0).openings == 2

    assert kinds(execute(desk, LOSS_ID)) == [(LOSS_ID, CancelReason.ORPHAN)]
    told = desk.exchange.cancel_order(TRADER, GAIN_ID, at=desk.at, by=STRANGER)
    assert kinds(told) == [(GAIN_ID, CancelReason.ORPHAN)]
    assert size(desk) == units(10)


def test_a_flip_is_another_opening() -> None:
    desk = guarded()
    desk.trade(-units(25), "150")

    assert desk.ledger.position(TRADER, 0).openings == 2
    assert is_orphan(desk.ledger, order(desk, GAIN_ID))


def test_a_leg_past_its_bound_waits_and_protects_still() -> None:
    desk = guarded()
    leg = order(desk, LOSS_ID)
    bound_e6 = Price.parse("139").units
    desk.ledger.orders[(TRADER, LOSS_ID)] = replace(leg, limit_price_e6=bound_e6)
    desk.settle_on("138")

    past = execute(desk, LOSS_ID)
    desk.settle_on("139.50")

    assert past == Refused(refusal=Refusal.LIMIT_NOT_REACHED)
    assert kinds(execute(desk, LOSS_ID)) == [OrderExecuted, (GAIN_ID, CancelReason.OCO)]
    assert size(desk) == 0


def publish_ahead(desk: Desk, price: str) -> None:
    """A price of a clock that is two seconds ahead."""
    reading = PriceReading(
        price_e6=Price.parse(price).units, conf_e6=50_000, publish_time=desk.now + 2
    )
    desk.exchange.publish(0, reading)


def test_the_price_that_filled_a_parent_fills_no_leg_though_it_was_dated_ahead() -> None:
    desk = parented()
    desk.wait(1)
    publish_ahead(desk, "139.50")

    told = kinds(desk.execute())
    desk.slot += 1

    assert told == [OrderExecuted, BracketArmed]
    assert order(desk, LOSS_ID).placed_at == desk.now + 2
    assert execute(desk, LOSS_ID) == Refused(refusal=Refusal.PRICE_NOT_NEWER)


def test_legs_around_a_position_wait_for_a_price_that_the_market_has_not_accepted() -> None:
    desk = trading()
    desk.trade(units(10), "150")
    publish_ahead(desk, "139.50")
    desk.exchange.update_oracle_price(0, at=desk.at)

    assert isinstance(bracketed(desk, legs()), Applied)
    desk.slot += 1

    assert execute(desk, LOSS_ID) == Refused(refusal=Refusal.PRICE_NOT_NEWER)


@pytest.mark.parametrize(
    ("bracket", "refusal"),
    [
        (legs("140", "160", parent_id=1), Refusal.INVALID_ORDER),
        (legs("150", "150", parent_id=1), Refusal.INVALID_ORDER),
        (legs("160", "0", parent_id=1), Refusal.INVALID_ORDER),
        (legs("160.001", "140", parent_id=1), Refusal.OFF_TICK),
        (replace(legs(parent_id=1), expires_at=1), Refusal.INVALID_EXPIRY),
        (replace(legs(parent_id=1), market_index=1), Refusal.WRONG_ACCOUNT),
        (legs(), Refusal.NO_POSITION),
        (legs(parent_id=1), None),
    ],
)
def test_a_bracket_fits_its_parent_or_is_refused(bracket: Bracket, refusal: Refusal | None) -> None:
    desk = trading()
    desk.ledger.markets[1] = replace(
        desk.ledger.markets[0], params=replace(desk.ledger.markets[0].params, index=1)
    )
    desk.place(units(10))

    told = bracketed(desk, bracket)

    assert isinstance(told, Applied) if refusal is None else told == Refused(refusal=refusal)


@pytest.mark.parametrize(("placer", "may_tie"), [(RIVAL, False), (None, False), (BOT, True)])
def test_a_delegate_ties_legs_to_its_own_orders_only(placer: str | None, may_tie: bool) -> None:
    desk = trading()
    for bot in (BOT, RIVAL):
        desk.exchange.add_delegate(TRADER, Delegate(key=bot, permissions=1), at=desk.at)
    intent = replace(by_name(desk, units(10)), client_order_id=1)
    assert isinstance(desk.exchange.place_order(TRADER, intent, at=desk.at, by=placer), Applied)

    told = bracketed(desk, legs(parent_id=1), by=BOT)

    refused = Refused(refusal=Refusal.UNAUTHORIZED)
    assert isinstance(told, Applied) if may_tie else told == refused


def test_a_parent_has_one_bracket_and_is_no_reduction() -> None:
    desk = parented()
    again = replace(legs(parent_id=1), take_profit=replace(legs().take_profit, client_order_id=7))
    assert bracketed(desk, again) == Refused(refusal=Refusal.INVALID_ORDER)

    other = trading()
    other.trade(units(10), "150")
    other.place(-units(10), reduce_only=True)
    told = bracketed(other, legs("140", "160", parent_id=other.order_id))
    assert told == Refused(refusal=Refusal.INVALID_ORDER)


@pytest.mark.parametrize(("waiting", "refusal"), [(30, None), (31, Refusal.TOO_MANY_ORDERS)])
def test_both_legs_need_a_place(waiting: int, refusal: Refusal | None) -> None:
    desk = trading()
    desk.place(units(1))
    account = desk.ledger.accounts[TRADER]
    desk.ledger.accounts[TRADER] = replace(account, open_orders=waiting)

    told = bracketed(desk, legs(parent_id=1))

    assert isinstance(told, Applied) if refusal is None else told == Refused(refusal=refusal)
