"""Every integer that an instruction takes, at the edges of its type and of the types around it."""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from solders.instruction import Instruction

from quantdesk.adapters.chain.program import IDL_FILE
from tests.program.matrix.slots import name_of
from tests.program.matrix.stage import Stage

Path = tuple[str | int, ...]
FIXED = {
    "0": 0,
    "1": 1,
    "2^31-1": 2**31 - 1,
    "2^31": 2**31,
    "2^32-1": 2**32 - 1,
    "2^63-1": 2**63 - 1,
    "2^63": 2**63,
    "-1": -1,
    "-2^31": -(2**31),
}
OWN = ("lowest", "highest-1", "highest")
EDGES = (*FIXED, *OWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One integer argument at one edge; no instruction where the type has no such number."""

    argument: str
    edge: str
    value: int
    forged: Instruction | None


def edges(stage: Stage, instruction: Instruction) -> Iterator[Edge]:
    """Every integer argument of a good instruction at twelve edges."""
    name = name_of(stage, instruction)
    call = stage.program.read_instruction(bytes(instruction.data), [])
    for path, kind in integers(name):
        for edge in EDGES:
            value = _value(edge, kind)
            forged = None
            if _fits(value, kind):
                arguments = changed(call.arguments, path, value)
                forged = with_arguments(stage, instruction, arguments)
            yield Edge(argument=spelled(path), edge=edge, value=value, forged=forged)


def integers(instruction: str) -> list[tuple[Path, str]]:
    """Where an instruction's arguments hold integers, and of which type."""
    idl = json.loads(IDL_FILE.read_text())
    types = {each["name"]: each["type"] for each in idl["types"]}
    (row,) = [each for each in idl["instructions"] if each["name"] == instruction]
    return [
        found for each in row["args"] for found in _within(each["type"], (each["name"],), types)
    ]


def with_arguments(
    stage: Stage, instruction: Instruction, arguments: Mapping[str, Any]
) -> Instruction:
    """The instruction with other arguments."""
    layout = stage.program._instructions[name_of(stage, instruction)]
    encoded = [codec.encode(arguments[key]) for key, codec in layout.arguments]
    data = layout.discriminator + b"".join(encoded)
    return Instruction(instruction.program_id, data, list(instruction.accounts))


def changed(arguments: Mapping[str, Any], path: Path, value: int) -> dict[str, Any]:
    """A copy of the arguments with one number replaced."""
    copied: dict[str, Any] = copy.deepcopy(dict(arguments))
    inner: Any = copied
    for step in path[:-1]:
        if isinstance(inner[step], tuple):
            inner[step] = list(inner[step])
        inner = inner[step]
    inner[path[-1]] = value
    return copied


def spelled(path: Path) -> str:
    """`params.tiers.0.imr_e6`"""
    return ".".join(str(step) for step in path)


def _within(kind: Any, path: Path, types: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    if isinstance(kind, str):
        if kind[0] in "iu" and kind[1:].isdigit():
            yield path, kind
    elif "array" in kind:
        inner, count = kind["array"]
        for number in range(count if inner != "u8" else 0):
            yield from _within(inner, (*path, number), types)
    elif "defined" in kind:
        for field in types[kind["defined"]["name"]]["fields"]:
            yield from _within(field["type"], (*path, field["name"]), types)


def _value(edge: str, kind: str) -> int:
    bits = int(kind[1:])
    lowest, highest = (
        (0, 2**bits - 1) if kind[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    )
    own = {"lowest": lowest, "highest-1": highest - 1, "highest": highest}
    return own[edge] if edge in own else FIXED[edge]


def _fits(value: int, kind: str) -> bool:
    return _value("lowest", kind) <= value <= _value("highest", kind)
