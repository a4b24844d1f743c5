"""The reference of the program: instructions, accounts field by field, errors; from its interface.

python -m tests.program.reference     writes docs/program.md
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from quantdesk.adapters.chain.program import IDL_FILE
from tests.program.compute import table
from tests.program.oracle_matrix import MATRIX

PAGE = Path(__file__).parents[2] / "docs" / "program.md"
HEAD = """# The program's interface

Made by `python -m tests.program.reference` from `programs/artifacts/quantdesk.json` and the
measured table `tests/program/compute_units.json`; a test fails when this page is not what they say.
Formulas, checks and who bears what: [the protocol](protocol.md).
"""
COSTS = """\
Units are of the dearest case measured: where markets and collateral are read, eight of each. The
network gives 200,000 to an instruction that asks for nothing; none takes more than 60 % of that.
Finding an address may add 1,500 for each try, by chance of the keys.
"""
ACCEPTS = """\
Measured on the built program by `tests/program/test_oracle_matrix.py`, one price spoilt at a time;
what is not listed reads no price. A collateral's price has no memory, so none jumps.
`update_oracle_price` and `settle_funding` refuse none: they tell its grade, and only a valid one is
remembered or credits time. An order to reduce is placed at any price, and filled at one of these.
"""
FIELDS = """\
Bytes are counted from the start; the first 8 name the account's kind. Numbers are little-endian.
Layouts only grow into `reserved`; nothing that exists moves."""
DISCRIMINATOR = 8
WIDTHS = {
    **{f"{sign}{bits}": bits // 8 for sign in "iu" for bits in (8, 16, 32, 64, 128)},
    "bool": 1,
    "pubkey": 32,
}
ADDRESSES = {
    "InsuranceFund": ("`insurance`", "stands before the pool when an account ends below zero"),
    "Mandate": ("`mandate`, user account, delegate", "what a delegate may not exceed"),
    "Market": ("`market`, index u16", "one market: its terms, sums and the last prices"),
    "Order": ("`order`, user account, client order id u64", "one order until it fills or ends"),
    "Pool": ("`pool`", "the other side of every position"),
    "PoolShare": ("`pool_share`, owner", "one provider's shares of the pool"),
    "Position": ("`position`, user account, market index u16", "one account in one market"),
    "Proposal": ("`proposal`, id u64", "a loosening that waits for its timelock"),
    "Security": ("`security`", "roles, pauses and the timelock"),
    "ProtocolSolVault": ("`sol_vault`", "lamports deposited as they are"),
    "TokenVault": ("`vault`, mint", "one collateral: its rules and limits"),
    "UserAccount": ("`user`, owner, sub-account id u16", "one trading account"),
}
"""Seeds of each account and what it is; a new account needs its line here."""

Json = dict[str, Any]


def page() -> str:
    """The whole reference."""
    interface = json.loads(IDL_FILE.read_text())
    types = {each["name"]: each["type"] for each in interface["types"]}
    parts = [HEAD, *instructions(interface["instructions"]), *prices()]
    parts += accounts(interface, types)
    return "\n".join([*parts, *errors(interface["errors"])]) + "\n"


def instructions(listed: list[Json]) -> Iterator[str]:
    """What each does, who signs, and what it costs at its dearest."""
    units = dearest()
    yield "## Instructions\n"
    yield COSTS
    yield "| instruction | what it does | signed by | accounts | units |"
    yield "|---|---|---|---|---|"
    for each in sorted(listed, key=lambda row: str(row["name"])):
        signers = ", ".join(row["name"] for row in each["accounts"] if row.get("signer"))
        what = " ".join(each.get("docs", [])).rstrip(".")
        count = len(each["accounts"])
        cost = f"{units[each['name']]:,}"
        yield f"| `{each['name']}` | {what} | {signers or 'nobody'} | {count} | {cost} |"


def prices() -> Iterator[str]:
    """The worst that each instruction takes of each price it reads, as measured."""
    yield "\n## Which price each instruction accepts\n"
    yield ACCEPTS
    yield "| instruction | the price of | wide | not positive | dated ahead | jumped | oldest |"
    yield "|---|---|---|---|---|---|---|"
    for case, rows in json.loads(MATRIX.read_text()).items():
        name, _, variant = case.partition(" ")
        for role, row in rows.items():
            oldest = row["oldest_s"] if row["oldest_s"] == "any" else f"{row['oldest_s']} s"
            faults = " | ".join(row[each] for each in ("wide", "not positive", "ahead", "jumped"))
            yield f"| {' '.join((f'`{name}`', variant)).strip()} | {role} | {faults} | {oldest} |"


def dearest() -> dict[str, int]:
    """The largest figure of each instruction in the table."""
    found: dict[str, int] = {}
    for case, units in table().items():
        name = case.split(" ")[0]
        found[name] = max(units, found.get(name, 0))
    return found


def accounts(interface: Json, types: Json) -> Iterator[str]:
    """Every account with every field: where it begins, how long it is, what it means."""
    yield "\n## Accounts, field by field\n"
    yield FIELDS
    for each in sorted(interface["accounts"], key=lambda row: str(row["name"])):
        name = each["name"]
        seeds, what = ADDRESSES[name]
        yield f"\n### {name}\n"
        yield f"{size_of_account(name, types):,} bytes: {what}. Address from {seeds}.\n"
        yield "| at | bytes | field | type | what |"
        yield "|---|---|---|---|---|"
        at = DISCRIMINATOR
        for field in types[name]["fields"]:
            length = width(field["type"], types)
            note = " ".join(field.get("docs", []))
            yield f"| {at} | {length} | `{field['name']}` | {spelled(field['type'])} | {note} |"
            at += length
    yield from records(types, {"Delegate", "Outflow", "Tier"})


def records(types: Json, named: set[str]) -> Iterator[str]:
    """What the fields of a record are."""
    for name in sorted(named):
        yield f"\n### {name}, within others\n"
        yield "| bytes | field | type | what |"
        yield "|---|---|---|---|"
        for field in types[name]["fields"]:
            note = " ".join(field.get("docs", []))
            length = width(field["type"], types)
            yield f"| {length} | `{field['name']}` | {spelled(field['type'])} | {note} |"


def size_of_account(name: str, types: Json) -> int:
    """Bytes of an account, its discriminator included."""
    return DISCRIMINATOR + sum(width(field["type"], types) for field in types[name]["fields"])


def width(kind: Any, types: Json) -> int:
    """Bytes that a value of this type takes."""
    if isinstance(kind, str):
        return WIDTHS[kind]
    if "array" in kind:
        item, count = kind["array"]
        return width(item, types) * int(count)
    return sum(width(field["type"], types) for field in types[kind["defined"]["name"]]["fields"])


def spelled(kind: Any) -> str:
    """The type in one word."""
    if isinstance(kind, str):
        return kind
    if "array" in kind:
        item, count = kind["array"]
        return f"{count} × {spelled(item)}"
    return str(kind["defined"]["name"])


def errors(listed: list[Json]) -> Iterator[str]:
    """What a refusal says."""
    yield "\n## Errors\n"
    yield "| code | name | what it says |"
    yield "|---|---|---|"
    for each in listed:
        yield f"| {each['code']} | `{each['name']}` | {each['msg']} |"


if __name__ == "__main__":
    PAGE.write_text(page())
