"""Money keeps every unit: exact text, directed divisions, no mixing of kinds."""

from fractions import Fraction as Exact

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.domain.money import (
    I64_MAX,
    DoesNotFit,
    Fixed,
    Fraction,
    Price,
    Round,
    Size,
    Usd,
    div,
    fits_i64,
    mul_div,
    notional,
)
from tests.domain.draws import ceiling, floor

WHOLE = st.integers(-(10**30), 10**30)
POSITIVE = st.integers(1, 10**20)
KINDS = st.sampled_from((Usd, Price, Size, Fraction))


@given(KINDS, WHOLE)
def test_a_number_written_and_read_again_is_the_same(kind: type[Fixed], units: int) -> None:
    assert kind.parse(str(kind(units))) == kind(units)


@pytest.mark.parametrize("text", ["", "-", ".", "1.", ".5", "1e3", " 1", "+1", "1,0", "1.0000001"])
def test_text_that_is_not_an_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Usd.parse(text)


@given(WHOLE, POSITIVE)
def test_a_division_rounds_to_the_infinity_it_names(numerator: int, denominator: int) -> None:
    exact = Exact(numerator, denominator)

    assert div(numerator, denominator, Round.DOWN) == floor(exact)
    assert div(numerator, denominator, Round.UP) == ceiling(exact)


@given(WHOLE, WHOLE, POSITIVE)
def test_a_product_is_not_rounded_before_it_is_divided(left: int, right: int, by: int) -> None:
    assert mul_div(left, right, by, Round.UP) == ceiling(Exact(left * right, by))


def test_two_kinds_of_money_do_not_mix() -> None:
    with pytest.raises(TypeError, match="cannot mix Usd and Price"):
        Usd(1) + Price(1)  # type: ignore[operator]


def test_sums_differences_and_signs_stay_in_their_kind() -> None:
    assert Usd(5) + Usd(-7) == Usd(-2)
    assert Usd(5) - Usd(7) == Usd(-2)
    assert abs(-Size(3)) == Size(3)


def test_a_value_is_signed_as_the_size_is() -> None:
    assert notional(Size(-1), Price(1), Round.DOWN) == Usd(-1)
    assert notional(Size(-1), Price(1), Round.UP) == Usd(0)


def test_what_sixty_four_bits_hold_fits_and_one_more_does_not() -> None:
    assert fits_i64(I64_MAX) == I64_MAX
    assert fits_i64(-I64_MAX - 1) == -I64_MAX - 1
    for beyond in (I64_MAX + 1, -I64_MAX - 2):
        with pytest.raises(DoesNotFit):
            fits_i64(beyond)
