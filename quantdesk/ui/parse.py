"""Parse: what a person typed in, an integer or a sentence that says what to do out.

No float is ever made. Thousands separators and spaces are accepted, exponents and signs are not.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from quantdesk.ui import format as show

_NUMBER = re.compile(r"([0-9]{0,15})(?:\.([0-9]{0,18}))?")
_GROUPS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")


@dataclass(frozen=True, slots=True)
class Refused:
    """The input cannot be used; `message` says what was found and what to type instead."""

    message: str


Reader = Callable[[str], int | Refused]


@dataclass(frozen=True, slots=True)
class Step:
    """What a field counts in: `step` units of 10^-decimals, from `minimum`, called `unit`."""

    decimals: int
    step: int
    minimum: int
    unit: str


def number(text: str, step: Step) -> int | Refused:
    """`text` in units of 10^-decimals, when it is a whole multiple of the step and large enough."""
    units = _units(text, step)
    if isinstance(units, Refused):
        return units
    if units == 0:
        return Refused(f"Enter more than 0 {step.unit}.")
    if units < step.minimum:
        return Refused(
            f"{text.strip()} {step.unit} is below the minimum. "
            f"Enter {_shown(step.minimum, step)} {step.unit} or more."
        )
    if units % step.step:
        return Refused(_off_step(text, units, step))
    return units


def price(text: str, tick_e6: int) -> int | Refused:
    """A limit price in USD e6, on the market's tick."""
    return number(text, Step(decimals=6, step=tick_e6, minimum=tick_e6, unit="USD"))


def size(text: str, *, lot_e9: int, minimum_e9: int, base: str) -> int | Refused:
    """An order size in base e9, on the market's lot."""
    return number(text, Step(decimals=9, step=lot_e9, minimum=minimum_e9, unit=base))


def usdc(text: str) -> int | Refused:
    """A USDC sum in e6; more than six decimals cannot exist on chain."""
    return number(text, Step(decimals=6, step=1, minimum=1, unit="USDC"))


def _units(text: str, step: Step) -> int | Refused:
    typed = text.strip().replace(" ", "")
    if not typed:
        return Refused(f"Enter a number of {step.unit}.")
    if typed.startswith(("-", show.MINUS)):
        return Refused("Enter a number without a sign; the side is chosen above.")
    if "," in typed:
        if not _GROUPS.fullmatch(typed):
            typed = text.strip()[:24]
            return Refused(f"“{typed}” is not clear. Use a point for decimals, like 1234.50.")
        typed = typed.replace(",", "")
    match = _NUMBER.fullmatch(typed)
    if match is None or typed == ".":
        return Refused(f"“{text.strip()[:24]}” is not a number. Use digits and a point, like 1.5.")
    fraction = (match[2] or "").rstrip("0")
    if len(fraction) > step.decimals:
        return Refused(f"{text.strip()[:32]} has too many decimals. Use {step.decimals} at most.")
    return int((match[1] or "0") + fraction.ljust(step.decimals, "0"))


def _off_step(text: str, units: int, step: Step) -> str:
    below = units // step.step * step.step
    above = _shown(below + step.step, step)
    found = f"{text.strip()} is off the step of {_shown(step.step, step)} {step.unit}."
    return f"{found} Use {_shown(below, step)} or {above}." if below else f"{found} Use {above}."


def _shown(units: int, step: Step) -> str:
    decimals = show.decimals_of(step.step, step.decimals)
    return show.fixed(units, step.decimals, decimals)
