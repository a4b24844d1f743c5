"""Positional JSON-RPC parameters, read once and checked."""

import base64
import binascii
from typing import Any

from solders.pubkey import Pubkey
from solders.signature import Signature

from quantdesk.world.chain import base58
from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.errors import MIN_CONTEXT_SLOT, RpcError, invalid
from quantdesk.world.chain.json_types import Json, Object
from quantdesk.world.chain.shapes import wrong

_ADDRESS_LETTERS_MAX, _SIGNATURE_LETTERS_MAX = 44, 88
API_VERSION = "4.0.0"
_COMMITMENTS = {
    "processed": "processed",
    "recent": "processed",
    "confirmed": "confirmed",
    "single": "confirmed",
    "singleGossip": "confirmed",
    "finalized": "finalized",
    "max": "finalized",
    "root": "finalized",
}


class Params:
    """The `params` array of one call."""

    def __init__(self, values: list[Any]) -> None:
        self._values = values

    def get(self, index: int) -> Json:
        """The value at a position, None when absent."""
        return self._values[index] if index < len(self._values) else None

    def options(self, index: int) -> Object:
        """The options object at a position, empty when absent."""
        found = self.get(index)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise invalid(f"Invalid params: expected an options object at position {index}")
        return found

    def encoded_options(self, index: int) -> Object:
        """The options object at a position, where an encoding alone stands for one."""
        found = self.get(index)
        return {"encoding": found} if isinstance(found, str) else self.options(index)

    def address(self, index: int) -> Pubkey:
        """The address at a position."""
        return address(self.get(index))

    def signature(self, index: int) -> Signature:
        """The signature at a position."""
        return signature(self.get(index))

    def integer(self, index: int) -> int:
        """The non-negative integer at a position."""
        found = self.get(index)
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            raise invalid(f"Invalid params: expected u64 at position {index}, found {found!r}")
        return found


def address(text: Json) -> Pubkey:
    """An address; a wrong one is an invalid parameter."""
    try:
        return Pubkey.from_string(text)
    except (ValueError, TypeError) as problem:
        raise invalid(f"Invalid param: {_why_no_key(text, _ADDRESS_LETTERS_MAX)}") from problem


def signature(text: Json) -> Signature:
    """A signature; a wrong one is an invalid parameter."""
    try:
        return Signature.from_string(text)
    except (ValueError, TypeError) as problem:
        raise invalid(f"Invalid param: {_why_no_key(text, _SIGNATURE_LETTERS_MAX)}") from problem


def _why_no_key(text: str, letters_max: int) -> str:
    if len(text) <= letters_max and set(text) - base58.LETTERS:
        return "Invalid"
    return "WrongSize"


def raw_bytes(text: Json, encoding: str) -> bytes:
    """Bytes of a transaction or message in base58 or base64."""
    if not isinstance(text, str):
        raise invalid("Invalid params: expected a string")
    try:
        if encoding == "base64":
            return base64.b64decode(text, validate=True)
        if encoding in ("base58", "binary"):
            return base58.decode(text)
    except (ValueError, binascii.Error) as problem:
        raise invalid(f"invalid {encoding} encoding: {problem}") from problem
    raise invalid(f"unsupported encoding: {encoding}. Supported encodings: base58, base64")


def commitment(options: Object, *, key: str = "commitment", default: str = "finalized") -> str:
    """The commitment asked for, old names included."""
    asked = options.get(key) or default
    found = _COMMITMENTS.get(asked) if isinstance(asked, str) else None
    if found is None:
        raise wrong(
            f"unknown variant `{asked}`, expected one of `processed`, `confirmed`, `finalized`"
        )
    return found


def committed(options: Object) -> str:
    """A commitment for history, which exists only from `confirmed` on."""
    level = commitment(options)
    if level == "processed":
        raise invalid("Method does not support commitment below `confirmed`")
    return level


def context(bank: Bank, options: Object, level: str | None = None) -> Object:
    """The `context` of an answer at the asked commitment; refuses a slot not reached yet."""
    slot = bank.slot_of(level or commitment(options))
    least = options.get("minContextSlot")
    if least is not None and slot < least:
        raise RpcError(
            MIN_CONTEXT_SLOT, "Minimum context slot has not been reached", {"contextSlot": slot}
        )
    return {"slot": slot, "apiVersion": API_VERSION}
