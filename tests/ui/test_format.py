"""Numbers on screen: decimals by tick and lot, true minus, cut in favour of caution."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.ui import format as show
from quantdesk.ui import parse


@pytest.mark.parametrize(
    ("units_e6", "text"),
    [
        (38_918_840_000, "38,918.84"),
        (38_918_849_999, "38,918.84"),
        (-698_700_000, "−698.70"),
        (-1_000, "0.00"),
        (0, "0.00"),
    ],
)
def test_dollars_are_cut_towards_zero_and_a_shown_zero_has_no_sign(
    units_e6: int, text: str
) -> None:
    assert show.usd(units_e6) == text


def test_requirements_round_up() -> None:
    assert show.usd(19_255_730_001, round_up=True) == "19,255.74"


@pytest.mark.parametrize(
    ("units_e6", "text"),
    [(12_815_450_000, "+12,815.45"), (-698_700_000, "−698.70"), (0, "0.00"), (4_000, "0.00")],
)
def test_a_gain_has_a_plus_unless_it_is_shown_as_zero(units_e6: int, text: str) -> None:
    assert show.signed_usd(units_e6) == text


@pytest.mark.parametrize(
    ("price_e6", "tick_e6", "text"),
    [
        (154_200_000, 10_000, "154.20"),
        (99_539_000_000, 100_000, "99,539.0"),
        (154_204_999, 10_000, "154.20"),
        (154_205_000, 10_000, "154.21"),
    ],
)
def test_a_price_has_the_decimals_of_its_tick(price_e6: int, tick_e6: int, text: str) -> None:
    assert show.price(price_e6, tick_e6) == text


def test_a_size_has_the_decimals_of_its_lot_and_no_sign() -> None:
    assert show.size(-300_000_000, 100_000) == "0.3000"


def test_a_missing_figure_is_a_hyphen_and_never_zero() -> None:
    assert {show.usd(None), show.price(None), show.size(None), show.percent(None)} == {"-"}


def test_percent_leverage_address_and_age_read_as_designed() -> None:
    assert show.percent(44_600, signed=True) == "+4.46 %"
    assert show.leverage(9_281_234) == "9.29×"
    assert show.short("QdMkXvW4n5eUyxHP3dD1oVh7h1Y2bqvZ5tJc9sT7Rv3") == "QdMk…7Rv3"
    assert show.seconds(230) == "0.2 s"


@pytest.mark.parametrize(("shown", "tone"), [("+1.00", "up"), ("−1.00", "down"), ("0.00", "")])
def test_the_tone_follows_what_is_shown(shown: str, tone: str) -> None:
    assert show.sign_tone(shown) == tone


@given(st.integers(min_value=1, max_value=10**15))
def test_a_size_that_is_shown_can_be_typed_back(lots: int) -> None:
    lot_e9 = 10_000_000

    typed = show.plain_size(lots * lot_e9, lot_e9)

    assert parse.size(typed, lot_e9=lot_e9, minimum_e9=lot_e9, base="SOL") == lots * lot_e9


@given(st.integers(min_value=1, max_value=10**12))
def test_a_price_that_is_shown_can_be_typed_back(ticks: int) -> None:
    tick_e6 = 100_000

    assert parse.price(show.price(ticks * tick_e6, tick_e6), tick_e6) == ticks * tick_e6
