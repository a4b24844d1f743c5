"""The ticket's fields become one order, or nothing."""

from dataclasses import replace

import pytest

from quantdesk.ui import ticket_order
from quantdesk.ui.rows import MarketRow
from quantdesk.ui.ticket_order import Fields, typed_order

MARKET = MarketRow()
FIELDS = Fields(
    side="long", kind="limit", size_text="1.5", price_text="150.25", reduce_only=False, leverage=10
)


def test_size_and_price_arrive_as_integers_of_the_programs_units() -> None:
    request = ticket_order.order_request(FIELDS, typed_order(FIELDS, MARKET), MARKET)

    assert request is not None
    assert (request.size_e9, request.limit_price_e6) == (1_500_000_000, 150_250_000)


def test_a_market_order_carries_no_price_even_when_one_was_typed() -> None:
    fields = replace(FIELDS, kind="market")

    request = ticket_order.order_request(fields, typed_order(fields, MARKET), MARKET)

    assert request is not None
    assert request.limit_price_e6 is None


def test_an_empty_field_is_missing_but_not_wrong() -> None:
    typed = typed_order(replace(FIELDS, size_text="", price_text=" "), MARKET)

    assert (typed.size_problem, typed.price_problem) == ("", "")
    assert ticket_order.order_request(FIELDS, typed, MARKET) is None


def test_a_wrong_price_stops_the_order_and_names_itself() -> None:
    fields = replace(FIELDS, price_text="150.255")

    typed = typed_order(fields, MARKET)

    assert "Use 150.25 or 150.26" in typed.price_problem
    assert ticket_order.order_request(fields, typed, MARKET) is None


def test_a_share_of_the_largest_size_is_cut_to_the_lot() -> None:
    assert ticket_order.part_of(37_689_999_999, 50, MARKET) == "18.84"


def test_a_share_below_the_minimum_is_empty_instead_of_refused_later() -> None:
    assert ticket_order.part_of(15_000_000, 25, MARKET) == ""


@pytest.mark.parametrize(
    ("size_e9", "largest_e9", "percent"),
    [(20, 57, 35), (57, 57, 100), (90, 57, 100), (1, 200, 1), (0, 57, 0), (None, 57, 0), (5, 0, 0)],
)
def test_a_typed_size_stands_on_the_slider(
    size_e9: int | None, largest_e9: int, percent: int
) -> None:
    assert ticket_order.share_of(size_e9, largest_e9) == percent


def test_reduce_only_is_offered_only_against_the_position() -> None:
    assert ticket_order.reduce_only_reason("short", 5) == ""
    assert ticket_order.reduce_only_reason("long", -5) == ""
    assert ticket_order.reduce_only_reason("long", 5) == "this side grows your position"
    assert ticket_order.reduce_only_reason("long", 0) == "no position to reduce"


def test_a_size_beyond_the_chosen_leverage_is_told_both_ways_out() -> None:
    typed = typed_order(FIELDS, MARKET)

    sentence = ticket_order.beyond_leverage(FIELDS, typed, 1_490_000_000, MARKET)

    assert sentence == ("More than 10× leverage. Enter 1.49 or less, or raise the leverage.")
    assert ticket_order.beyond_leverage(FIELDS, typed, 1_500_000_000, MARKET) == ""
