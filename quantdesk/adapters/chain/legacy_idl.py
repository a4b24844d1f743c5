"""Our IDL in the format from before Anchor 0.30, for clients that cannot read the current one.

The old format carries no discriminators: its readers hash the names. So the export refuses an IDL
whose discriminators are not those hashes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]


class NotExportable(Exception):
    """The old format cannot say this."""


def legacy_idl(idl: Mapping[str, Any], program_id: str | None = None) -> Json:
    """The IDL in the old format, bound to `program_id` (default: the IDL's own address)."""
    types = {each["name"]: each["type"] for each in idl.get("types", [])}
    accounts = [_named(each, types, "account:") for each in idl.get("accounts", [])]
    events = [_event(each, types) for each in idl.get("events", [])]
    told = {each["name"] for each in [*accounts, *events]}
    return {
        "version": idl["metadata"]["version"],
        "name": idl["metadata"]["name"],
        "instructions": [_instruction(each) for each in idl["instructions"]],
        "accounts": accounts,
        "types": [
            {"name": name, "type": _definition(kind)}
            for name, kind in types.items()
            if name not in told
        ],
        "events": events,
        "errors": [dict(each) for each in idl.get("errors", [])],
        "metadata": {"address": program_id or idl["address"]},
    }


def _instruction(row: Mapping[str, Any]) -> Json:
    _require_hash(row, "global:", row["name"])
    return {
        "name": _camel(row["name"]),
        "docs": list(row.get("docs", [])),
        "accounts": [_account(each) for each in row["accounts"]],
        "args": _fields(row["args"]),
    }


def _account(row: Mapping[str, Any]) -> Json:
    found = {
        "name": _camel(row["name"]),
        "isMut": bool(row.get("writable")),
        "isSigner": bool(row.get("signer")),
    }
    return found | ({"isOptional": True} if row.get("optional") else {})


def _named(row: Mapping[str, Any], types: Mapping[str, Any], space: str) -> Json:
    _require_hash(row, space, row["name"])
    return {"name": row["name"], "type": _definition(types[row["name"]])}


def _event(row: Mapping[str, Any], types: Mapping[str, Any]) -> Json:
    _require_hash(row, "event:", row["name"])
    fields = _fields(types[row["name"]].get("fields", []))
    return {"name": row["name"], "fields": [each | {"index": False} for each in fields]}


def _definition(kind: Mapping[str, Any]) -> Json:
    if kind["kind"] != "struct":
        raise NotExportable(f"kind {kind['kind']!r} is not used by this program")
    return {"kind": "struct", "fields": _fields(kind.get("fields", []))}


def _fields(rows: Sequence[Mapping[str, Any]]) -> list[Json]:
    return [{"name": _camel(each["name"]), "type": _type(each["type"])} for each in rows]


def _type(kind: Any) -> Any:
    if isinstance(kind, str):
        return "publicKey" if kind == "pubkey" else kind
    ((shape, inner),) = kind.items()
    match shape:
        case "defined":
            return {"defined": inner["name"]}
        case "array":
            return {"array": [_type(inner[0]), inner[1]]}
        case "option" | "vec":
            return {shape: _type(inner)}
    raise NotExportable(f"type {shape!r} is not used by this program")


def _require_hash(row: Mapping[str, Any], space: str, name: str) -> None:
    expected = hashlib.sha256(f"{space}{name}".encode()).digest()[:8]
    if bytes(row["discriminator"]) != expected:
        raise NotExportable(f"{name} has a discriminator of its own, which old clients cannot know")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)
