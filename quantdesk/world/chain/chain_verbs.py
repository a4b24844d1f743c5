"""`quantdesk chain …`: look at a cluster through the program's own words."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from dataclasses import fields

from quantdesk.adapters.chain.failures import failure_of
from quantdesk.adapters.rpc.errors import RpcRefused
from quantdesk.services.actions import Commitment
from quantdesk.world.chain.cluster import (
    Cluster,
    CommandFailed,
    address_of,
    decoded,
    shown,
    tell,
)
from quantdesk.world.chain.keys import WorldKeys, ensure_keys

AIRDROP_S_MAX = 30.0
NO_MARKET = 65_535
LAMPORTS_MAX = 2**64 - 1


async def airdrop(cluster: Cluster, sol: float, whom: str, *, as_json: bool) -> None:
    """Test SOL for an address or one of this machine's keys; returns when it is confirmed."""
    lamports = _lamports(sol)
    names = {each.name for each in fields(WorldKeys)}
    own = getattr(ensure_keys(cluster.keys_dir), whom) if whom in names else None
    to = own.pubkey() if own else address_of(whom)
    try:
        signature = await cluster.rpc.request_airdrop(to, lamports)
    except RpcRefused as refusal:
        raise CommandFailed(f"this cluster gives no test SOL: {refusal}") from refusal
    try:
        async with asyncio.timeout(AIRDROP_S_MAX):
            while not await _is_confirmed(cluster, signature):  # noqa: ASYNC110 - a node is polled
                await asyncio.sleep(0.2)
    except TimeoutError as fault:
        raise CommandFailed(f"{signature} was not confirmed in {AIRDROP_S_MAX:.0f} s") from fault
    balance = await cluster.rpc.balance(to)
    tell({"address": to, "signature": signature, "lamports": balance}, as_json=as_json)


async def accounts(cluster: Cluster, kind: str | None, *, as_json: bool) -> None:
    """How many accounts of each kind there are, or every account of one kind."""
    found = await decoded(cluster)
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
    found = [(where, each) for where, kind, each in await decoded(cluster) if kind == "Market"]
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


def _lamports(sol: float) -> int:
    lamports = round(sol * 10**9) if math.isfinite(sol) else 0
    if not 0 < lamports <= LAMPORTS_MAX:
        raise CommandFailed(
            f"{sol:g} SOL cannot be sent; expected 0.000000001 to {LAMPORTS_MAX // 10**9}"
        )
    return lamports


async def _is_confirmed(cluster: Cluster, signature: str) -> bool:
    (state,) = await cluster.rpc.statuses([signature])
    failure = failure_of(state.err, cluster.program) if state is not None else None
    if failure is not None:
        raise CommandFailed(f"the airdrop failed: {failure.message} ({signature})")
    return state is not None and state.commitment is not Commitment.PROCESSED
