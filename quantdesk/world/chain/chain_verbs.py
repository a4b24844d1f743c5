"""`quantdesk chain …`: look at a cluster through the program's own words."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections import Counter
from dataclasses import fields

from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from quantdesk.adapters.chain import loader
from quantdesk.adapters.chain.failures import failure_of
from quantdesk.adapters.chain.program import Fields
from quantdesk.adapters.rpc.errors import RpcRefused
from quantdesk.services.actions import Commitment
from quantdesk.world.chain.cluster import (
    Cluster,
    CommandFailed,
    address_of,
    shown,
    tell,
)
from quantdesk.world.chain.keys import WorldKeys, ensure_keys
from quantdesk.world.chain.program_verbs import program_binary

AIRDROP_S_MAX = 30.0
NO_MARKET = 65_535
_TOKEN_UNITS = slice(64, 72)


async def airdrop(cluster: Cluster, sol: float, whom: str, *, as_json: bool) -> None:
    """Test SOL for an address or one of this machine's keys; returns when it is confirmed."""
    names = {each.name for each in fields(WorldKeys)}
    own = getattr(ensure_keys(cluster.keys_dir), whom) if whom in names else None
    to = own.pubkey() if own else address_of(whom)
    try:
        signature = await cluster.rpc.request_airdrop(to, round(sol * 10**9))
    except RpcRefused as refusal:
        raise CommandFailed(f"this cluster gives no test SOL: {refusal}") from refusal
    try:
        async with asyncio.timeout(AIRDROP_S_MAX):
            while not await _is_confirmed(cluster, signature):  # noqa: ASYNC110 - a node is polled
                await asyncio.sleep(0.2)
    except TimeoutError as fault:
        raise CommandFailed(f"{signature} was not confirmed in {AIRDROP_S_MAX:.0f} s") from fault
    lamports = await cluster.rpc.balance(to)
    tell({"address": to, "signature": signature, "lamports": lamports}, as_json=as_json)


async def accounts(cluster: Cluster, kind: str | None, *, as_json: bool) -> None:
    """How many accounts of each kind there are, or every account of one kind."""
    found = await _decoded(cluster)
    kinds = sorted({name for _, name, _ in found})
    if kind is None:
        tell(dict(Counter(name for _, name, _ in found)), as_json=as_json)
        return
    chosen = next((name for name in kinds if name.lower() == kind.lower()), None)
    if chosen is None:
        raise CommandFailed(f"no account is a {kind!r}; there are: {', '.join(kinds) or 'none'}")
    of_kind = [(address, content) for address, name, content in found if name == chosen]
    for at, (address, content) in enumerate(of_kind):
        if at and not as_json:
            print()
        tell({"address": address, **content}, as_json=as_json)


async def market(cluster: Cluster, name: str, *, as_json: bool) -> None:
    """One market by symbol or index."""
    found = [(where, each) for where, kind, each in await _decoded(cluster) if kind == "Market"]
    for where, content in found:
        if name.upper() == shown(content["symbol"]) or name == str(content["index"]):
            tell({"address": where, **content}, as_json=as_json)
            return
    symbols = ", ".join(str(shown(each["symbol"])) for _, each in found)
    raise CommandFailed(f"there is no market {name!r}; expected one of {symbols or 'none'}")


async def position(cluster: Cluster, owner: str, sub_account: int, *, as_json: bool) -> None:
    """A user account with every position it holds."""
    program, where = cluster.program, cluster.program.addresses
    address = where.user_account(address_of(owner), sub_account)
    found = await cluster.rpc.account(address)
    if found is None:
        raise CommandFailed(f"{owner} has no account {sub_account} here (it would be {address})")
    account = program.decode("UserAccount", found.data)
    markets = [index for index in account["open_markets"] if index != NO_MARKET]
    held = await cluster.rpc.accounts([where.position(address, index) for index in markets])
    positions = [program.decode("Position", each.data) for each in held if each is not None]
    tell({"address": address, **account, "positions": positions}, as_json=as_json)


async def decode(cluster: Cluster, text: str, *, as_json: bool) -> None:
    """Whatever this is: an address, a transaction's signature, or a transaction in base64."""
    if (address := _address(text)) is not None:
        await _decode_account(cluster, address, as_json=as_json)
    elif (signature := _signature(text)) is not None:
        await _decode_landed(cluster, signature, as_json=as_json)
    else:
        tell({"instructions": _calls(cluster, _wire(text))}, as_json=as_json)


async def verify(cluster: Cluster, *, as_json: bool) -> None:
    """Compare the deployed bytes with this release and the program's books with its tokens."""
    program = cluster.program
    stored = await cluster.rpc.account(loader.program_data(program.id))
    if stored is None:
        raise CommandFailed(f"{program.id} is not an upgradeable program on this cluster")
    deployed = loader.read_program_data(stored.data)
    is_ours = deployed.holds(program_binary(program.id))
    gap = await _books_gap(cluster)
    tell(
        {
            "program": program.id,
            "is_this_release": is_ours,
            "deployed_slot": deployed.slot,
            "upgrade_authority": deployed.authority or "none: final",
            "books_minus_tokens_e6": gap,
        },
        as_json=as_json,
    )
    if not is_ours:
        raise CommandFailed("the deployed binary is not this release's")
    if gap:
        raise CommandFailed(f"users, pool and insurance do not add up to the vault: {gap}")


async def _books_gap(cluster: Cluster) -> int | None:
    """Users + pool with its claims pot + insurance − tokens; None before initialize.

    Pool, fund and the USDC vault's tokens are read in one call, so of one slot.
    """
    vaults = [each for _, kind, each in await _decoded(cluster) if kind == "TokenVault"]
    usdc = next((each for each in vaults if each["index"] == 0), None)
    if usdc is None:
        return None
    where, program = cluster.program.addresses, cluster.program
    pool, insurance, tokens = await cluster.rpc.accounts(
        [where.pool, where.insurance, usdc["token_account"]]
    )
    if pool is None or insurance is None or tokens is None:
        raise CommandFailed("the pool, the insurance fund or the vault's tokens are missing")
    books = program.decode("Pool", pool.data)
    fund = program.decode("InsuranceFund", insurance.data)
    held = int.from_bytes(tokens.data[_TOKEN_UNITS], "little")
    pool_e6 = books["cash_e6"] + books["claims_pot_e6"]
    return int(books["total_user_usdc_e6"] + pool_e6 + fund["balance_e6"] - held)


async def _decoded(cluster: Cluster) -> list[tuple[Pubkey, str, Fields]]:
    found = await cluster.rpc.program_accounts(cluster.program.id)
    return [(each.address, *cluster.program.decode_account(each.data)) for each in found]


async def _decode_account(cluster: Cluster, address: Pubkey, *, as_json: bool) -> None:
    found = await cluster.rpc.account(address)
    if found is None:
        raise CommandFailed(f"there is no account {address} on this cluster")
    head = {"address": address, "owner": found.owner, "lamports": found.lamports}
    if found.owner != cluster.program.id:
        tell({**head, "bytes": len(found.data), "data": found.data.hex()}, as_json=as_json)
        return
    kind, content = cluster.program.decode_account(found.data)
    tell({**head, "kind": kind, **content}, as_json=as_json)


async def _decode_landed(cluster: Cluster, signature: Signature, *, as_json: bool) -> None:
    landed = await cluster.rpc.transaction(str(signature))
    if landed is None:
        raise CommandFailed(f"the cluster knows no confirmed transaction {signature}")
    failure = failure_of(landed.err, cluster.program, landed.logs)
    events = [] if failure else cluster.program.events(landed.logs)
    tell(
        {
            "signature": str(signature),
            "slot": landed.slot,
            "fee_lamports": landed.fee_lamports,
            "compute_units": landed.compute_units,
            "error": f"{failure.code}: {failure.message}" if failure else None,
            "instructions": _calls(cluster, landed.wire),
            "events": [{"name": each.name, **each.fields} for each in events],
        },
        as_json=as_json,
    )


def _calls(cluster: Cluster, wire: bytes) -> list[dict[str, object]]:
    try:
        message = VersionedTransaction.from_bytes(wire).message
    except ValueError as problem:
        raise CommandFailed(f"these bytes are no transaction: {problem}") from problem
    keys, found = list(message.account_keys), []
    for each in message.instructions:
        program, data = keys[each.program_id_index], bytes(each.data)
        named: dict[str, object] = {"program": program}
        if program == cluster.program.id and not _looks_up(message):
            call = cluster.program.read_instruction(data, [keys[at] for at in each.accounts])
            named |= {"name": call.name, **call.arguments, "accounts": call.accounts}
        else:
            named["data"] = data.hex()
        found.append(named)
    return found


def _looks_up(message: object) -> bool:
    return isinstance(message, MessageV0) and bool(message.address_table_lookups)


async def _is_confirmed(cluster: Cluster, signature: str) -> bool:
    (state,) = await cluster.rpc.statuses([signature])
    return state is not None and state.commitment is not Commitment.PROCESSED


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
    except binascii.Error as problem:
        raise CommandFailed(
            "expected an address, a transaction signature, or a transaction in base64"
        ) from problem
