"""Money: integers in the program's own units, and divisions that name their rounding.

Nothing here is a float and nothing divides without saying which way it rounds. Inside the exchange
arithmetic, amounts are plain integers whose names end in their unit (`_e6`, `_e9`); `Usd`, `Price`,
`Size` and `Fraction` carry the same integers where people read and write them.
"""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Self

USD_ONE = 10**6
"""Millionths in one US dollar; also the unit of prices and of USDC itself."""

SIZE_ONE = 10**9
"""Billionths in one unit of the base asset."""

FRACTION_ONE = 10**6
"""Millionths in the whole: 1 % is 10,000."""

INDEX_ONE = 10**12
"""The funding index counts US dollars per base unit in 10^-12."""

I64_MAX = 2**63 - 1
U64_MAX = 2**64 - 1
U32_MAX = 2**32 - 1


class Round(Enum):
    """Where a division that leaves a rest goes: to the floor or to the ceiling, never to zero."""

    DOWN = "down"
    UP = "up"


def div(numerator: int, denominator: int, rounding: Round) -> int:
    """Quotient rounded towards minus infinity (DOWN) or plus infinity (UP).

    >>> div(-7, 2, Round.DOWN), div(-7, 2, Round.UP)
    (-4, -3)
    """
    if rounding is Round.DOWN:
        return numerator // denominator
    return -(-numerator // denominator)


def mul_div(left: int, right: int, denominator: int, rounding: Round) -> int:
    """`left · right ÷ denominator` with the product exact and one rounding."""
    return div(left * right, denominator, rounding)


def clamp(number: int, *, low: int, high: int) -> int:
    """`number`, but not below `low` nor above `high`."""
    return max(low, min(high, number))


class DoesNotFit(ArithmeticError):
    """A figure is too large for the program's 64 bits; nothing may be written."""


def fits_i64(number: int) -> int:
    """`number` as it is, when the program can store it; raises DoesNotFit."""
    if not -I64_MAX - 1 <= number <= I64_MAX:
        raise DoesNotFit(f"{number} does not fit into 64 bits")
    return number


def fits_u64(number: int) -> int:
    """`number`, not negative, as it is, when the program can store it; raises DoesNotFit."""
    if not 0 <= number <= U64_MAX:
        raise DoesNotFit(f"{number} does not fit into 64 bits without a sign")
    return number


@dataclass(frozen=True, slots=True, order=True)
class Fixed:
    """A decimal number held as an integer count of its smallest unit."""

    units: int

    DECIMALS: ClassVar[int] = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Exact value of a decimal string; refuses exponents, blanks and excess digits.

        >>> Usd.parse("-1.50")
        Usd(units=-1500000)
        """
        sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
        whole, _, part = digits.partition(".")
        if not _is_digits(whole) or ("." in digits and not _is_digits(part)):
            raise ValueError(f"expected a decimal number, found {text!r}")
        if len(part) > cls.DECIMALS:
            raise ValueError(f"expected at most {cls.DECIMALS} decimals, found {text!r}")
        return cls(sign * int(whole + part.ljust(cls.DECIMALS, "0")))

    def __str__(self) -> str:
        whole, part = divmod(abs(self.units), 10**self.DECIMALS)
        sign = "-" if self.units < 0 else ""
        return f"{sign}{whole}.{part:0{self.DECIMALS}d}" if self.DECIMALS else f"{sign}{whole}"

    def __add__(self, other: Self) -> Self:
        self._same_kind(other)
        return type(self)(self.units + other.units)

    def __sub__(self, other: Self) -> Self:
        self._same_kind(other)
        return type(self)(self.units - other.units)

    def __neg__(self) -> Self:
        return type(self)(-self.units)

    def __abs__(self) -> Self:
        return type(self)(abs(self.units))

    def _same_kind(self, other: object) -> None:
        if type(other) is not type(self):
            raise TypeError(f"cannot mix {type(self).__name__} and {type(other).__name__}")


class Usd(Fixed):
    """Collateral or value, millionths of a US dollar."""

    __slots__ = ()
    DECIMALS: ClassVar[int] = 6


class Price(Fixed):
    """US dollars for one unit of the base asset, millionths."""

    __slots__ = ()
    DECIMALS: ClassVar[int] = 6


class Size(Fixed):
    """Signed quantity of the base asset, billionths; positive is long or a purchase."""

    __slots__ = ()
    DECIMALS: ClassVar[int] = 9


class Fraction(Fixed):
    """A share or a rate, millionths: 1 % is 10,000."""

    __slots__ = ()
    DECIMALS: ClassVar[int] = 6


def notional(size: Size, price: Price, rounding: Round) -> Usd:
    """Value of `size` at `price`, signed as the size is."""
    return Usd(mul_div(size.units, price.units, SIZE_ONE, rounding))


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
