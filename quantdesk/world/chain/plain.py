"""Decoded fields as people read them: money and sizes with their point, seconds as a date.

A figure that is told with its point loses the unit that its name ends in: `cash_e6` becomes `cash`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from enum import IntEnum

from quantdesk.domain.oracle import Grade
from quantdesk.domain.order import CancelReason, Kind, Role

UNLIMITED = 2**64 - 1
_HIDDEN = {"version", "bump", "reserved"}
_DECIMALS = re.compile(r"_e(6|9|12)$")
_LAMPORTS = re.compile(r"_lamports$")
_MARKET_STATUS = {0: "active", 1: "reduce only", 2: "paused"}
_CODES: dict[str, type[IntEnum]] = {"role": Role, "reason": CancelReason, "grade": Grade}
_NO_MARKET = 65_535
_LAST_DATE_S = 253_402_300_799
"""The last second of the year 9999; no date of ours can name a later one."""


def plain_lines(found: dict[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Name and text of every field, nested ones by path; without what tells a reader nothing."""
    is_order = "client_order_id" in found
    for name, each in found.items():
        if name in _HIDDEN:
            continue
        if isinstance(each, dict):
            yield from plain_lines(each, f"{prefix}{name}.")
        elif isinstance(each, list) and each and isinstance(each[0], dict):
            for at, row in enumerate(each):
                yield from plain_lines(row, f"{prefix}{name}.{at}.")
        elif is_order and name == "kind" and isinstance(each, int):
            # Other things have kinds, too, with codes of their own.
            yield f"{prefix}{name}", _word(Kind, each)
        else:
            yield f"{prefix}{_label(name, each)}", plain(name, each)


def plain(name: str, found: object) -> object:
    """One value; JSON keeps the program's own units."""
    if isinstance(found, list):
        return _listed(name, found)
    if isinstance(found, bool) or not isinstance(found, int):
        return "-" if found is None or found == "" else found
    if found == UNLIMITED:
        return "unlimited"
    if name == "status":
        return _MARKET_STATUS.get(found, found)
    if name in _CODES:
        return _word(_CODES[name], found)
    if name == "lamports" or _LAMPORTS.search(name):
        return f"{_pointed(found, 9)} SOL"
    if name == "at" or name.endswith(("_at", "_time")):
        return _date(name, found)
    unit = _DECIMALS.search(name)
    return _pointed(found, int(unit[1])) if unit else found


def _label(name: str, found: object) -> str:
    if isinstance(found, bool) or not isinstance(found, int):
        return name
    if name == "lamports":
        return "balance"
    return _LAMPORTS.sub("", _DECIMALS.sub("", name))


def _date(name: str, seconds: int) -> object:
    if seconds > _LAST_DATE_S and name == "expires_at":
        return "never"
    if not 0 < seconds <= _LAST_DATE_S:
        return seconds
    at = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _word(codes: type[IntEnum], found: int) -> object:
    known = {int(each): each.name.lower().replace("_", " ") for each in codes}
    return known.get(found, found)


def _listed(name: str, found: list[object]) -> object:
    if name == "open_markets":
        return ", ".join(str(each) for each in found if each != _NO_MARKET) or "none"
    return ", ".join(str(each) for each in found) or "none"


def _pointed(units: int, decimals: int) -> str:
    whole, part = divmod(abs(units), 10**decimals)
    text = f"{'-' if units < 0 else ''}{whole:,}"
    return f"{text}.{part:0{decimals}}".rstrip("0").rstrip(".") if part else text
