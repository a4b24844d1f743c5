"""How a node reads values: what fits, and its words for what does not.

Every word was seen on Agave 4.1.1, whose reader checks all parameters before a method begins.
"""

from collections.abc import Callable

from quantdesk.world.chain.errors import RpcError, invalid
from quantdesk.world.chain.json_types import Json

Check = Callable[[Json], None]
"""Passes a value that fits; raises RpcError for another."""


def wrong(words: str) -> RpcError:
    """A value that cannot be read."""
    return invalid(f"Invalid params: {words}.")


def text(found: Json) -> None:
    """A string."""
    if not isinstance(found, str):
        raise wrong(f"invalid {_shown(found)}, expected a string")


def flag(found: Json) -> None:
    """A boolean."""
    if not isinstance(found, bool):
        raise wrong(f"invalid {_shown(found)}, expected a boolean")


def unit(found: Json) -> None:
    """Nothing: the `null` of a filter that takes no argument."""
    if found is not None:
        raise wrong(f"invalid {_shown(found)}, expected unit")


def unsigned(name: str, most: int = 2**64 - 1) -> Check:
    """An integer from zero to `most`; `name` is the reader's word for it."""

    def check(found: Json) -> None:
        if type(found) is not int:
            raise wrong(f"invalid {_shown(found)}, expected {name}")
        if not 0 <= found <= most:
            raise wrong(f"invalid value: integer `{found}`, expected {name}")

    return check


def each(inner: Check) -> Check:
    """A list of such values."""

    def check(found: Json) -> None:
        if not isinstance(found, list):
            raise wrong(f"invalid {_shown(found)}, expected a sequence")
        for one in found:
            inner(one)

    return check


def one_of(*names: str) -> Check:
    """One of these words."""

    def check(found: Json) -> None:
        if not isinstance(found, str):
            raise wrong(f"invalid {_shown(found)}, expected string or map")
        if found not in names:
            raise _unknown(found, names)

    return check


def variant(**kinds: Check) -> Check:
    """An object with a single key, which says what its value is; a kind without one is a word."""

    def check(found: Json) -> None:
        if not isinstance(found, str | dict):
            raise wrong(f"invalid {_shown(found)}, expected string or map")
        if isinstance(found, dict) and len(found) != 1:
            raise wrong("invalid value: map, expected map with a single key")
        kind, value = (found, None) if isinstance(found, str) else next(iter(found.items()))
        if kind not in kinds:
            raise _unknown(kind, tuple(kinds))
        kinds[kind](value)

    return check


def untagged(name: str, *kinds: Check) -> Check:
    """Whichever of these fits."""

    def check(found: Json) -> None:
        for kind in kinds:
            try:
                return kind(found)
            except RpcError:
                continue
        raise wrong(f"data did not match any variant of untagged enum {name}")

    return check


def struct(name: str, needs: tuple[str, ...] = (), **fields: Check) -> Check:
    """An object; fields it does not need may be absent or `null`, unknown ones are ignored."""

    def check(found: Json) -> None:
        if not isinstance(found, dict):
            raise wrong(f"invalid {_shown(found)}, expected struct {name}")
        for field, value in found.items():
            inner = fields.get(field)
            if inner is not None and (value is not None or field in needs):
                inner(value)
        for field in needs:
            if field not in found:
                raise wrong(f"missing field `{field}`")

    return check


def _unknown(found: str, names: tuple[str, ...]) -> RpcError:
    quoted = [f"`{each}`" for each in names]
    expected = " or ".join(quoted) if len(quoted) <= 2 else f"one of {', '.join(quoted)}"
    return wrong(f"unknown variant `{found}`, expected {expected}")


def _shown(found: Json) -> str:
    match found:
        case None:
            return "type: null"
        case bool():
            return f"type: boolean `{str(found).lower()}`"
        case int():
            return f"type: integer `{found}`"
        case float():
            return f"type: floating point `{found}`"
        case str():
            quoted = found.replace("\\", "\\\\").replace('"', '\\"')
            return f'type: string "{quoted}"'
        case list():
            return "type: sequence"
        case _:
            return "type: map"
