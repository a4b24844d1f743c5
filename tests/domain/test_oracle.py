"""Which price may be used for what: the matrix of grades and actions, border by border."""

from dataclasses import replace

import pytest

from quantdesk.domain.market import SOL, MarketState
from quantdesk.domain.money import USD_ONE
from quantdesk.domain.oracle import (
    Action,
    Grade,
    PriceReading,
    grade,
    is_late,
    reading_of,
    recorded,
    refusal_of,
)
from quantdesk.domain.refusal import Refusal
from tests.domain.desk import Desk

NOW = 1_760_000_000
PRICE = 100 * USD_ONE
MARKET = MarketState(params=SOL, last_price_e6=PRICE, last_publish_time=NOW - 3)


def published(
    *, price: int = PRICE, conf: int = 0, age: int = 0, market: MarketState = MARKET
) -> dict[Action, Grade]:
    reading = PriceReading(price_e6=price, conf_e6=conf, publish_time=NOW - age)
    return {action: grade(reading, market, action=action, now=NOW) for action in Action}


@pytest.mark.parametrize(
    ("found", "allowed"),
    [
        (Grade.VALID, set(Action)),
        (Grade.WIDE, {Action.REDUCE, Action.LIQUIDATE}),
        (Grade.STALE, set()),
        (Grade.JUMPED, set()),
        (Grade.NEGATIVE, set()),
        (Grade.FUTURE, set()),
    ],
)
def test_each_grade_allows_exactly_its_actions(found: Grade, allowed: set[Action]) -> None:
    reading = {
        Grade.VALID: PriceReading(price_e6=PRICE, conf_e6=0, publish_time=NOW),
        Grade.WIDE: PriceReading(price_e6=PRICE, conf_e6=PRICE // 10, publish_time=NOW),
        Grade.STALE: PriceReading(price_e6=PRICE, conf_e6=0, publish_time=NOW - 30),
        Grade.JUMPED: PriceReading(price_e6=2 * PRICE, conf_e6=0, publish_time=NOW),
        Grade.NEGATIVE: PriceReading(price_e6=0, conf_e6=0, publish_time=NOW),
        Grade.FUTURE: PriceReading(price_e6=PRICE, conf_e6=0, publish_time=NOW + 3),
    }[found]
    market = replace(MARKET, last_publish_time=NOW - 31 if found is Grade.STALE else NOW - 3)

    for action in Action:
        refusal = refusal_of(reading, market, action=action, now=NOW)
        assert (refusal is None) is (action in allowed), (found, action, refusal)


@pytest.mark.parametrize(
    ("action", "limit_s"), [(Action.GROW, 5), (Action.REDUCE, 20), (Action.LIQUIDATE, 10)]
)
def test_a_price_is_stale_one_second_past_the_limit(action: Action, limit_s: int) -> None:
    market = replace(MARKET, last_publish_time=NOW - 25)

    assert published(age=limit_s, market=market)[action] is Grade.VALID
    assert published(age=limit_s + 1, market=market)[action] is Grade.STALE


def test_a_price_older_than_the_last_accepted_one_is_stale() -> None:
    assert published(age=3)[Action.GROW] is Grade.VALID
    assert published(age=4)[Action.GROW] is Grade.STALE


def test_a_price_is_wide_one_unit_past_the_gate() -> None:
    gate = PRICE * SOL.conf_gate_e6 // 10**6

    assert published(conf=gate)[Action.GROW] is Grade.VALID
    assert published(conf=gate + 1)[Action.GROW] is Grade.WIDE


def test_a_price_may_be_two_seconds_ahead_and_not_three() -> None:
    assert published(age=-2)[Action.GROW] is Grade.VALID
    assert published(age=-3)[Action.GROW] is Grade.FUTURE


def test_ten_percent_within_five_seconds_is_a_move_and_one_unit_more_a_jump() -> None:
    tenth = PRICE // 10

    for price in (PRICE + tenth, PRICE - tenth):
        assert published(price=price)[Action.GROW] is Grade.VALID
    for price in (PRICE + tenth + 1, PRICE - tenth - 1):
        assert published(price=price)[Action.LIQUIDATE] is Grade.JUMPED


def test_after_five_seconds_a_large_move_is_no_jump() -> None:
    later = replace(MARKET, last_publish_time=NOW - 6)

    assert published(price=2 * PRICE, market=later)[Action.GROW] is Grade.VALID


@pytest.mark.parametrize(("silence_s", "found"), [(60, Grade.VALID), (61, Grade.JUMPED)])
def test_the_first_price_after_a_minute_of_silence_only_announces(
    silence_s: int, found: Grade
) -> None:
    market = replace(MARKET, last_publish_time=NOW - silence_s)

    assert published(market=market)[Action.GROW] is found


def test_a_second_publication_near_the_pending_one_confirms_a_jump() -> None:
    pending = replace(MARKET, pending_price_e6=2 * PRICE, pending_publish_time=NOW - 1)

    assert published(price=2 * PRICE, market=pending)[Action.GROW] is Grade.VALID
    assert published(price=3 * PRICE, market=pending)[Action.GROW] is Grade.JUMPED
    assert published(price=2 * PRICE, age=1, market=pending)[Action.GROW] is Grade.JUMPED


def test_a_valid_newer_price_is_remembered_and_clears_what_was_pending() -> None:
    pending = replace(MARKET, pending_price_e6=2 * PRICE, pending_publish_time=NOW - 1)
    reading = PriceReading(price_e6=PRICE + 1, conf_e6=7, publish_time=NOW)

    market = recorded(reading, pending, action=Action.FUND, now=NOW)

    assert (market.last_price_e6, market.last_conf_e6) == (PRICE + 1, 7)
    assert (market.last_publish_time, market.pending_price_e6) == (NOW, 0)


def test_the_same_publication_is_not_remembered_twice() -> None:
    reading = PriceReading(price_e6=PRICE, conf_e6=7, publish_time=MARKET.last_publish_time)

    assert recorded(reading, MARKET, action=Action.FUND, now=NOW) is MARKET


def test_a_publisher_s_price_rounds_down_and_its_confidence_up() -> None:
    reading = reading_of(price=15_000_000_199, conf=101, exponent=-8, publish_time=NOW)

    assert (reading.price_e6, reading.conf_e6) == (150_000_001, 2)


@pytest.mark.parametrize("exponent", [-13, 1])
def test_an_exponent_out_of_range_is_an_error(exponent: int) -> None:
    with pytest.raises(ValueError, match="exponent"):
        reading_of(price=1, conf=1, exponent=exponent, publish_time=NOW)


def test_a_price_too_large_to_be_real_is_an_error() -> None:
    with pytest.raises(ValueError, match="less than"):
        reading_of(price=2**53, conf=1, exponent=-6, publish_time=NOW)


def test_a_price_of_nothing_or_less_reads_as_zero() -> None:
    for price in (0, -5):
        assert reading_of(price=price, conf=9, exponent=-8, publish_time=NOW).price_e6 == 0
    reading = reading_of(price=-5, conf=9, exponent=-8, publish_time=NOW)
    refusal = refusal_of(reading, MARKET, action=Action.REDUCE, now=NOW)
    assert refusal is Refusal.NEGATIVE_PRICE


@pytest.mark.parametrize(
    ("placed_ago", "previous_ago", "late"),
    [(2, 0, False), (3, 0, True), (3, 3, False), (3, 2, True), (60, 60, False), (60, 59, True)],
)
def test_a_price_that_could_be_chosen_among_several_is_late(
    placed_ago: int, previous_ago: int, late: bool
) -> None:
    reading = PriceReading(
        price_e6=PRICE, conf_e6=0, publish_time=NOW, previous_at=NOW - previous_ago
    )

    assert is_late(reading, placed_at=NOW - placed_ago) is late


def test_a_publication_whose_forerunner_is_unknown_is_taken_as_chosen() -> None:
    reading = PriceReading(price_e6=PRICE, conf_e6=0, publish_time=NOW)

    assert is_late(reading, placed_at=NOW - 3)


@pytest.mark.parametrize(("again_ago", "pending_ago"), [(1, 2), (2, 2), (3, 2)])
def test_an_older_jump_does_not_replace_the_newest_one(again_ago: int, pending_ago: int) -> None:
    desk = Desk(SOL)
    desk.price("100")
    desk.wait(4)
    for ago, price_e6 in ((pending_ago, 2 * PRICE), (again_ago, 3 * PRICE)):
        published_at = desk.now - ago
        reading = PriceReading(price_e6=price_e6, conf_e6=0, publish_time=published_at)
        desk.exchange.publish(0, reading)
        desk.exchange.update_oracle_price(0, at=desk.at)

    market = desk.ledger.markets[0]
    is_newer = again_ago < pending_ago
    assert market.pending_price_e6 == (3 if is_newer else 2) * PRICE
    assert desk.now - market.pending_publish_time == min(again_ago, pending_ago)
