"""Format: integers with a unit in, the text a trader reads out.

Digits are cut, never rounded up, in what is left to spend; the caller names the direction where it
matters. A missing figure is a hyphen, never a zero. Minus is the true minus sign.
"""

from datetime import UTC, datetime

MISSING = "-"
MINUS = "−"
USD_DECIMALS = 6
SIZE_DECIMALS = 9


def decimals_of(step: int, scale_decimals: int) -> int:
    """How many decimals a step shows: a tick of 10,000 e6 is 0.01, so 2."""
    shown = scale_decimals
    while shown > 0 and step > 0 and step % 10 == 0:
        step //= 10
        shown -= 1
    return shown


def fixed(units: int, scale_decimals: int, decimals: int, *, round_up: bool = False) -> str:
    """`units` of 10^-scale_decimals with exactly `decimals` places and thousands separators.

    Cuts towards zero, or away from zero with `round_up`.
    """
    step = 10 ** max(scale_decimals - decimals, 0)
    whole = abs(units)
    kept = -(-whole // step) if round_up else whole // step
    kept *= 10 ** max(decimals - scale_decimals, 0)
    integer, fraction = divmod(kept, 10**decimals)
    sign = MINUS if units < 0 and kept else ""
    return f"{sign}{integer:,}" + (f".{fraction:0{decimals}d}" if decimals else "")


def usd(units_e6: int | None, decimals: int = 2, *, round_up: bool = False) -> str:
    """Dollars: `38,918.84`."""
    if units_e6 is None:
        return MISSING
    return fixed(units_e6, USD_DECIMALS, decimals, round_up=round_up)


def signed_usd(units_e6: int | None, decimals: int = 2) -> str:
    """Dollars with a sign where they are not zero: `+12,815.45`, `−698.70`, `0.00`."""
    if units_e6 is None:
        return MISSING
    text = usd(units_e6, decimals)
    return f"+{text}" if units_e6 > 0 and any(c in "123456789" for c in text) else text


def price(price_e6: int | None, tick_e6: int = 10_000) -> str:
    """A price with the decimals of its market's tick: `154.20`."""
    if price_e6 is None:
        return MISSING
    decimals = decimals_of(tick_e6, USD_DECIMALS)
    nearest = (price_e6 + tick_e6 // 2) // tick_e6 * tick_e6
    return fixed(nearest, USD_DECIMALS, decimals)


def size(size_e9: int | None, lot_e9: int = 10_000_000) -> str:
    """An unsigned base size with the decimals of its market's lot: `0.3000`."""
    if size_e9 is None:
        return MISSING
    return fixed(abs(size_e9), SIZE_DECIMALS, decimals_of(lot_e9, SIZE_DECIMALS))


def plain_size(size_e9: int, lot_e9: int) -> str:
    """A size as a person would type it: no separators, no trailing zeros."""
    text = fixed(size_e9, SIZE_DECIMALS, decimals_of(lot_e9, SIZE_DECIMALS)).replace(",", "")
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(fraction_e6: int | None, decimals: int = 2, *, signed: bool = False) -> str:
    """A fraction as percent: 44,600 e6 is `4.46 %`."""
    if fraction_e6 is None:
        return MISSING
    text = fixed(fraction_e6, 4, decimals)
    return f"+{text} %" if signed and fraction_e6 > 0 else f"{text} %"


def leverage(leverage_e6: int | None) -> str:
    """Leverage, rounded up: `9.29×`; exact multiples lose their decimals."""
    if leverage_e6 is None:
        return MISSING
    return fixed(leverage_e6, USD_DECIMALS, 2, round_up=True) + "×"


def seconds(age_ms: int | None) -> str:
    """An age in seconds: `0.2 s`."""
    return MISSING if age_ms is None else f"{fixed(age_ms, 3, 1)} s"


def clock(at_ms: int | None) -> str:
    """A UTC time of day: `11:41:52`."""
    return MISSING if at_ms is None else f"{_moment(at_ms):%H:%M:%S}"


def stamp(at_ms: int | None) -> str:
    """A UTC date and time: `19 Nov 11:41:52`."""
    return MISSING if at_ms is None else f"{_moment(at_ms):%d %b %H:%M:%S}"


def short(address: str) -> str:
    """An address or signature by its ends: `QdMk…7Rv3`."""
    return address if len(address) <= 9 else f"{address[:4]}…{address[-4:]}"


def sentence(message: str) -> str:
    """A service's message as a sentence: capital first, full stop last."""
    text = message.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def sign_tone(shown: str) -> str:
    """The tone of a signed figure as it is shown: up, down, or none for a shown zero."""
    return "up" if shown.startswith("+") else "down" if shown.startswith(MINUS) else ""


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, UTC)
