"""`quantdesk chain decode`: an account, a landed transaction, or one that was never sent, in words.

What the program named stays apart from what this command says of it, so that no field of an
account or argument of an instruction can pass for the account's owner or the instruction's name.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from solders.instruction import CompiledInstruction
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from quantdesk.adapters.chain.codec import CodecError
from quantdesk.adapters.chain.failures import failure_of
from quantdesk.adapters.chain.logs import LogsTruncated
from quantdesk.adapters.chain.program import Program
from quantdesk.adapters.rpc.types import TransactionRecord
from quantdesk.world.chain.cluster import Cluster, CommandFailed, tell

Told = dict[str, object]


async def decode(cluster: Cluster, text: str, *, as_json: bool) -> None:
    """Whatever this is: an address, a transaction's signature, or a transaction in base64."""
    if (address := _address(text)) is not None:
        tell(await _account(cluster, address), as_json=as_json)
    elif (signature := _signature(text)) is not None:
        await _tell_landed(cluster, signature, as_json=as_json)
    else:
        tell({"instructions": calls(cluster.program, _wire(text))}, as_json=as_json)


def calls(program: Program, wire: bytes) -> list[Told]:
    """What each instruction of a transaction asks for; raises CommandFailed when there is none."""
    try:
        message = VersionedTransaction.from_bytes(wire).message
    except ValueError as problem:
        raise CommandFailed(f"these bytes are no transaction: {problem}") from problem
    keys = list(message.account_keys)
    looks_up = isinstance(message, MessageV0) and bool(message.address_table_lookups)
    try:
        return [_call(program, keys, each, looks_up=looks_up) for each in message.instructions]
    except IndexError as problem:
        raise CommandFailed(
            f"this transaction cannot run: an instruction names an account beyond its {len(keys)}"
        ) from problem


def _call(
    program: Program, keys: Sequence[Pubkey], each: CompiledInstruction, *, looks_up: bool
) -> Told:
    called, raw = keys[each.program_id_index], bytes(each.data)
    if called != program.id or looks_up:
        return {"program": called, "data": raw.hex()}
    accounts = [keys[at] for at in bytes(each.accounts)]
    try:
        call = program.read_instruction(raw, accounts)
    except CodecError as problem:
        return {"program": called, "data": raw.hex(), "problem": str(problem)}
    return {
        "program": called,
        "name": call.name,
        "arguments": call.arguments,
        "accounts": call.accounts,
        "remaining": list(call.remaining),
    }


async def _account(cluster: Cluster, address: Pubkey) -> Told:
    found = await cluster.rpc.account(address)
    if found is None:
        raise CommandFailed(f"there is no account {address} on this cluster")
    head = {"address": address, "owner": found.owner, "lamports": found.lamports}
    if found.owner != cluster.program.id:
        return {**head, "bytes": len(found.data), "data": found.data.hex()}
    kind, content = cluster.program.decode_account(found.data)
    return {**head, "kind": kind, "fields": content}


async def _tell_landed(cluster: Cluster, signature: Signature, *, as_json: bool) -> None:
    landed = await cluster.rpc.transaction(str(signature))
    if landed is None:
        raise CommandFailed(f"the cluster knows no confirmed transaction {signature}")
    failure = failure_of(landed.err, cluster.program, landed.logs)
    try:
        events = [] if failure else _events(cluster.program, landed)
    except LogsTruncated:
        events = None
    tell(
        {
            "signature": str(signature),
            "slot": landed.slot,
            "fee_lamports": landed.fee_lamports,
            "compute_units": landed.compute_units,
            "error": f"{failure.code}: {failure.message}" if failure else None,
            "instructions": calls(cluster.program, landed.wire),
            "events": events,
        },
        as_json=as_json,
    )
    if events is None:
        raise CommandFailed(
            "the node cut the logs of this transaction, so its events cannot be told;"
            " look at the accounts that it changed"
        )


def _events(program: Program, landed: TransactionRecord) -> list[Told]:
    return [{"name": each.name, "fields": each.fields} for each in program.events(landed.logs)]


def _address(text: str) -> Pubkey | None:
    try:
        return Pubkey.from_string(text)
    except ValueError:
        return None


def _signature(text: str) -> Signature | None:
    try:
        return Signature.from_string(text)
    except ValueError:
        return None


def _wire(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as problem:
        raise CommandFailed(
            "expected an address, a transaction signature, or a transaction in base64"
        ) from problem
