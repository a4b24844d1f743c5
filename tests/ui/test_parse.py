"""Every wrong input of a ticket field gets a sentence that says what to do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.ui import parse

LOT_E9 = 10_000_000
TICK_E6 = 10_000


def size(text: str) -> int | parse.Refused:
    return parse.size(text, lot_e9=LOT_E9, minimum_e9=LOT_E9, base="SOL")


@pytest.mark.parametrize(
    ("text", "size_e9"),
    [
        ("1", 1_000_000_000),
        ("1.", 1_000_000_000),
        (".5", 500_000_000),
        ("0.01", 10_000_000),
        (" 1,234.50 ", 1_234_500_000_000),
        ("0001.10", 1_100_000_000),
        ("1.100000000000", 1_100_000_000),
    ],
)
def test_what_people_type_is_understood(text: str, size_e9: int) -> None:
    assert size(text) == size_e9


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Enter a number of SOL."),
        ("   ", "Enter a number of SOL."),
        ("0", "Enter more than 0 SOL."),
        ("0.000", "Enter more than 0 SOL."),
        ("-5", "Enter a number without a sign; the side is chosen above."),
        ("−5", "Enter a number without a sign; the side is chosen above."),
        ("abc", "“abc” is not a number. Use digits and a point, like 1.5."),
        (".", "“.” is not a number. Use digits and a point, like 1.5."),
        ("1e5", "“1e5” is not a number. Use digits and a point, like 1.5."),
        ("1.2.3", "“1.2.3” is not a number. Use digits and a point, like 1.5."),
        ("0x10", "“0x10” is not a number. Use digits and a point, like 1.5."),
        ("١", "“١” is not a number. Use digits and a point, like 1.5."),
        ("1,5", "“1,5” is not clear. Use a point for decimals, like 1234.50."),
        ("0.005", "0.005 SOL is below the minimum. Enter 0.01 SOL or more."),
        ("1.005", "1.005 is off the step of 0.01 SOL. Use 1.00 or 1.01."),
        ("1.0000000001", "1.0000000001 has too many decimals. Use 9 at most."),
        ("9" * 30, "“999999999999999999999999” is not a number. Use digits and a point, like 1.5."),
    ],
)
def test_a_wrong_size_gets_a_sentence_that_says_what_to_do(text: str, sentence: str) -> None:
    assert size(text) == parse.Refused(sentence)


def test_a_price_off_its_tick_is_told_the_two_nearest() -> None:
    sentence = "151.505 is off the step of 0.01 USD. Use 151.50 or 151.51."

    assert parse.price("151.505", TICK_E6) == parse.Refused(sentence)


def test_a_price_below_the_first_tick_is_told_the_smallest() -> None:
    sentence = "0.001 USD is below the minimum. Enter 0.01 USD or more."

    assert parse.price("0.001", TICK_E6) == parse.Refused(sentence)


def test_a_seventh_decimal_of_a_dollar_does_not_exist() -> None:
    sentence = "1.0000001 has too many decimals. Use 6 at most."

    assert parse.usdc("1.0000001") == parse.Refused(sentence)


def test_the_smallest_dollar_amount_is_accepted() -> None:
    assert parse.usdc("0.000001") == 1


@given(st.text(max_size=40))
def test_any_text_gives_a_positive_number_on_the_lot_or_a_sentence(text: str) -> None:
    found = size(text)

    if isinstance(found, parse.Refused):
        assert found.message.endswith(".")
        assert found.message[0].isupper() or not found.message[0].isalpha()
    else:
        assert found >= LOT_E9
        assert found % LOT_E9 == 0
