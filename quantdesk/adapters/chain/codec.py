"""Borsh codecs compiled from an Anchor IDL (spec 0.1.0).

A struct of fixed size becomes one `struct.Struct`; the rest is composed field by field. Accounts,
arguments and events of this program are all of fixed size.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from solders.pubkey import Pubkey

Value = Any
"""A decoded value: int, bool, str, bytes, Pubkey, list, dict or None, as its IDL type says."""

_NUMBERS = {
    "u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i",
    "u64": "Q", "i64": "q", "f32": "f", "f64": "d", "bool": "?",
}  # fmt: skip
_WIDE = {"u128": (16, False), "i128": (16, True), "u256": (32, False), "i256": (32, True)}


class CodecError(Exception):
    """Bytes or values do not fit the IDL type."""


class Codec(Protocol):
    """Turns one IDL type into bytes and back."""

    def encode(self, value: Value) -> bytes:
        """Borsh bytes of a value."""
        ...

    def decode(self, data: bytes, offset: int) -> tuple[Value, int]:
        """The value at `offset` and the offset after it."""
        ...


class Fixed:
    """A type of one size: `layout` for struct, `read` and `write` between its items and a value."""

    __slots__ = ("items", "layout", "read", "struct", "write")

    def __init__(
        self,
        layout: str,
        items: int,
        *,
        read: Callable[[Sequence[Any]], Value] | None = None,
        write: Callable[[Value], list[Any]] | None = None,
    ) -> None:
        self.layout = layout
        self.items = items
        self.struct = struct.Struct("<" + layout)
        self.read = read
        self.write = write

    def encode(self, value: Value) -> bytes:
        """Borsh bytes of a value."""
        try:
            return self.struct.pack(*(self.write(value) if self.write else (value,)))
        except (struct.error, LookupError, TypeError, ValueError, OverflowError) as problem:
            raise CodecError(f"{value!r} does not fit {self.layout}: {problem}") from problem

    def decode(self, data: bytes, offset: int) -> tuple[Value, int]:
        """The value at `offset` and the offset after it."""
        try:
            found = self.struct.unpack_from(data, offset)
        except struct.error as problem:
            raise CodecError(f"{len(data)} bytes are too short: {problem}") from problem
        try:
            return (self.read(found) if self.read else found[0]), offset + self.struct.size
        except LookupError as problem:
            raise CodecError("an enum has no such variant") from problem


class Composed:
    """A type whose size depends on its value."""

    __slots__ = ("decode", "encode")

    def __init__(
        self,
        encode: Callable[[Value], bytes],
        decode: Callable[[bytes, int], tuple[Value, int]],
    ) -> None:
        self.encode = encode
        self.decode = decode


def decode_grown(codec: Codec, data: bytes, offset: int) -> Value:
    """The value at `offset`; fields that a later release appended count as zero."""
    if isinstance(codec, Fixed):
        data = data.ljust(offset + codec.struct.size, b"\0")
    value, _ = codec.decode(data, offset)
    return value


class Codecs:
    """Every type an IDL defines, compiled when first asked for."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        self._types = types
        self._compiled: dict[str, Codec] = {}

    def defined(self, name: str) -> Codec:
        """The codec of a type the IDL names."""
        known = self._compiled.get(name)
        if known is None:
            known = self._compiled[name] = self._definition(self._types[name])
        return known

    def of(self, kind: Any) -> Codec:
        """The codec of an IDL type expression."""
        if isinstance(kind, str):
            return _primitive(kind)
        ((shape, inner),) = kind.items()
        match shape:
            case "defined":
                return self.defined(inner["name"])
            case "array":
                return _array(inner[0], self.of(inner[0]), inner[1])
            case "option":
                return _option(self.of(inner))
            case "vec":
                return _vector(self.of(inner))
        raise CodecError(f"IDL type {shape!r} is not supported")

    def fields(self, fields: Sequence[Mapping[str, Any]]) -> Codec:
        """The codec of named fields in order, a dict in Python."""
        return _record([(each["name"], self.of(each["type"])) for each in fields])

    def _definition(self, definition: Mapping[str, Any]) -> Codec:
        match definition["kind"]:
            case "struct":
                return self.fields(definition.get("fields", []))
            case "type":
                return self.of(definition["alias"])
            case "enum":
                return self._enum(definition["variants"])
        raise CodecError(f"IDL kind {definition['kind']!r} is not supported")

    def _enum(self, variants: Sequence[Mapping[str, Any]]) -> Codec:
        if any(each.get("fields") for each in variants):
            raise CodecError("enums with fields are not used by this program")
        names = [each["name"] for each in variants]
        return Fixed(
            "B", 1, read=lambda items: names[items[0]], write=lambda name: [names.index(name)]
        )


def _primitive(kind: str) -> Codec:
    if kind in _NUMBERS:
        return Fixed(_NUMBERS[kind], 1)
    if kind in _WIDE:
        size, signed = _WIDE[kind]
        return Fixed(
            f"{size}s",
            1,
            read=lambda items: int.from_bytes(items[0], "little", signed=signed),
            write=lambda value: [int(value).to_bytes(size, "little", signed=signed)],
        )
    if kind == "pubkey":
        return Fixed(
            "32s",
            1,
            read=lambda items: Pubkey.from_bytes(items[0]),
            write=_exact(32),
        )
    if kind == "bytes":
        return Composed(_encode_bytes, _decode_bytes)
    if kind == "string":
        return Composed(
            lambda value: _encode_bytes(value.encode()),
            lambda data, offset: _as_text(*_decode_bytes(data, offset)),
        )
    raise CodecError(f"IDL type {kind!r} is not supported")


def _array(kind: Any, item: Codec, length: int) -> Codec:
    if kind == "u8":
        return Fixed(f"{length}s", 1, read=lambda items: items[0], write=_exact(length))
    if not isinstance(item, Fixed):
        return _repeated(item, length)
    if item.read is None and item.write is None:
        return Fixed(item.layout * length, length, read=list, write=list)
    step, read, write = item.items, item.read, item.write

    def read_all(items: Sequence[Any]) -> list[Value]:
        parts = [items[at : at + step] for at in range(0, step * length, step)]
        return [read(part) if read else part[0] for part in parts]

    def write_all(values: Sequence[Value]) -> list[Any]:
        return [flat for value in values for flat in (write(value) if write else [value])]

    return Fixed(item.layout * length, step * length, read=read_all, write=write_all)


def _record(fields: list[tuple[str, Codec]]) -> Codec:
    if not all(isinstance(codec, Fixed) for _, codec in fields):
        return _varying_record(fields)
    plan: list[tuple[str, int, int, Fixed]] = []
    at = 0
    for name, codec in fields:
        assert isinstance(codec, Fixed)
        plan.append((name, at, at + codec.items, codec))
        at += codec.items

    def read(items: Sequence[Any]) -> dict[str, Value]:
        return {
            name: codec.read(items[start:stop]) if codec.read else items[start]
            for name, start, stop, codec in plan
        }

    def write(value: Mapping[str, Value]) -> list[Any]:
        flat: list[Any] = []
        for name, _, _, codec in plan:
            flat += codec.write(value[name]) if codec.write else [value[name]]
        return flat

    layout = "".join(codec.layout for _, _, _, codec in plan)
    return Fixed(layout, at, read=read, write=write)


def _varying_record(fields: list[tuple[str, Codec]]) -> Codec:
    def encode(value: Mapping[str, Value]) -> bytes:
        return b"".join(codec.encode(value[name]) for name, codec in fields)

    def decode(data: bytes, offset: int) -> tuple[dict[str, Value], int]:
        found: dict[str, Value] = {}
        for name, codec in fields:
            found[name], offset = codec.decode(data, offset)
        return found, offset

    return Composed(encode, decode)


def _repeated(item: Codec, length: int) -> Codec:
    def decode(data: bytes, offset: int) -> tuple[list[Value], int]:
        found = []
        for _ in range(length):
            value, offset = item.decode(data, offset)
            found.append(value)
        return found, offset

    return Composed(lambda values: b"".join(map(item.encode, values)), decode)


def _vector(item: Codec) -> Codec:
    def decode(data: bytes, offset: int) -> tuple[list[Value], int]:
        length, offset = _length(data, offset)
        return _repeated(item, length).decode(data, offset)

    def encode(values: Sequence[Value]) -> bytes:
        return struct.pack("<I", len(values)) + b"".join(map(item.encode, values))

    return Composed(encode, decode)


def _option(item: Codec) -> Codec:
    def decode(data: bytes, offset: int) -> tuple[Value, int]:
        return item.decode(data, offset + 1) if data[offset] else (None, offset + 1)

    return Composed(lambda value: b"\0" if value is None else b"\1" + item.encode(value), decode)


def _exact(length: int) -> Callable[[Value], list[Any]]:
    def write(value: Value) -> list[Any]:
        raw = bytes(value)
        if len(raw) != length:
            raise TypeError(f"expected {length} bytes, found {len(raw)}")
        return [raw]

    return write


def _length(data: bytes, offset: int) -> tuple[int, int]:
    if len(data) < offset + 4:
        raise CodecError("bytes end inside a length")
    (length,) = struct.unpack_from("<I", data, offset)
    if length > len(data):
        raise CodecError(f"length {length} is longer than the {len(data)} bytes given")
    return length, offset + 4


def _encode_bytes(value: bytes) -> bytes:
    return struct.pack("<I", len(value)) + value


def _decode_bytes(data: bytes, offset: int) -> tuple[bytes, int]:
    length, offset = _length(data, offset)
    return data[offset : offset + length], offset + length


def _as_text(raw: bytes, offset: int) -> tuple[str, int]:
    return raw.decode(), offset
