"""Decoded fields as people read them: money and sizes with their point, seconds as a date."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

UNLIMITED = 2**64 - 1
_HIDDEN = {"version", "bump", "reserved"}
_DECIMALS = re.compile(r"_e(6|9|12)$")
_MARKET_STATUS = {0: "active", 1: "reduce only", 2: "paused"}
_NO_MARKET = 65_535


def plain_lines(found: dict[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Name and text of every field, nested ones by path; without what tells a reader nothing."""
    for name, each in found.items():
        if name in _HIDDEN:
            continue
        if isinstance(each, dict):
            yield from plain_lines(each, f"{prefix}{name}.")
        elif isinstance(each, list) and each and isinstance(each[0], dict):
            for at, row in enumerate(each):
                yield from plain_lines(row, f"{prefix}{name}.{at}.")
        else:
            yield f"{prefix}{name}", plain(name, each)


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
    if name == "lamports" or name.endswith("_lamports"):
        return f"{_pointed(found, 9)} SOL"
    if name.endswith("_at") and found > 0:
        at = datetime.datetime.fromtimestamp(found, datetime.UTC)
        return f"{at:%Y-%m-%d %H:%M:%S} UTC"
    unit = _DECIMALS.search(name)
    return _pointed(found, int(unit[1])) if unit else found


def _listed(name: str, found: list[object]) -> object:
    if name == "open_markets":
        return ", ".join(str(each) for each in found if each != _NO_MARKET) or "none"
    return ", ".join(str(each) for each in found) or "none"


def _pointed(units: int, decimals: int) -> str:
    whole, part = divmod(abs(units), 10**decimals)
    text = f"{'-' if units < 0 else ''}{whole:,}"
    return f"{text}.{part:0{decimals}}".rstrip("0").rstrip(".") if part else text
