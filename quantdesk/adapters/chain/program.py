"""One deployment of the program: what its accounts, instructions, events and errors mean."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import Addresses, derived
from quantdesk.adapters.chain.codec import Codec, CodecError, Codecs, Value, decode_grown
from quantdesk.adapters.chain.logs import data_lines

IDL_FILE = Path(__file__).resolve().parents[3] / "programs" / "artifacts" / "quantdesk.json"
Fields = dict[str, Value]
"""Fields of an account or event by IDL name: ints, bools, bytes and Pubkeys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something the program said; `log_index` is its line in the transaction's logs."""

    name: str
    fields: Fields
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramError:
    """A custom error of the program in words."""

    code: int
    name: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An instruction read back: accounts by IDL name, the rest in `remaining`."""

    name: str
    arguments: Fields
    accounts: dict[str, Pubkey]
    remaining: tuple[Pubkey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    discriminator: bytes
    arguments: Sequence[tuple[str, Codec]]
    accounts: Sequence[Mapping[str, Any]]


class Program:
    """The IDL bound to a program id."""

    def __init__(self, idl: Mapping[str, Any], program_id: Pubkey | None = None) -> None:
        self.id = program_id or Pubkey.from_string(idl["address"])
        self.addresses = Addresses(self.id)
        self._codecs = Codecs({each["name"]: each["type"] for each in idl.get("types", [])})
        self._accounts = {
            bytes(each["discriminator"]): each["name"] for each in idl.get("accounts", [])
        }
        self._discriminators = {name: found for found, name in self._accounts.items()}
        self._events = {bytes(each["discriminator"]): each["name"] for each in idl["events"]}
        self._errors = {each["code"]: each for each in idl.get("errors", [])}
        self._instructions = {
            each["name"]: _Layout(
                discriminator=bytes(each["discriminator"]),
                arguments=[(arg["name"], self._codecs.of(arg["type"])) for arg in each["args"]],
                accounts=each["accounts"],
            )
            for each in idl["instructions"]
        }

    def discriminator(self, account: str) -> bytes:
        """The first eight bytes of every account of this kind."""
        return self._discriminators[account]

    def prefix(self, instruction: str) -> bytes:
        """The first eight bytes of every instruction of this name."""
        return self._instructions[instruction].discriminator

    def decode_account(self, data: bytes) -> tuple[str, Fields]:
        """Kind and fields of an account; raises CodecError when it is none of ours."""
        name = self._accounts.get(bytes(data[:8]))
        if name is None:
            raise CodecError(f"no account of the program begins with {data[:8].hex()}")
        fields, _ = self._codecs.defined(name).decode(data, 8)
        return name, fields

    def decode(self, account: str, data: bytes) -> Fields:
        """Fields of an account that must be of this kind."""
        name, fields = self.decode_account(data)
        if name != account:
            raise CodecError(f"expected an account {account}, found {name}")
        return fields

    def events(self, logs: Sequence[str]) -> list[Event]:
        """Events of a *successful* transaction, only those our program itself emitted.

        Releases only append fields to an event: what an older one lacks counts as zero.
        """
        found = []
        for index, payload in data_lines(logs, str(self.id)):
            raw = base64.b64decode(payload)
            name = self._events.get(raw[:8])
            if name is not None:
                fields = decode_grown(self._codecs.defined(name), raw, 8)
                found.append(Event(name=name, fields=fields, log_index=index))
        return found

    def error(self, code: int) -> ProgramError | None:
        """The program's own error behind a custom code."""
        known = self._errors.get(code)
        if known is None:
            return None
        return ProgramError(code=code, name=known["name"], message=known.get("msg", known["name"]))

    def instruction(
        self,
        name: str,
        accounts: Mapping[str, Pubkey],
        arguments: Mapping[str, Value] | None = None,
        *,
        remaining: Sequence[AccountMeta] = (),
    ) -> Instruction:
        """An instruction; accounts with fixed or derivable addresses may be left out."""
        layout, given = self._instructions[name], dict(accounts)
        values = arguments or {}
        encoded = {key: codec.encode(values[key]) for key, codec in layout.arguments}
        metas = [self._meta(each, given, encoded) for each in layout.accounts]
        data = layout.discriminator + b"".join(encoded.values())
        return Instruction(self.id, data, [*metas, *remaining])

    def read_instruction(self, data: bytes, accounts: Sequence[Pubkey]) -> Call:
        """What an instruction of the program asks for; raises CodecError when it is none."""
        name = next(
            (name for name, each in self._instructions.items() if data[:8] == each.discriminator),
            None,
        )
        if name is None:
            raise CodecError(f"no instruction of the program begins with {data[:8].hex()}")
        layout = self._instructions[name]
        found, offset = {}, 8
        for key, codec in layout.arguments:
            found[key], offset = codec.decode(data, offset)
        names = [each["name"] for each in layout.accounts]
        return Call(
            name=name,
            arguments=found,
            accounts=dict(zip(names, accounts, strict=False)),
            remaining=tuple(accounts[len(names) :]),
        )

    def _meta(
        self, row: Mapping[str, Any], given: dict[str, Pubkey], seeds: Mapping[str, bytes]
    ) -> AccountMeta:
        key = row["name"]
        if key not in given:
            if row.get("optional"):
                return AccountMeta(self.id, is_signer=False, is_writable=False)
            given[key] = self._default(row, given, seeds)
        return AccountMeta(given[key], row.get("signer", False), row.get("writable", False))

    def _default(
        self, row: Mapping[str, Any], given: Mapping[str, Pubkey], seeds: Mapping[str, bytes]
    ) -> Pubkey:
        if row["name"] == "program":
            return self.id
        if "address" in row:
            return Pubkey.from_string(row["address"])
        found = [_seed(each, given, seeds) for each in row.get("pda", {}).get("seeds", [])]
        known = [each for each in found if each is not None]
        if not found or len(known) < len(found):
            raise CodecError(f"the account {row['name']} must be given; it cannot be derived")
        return derived(self.id, *known)


def _seed(
    seed: Mapping[str, Any], given: Mapping[str, Pubkey], arguments: Mapping[str, bytes]
) -> bytes | None:
    match seed["kind"]:
        case "const":
            return bytes(seed["value"])
        case "account":
            return bytes(given[seed["path"]]) if seed["path"] in given else None
        case _:
            return arguments.get(seed["path"])


@lru_cache(maxsize=4)
def load_program(program_id: str | None = None) -> Program:
    """The program of this release, at the given address or at the IDL's own."""
    idl = json.loads(IDL_FILE.read_text())
    return Program(idl, Pubkey.from_string(program_id) if program_id else None)
