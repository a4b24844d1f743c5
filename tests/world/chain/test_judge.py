"""The judge: 500 drawn transactions, good and bad, on a real validator and on the local chain.

Success, error, logs, fee and the accounts left behind must be the same. What may differ is listed
in `docs/local-chain.md`, and nothing else is forgiven here.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import price_update
from quantdesk.adapters.chain.instructions import Instructions, MarketRef
from quantdesk.adapters.chain.price_update import PriceMessage, post_update
from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.services.actions import Commitment
from quantdesk.world.chain.config import ChainConfig
from quantdesk.world.chain.genesis import initialize_exchange
from quantdesk.world.chain.keys import WorldKeys, ensure_keys
from quantdesk.world.chain.server import deployed_programs, running
from tests.world.chain.cases import USDC, Actor, Case, draw_cases, key_of
from tests.world.chain.chains import SOL, free_port_pair
from tests.world.chain.test_genesis import CONFIG, FEED_IDS, PROGRAM
from tests.world.chain.validator import needs_validator, running_validator

ACTORS, CASES_EACH = 25, 20
PROCESSED, CONFIRMED = Commitment.PROCESSED, Commitment.CONFIRMED
ATTEMPTS = 3
TIMES = {"created_at", "placed_at", "placed_slot", "updated_slot", "funding_at", "updated_at"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a chain did with one transaction."""

    name: str
    err: str
    fee: int
    logs: tuple[str, ...]


@needs_validator
@pytest.mark.timeout(600)
async def test_500_transactions_end_the_same_on_both(tmp_path: Path) -> None:
    keys = ensure_keys(tmp_path / "keys")

    with running_validator(tmp_path / "ledger", *_programs(keys)) as url:
        theirs, their_accounts = await _judged(url, keys)
    async with _local(tmp_path, keys) as url:
        ours, our_accounts = await _judged(url, keys)

    if report := os.environ.get("QD_JUDGE_REPORT"):
        _write(Path(report), ours, theirs)
    assert len(ours) == len(theirs) == ACTORS * CASES_EACH
    assert len({each.err for each in theirs}) > 10  # the draw is not all of one kind
    assert [(each.name, each.err, each.fee) for each in ours] == [
        (each.name, each.err, each.fee) for each in theirs
    ]
    assert [each.logs for each in ours] == [each.logs for each in theirs]
    assert our_accounts == their_accounts


async def _judged(url: str, keys: WorldKeys) -> tuple[list[Verdict], dict[str, Any]]:
    rpc = RpcClient.of([url])
    try:
        await initialize_exchange(rpc, PROGRAM, keys, CONFIG)
        refs = [
            MarketRef(index=at, oracle=price_update(FEED_IDS[name]))
            for at, name in enumerate(FEED_IDS)
        ]
        build, mint = Instructions(PROGRAM, refs), keys.usdc_mint.pubkey()
        actors = [Actor(number=each, build=build, mint=mint) for each in range(ACTORS)]
        await asyncio.gather(*(_fund(rpc, each, keys) for each in actors))
        pricing = asyncio.create_task(_price(rpc, keys, build))
        await asyncio.sleep(3)
        found = await asyncio.gather(*(_play(rpc, each) for each in actors))
        pricing.cancel()
        accounts = await _accounts(rpc, actors)
    finally:
        await rpc.close()
    return [verdict for each in found for verdict in each], accounts


async def _fund(rpc: RpcClient, actor: Actor, keys: WorldKeys) -> None:
    airdrop = await rpc.request_airdrop(actor.key.pubkey(), SOL)
    faucet, owner = keys.faucet, actor.key.pubkey()
    fresh = [
        tokens.create_token_account(faucet.pubkey(), owner, actor.mint),
        tokens.mint_to(actor.mint, actor.tokens, faucet.pubkey(), 1_000 * USDC),
    ]
    case = Case(name="fund", instructions=fresh, signers=[faucet])
    while (await rpc.statuses([airdrop]))[0] is None:  # noqa: ASYNC110 - a node is polled
        await asyncio.sleep(0.2)
    assert (await _send(rpc, case)).err == "null"


async def _price(rpc: RpcClient, keys: WorldKeys, build: Instructions) -> None:
    """The same price, again and again, so that it never grows old."""
    while True:
        now = int(time.time())
        message = PriceMessage(
            feed_id=FEED_IDS["SOL-PERP"],
            price=150 * 10**8,
            conf=5 * 10**6,
            exponent=-8,
            publish_time=now,
            prev_publish_time=now - 1,
            ema_price=150 * 10**8,
            ema_conf=5 * 10**6,
        )
        post = post_update(keys.publisher.pubkey(), message)
        steps = [post, build.update_oracle_price(0)]
        await _send(rpc, Case(name="price", instructions=steps, signers=[keys.publisher]))
        await asyncio.sleep(1)


async def _play(rpc: RpcClient, actor: Actor) -> list[Verdict]:
    return [await _send(rpc, case) for case in draw_cases(actor, CASES_EACH)]


async def _send(rpc: RpcClient, case: Case) -> Verdict:
    """Sign, send and wait; what was lost until its blockhash expired is signed again."""
    for _ in range(ATTEMPTS):
        recent = await rpc.latest_blockhash(CONFIRMED)
        message = build_message(
            case.signers[0].pubkey(),
            case.instructions,
            recent.hash,
            unit_limit=case.unit_limit,
            unit_price=case.unit_price,
        )
        wire = sign(message, case.signers)
        simulated = await rpc.simulate(wire)
        if simulated.err is not None and "InstructionError" not in simulated.err:
            return Verdict(name=case.name, err=json.dumps(simulated.err), fee=0, logs=())
        signature = await rpc.send(wire, preflight=False)
        landed = await _landed(rpc, signature, wire, recent.last_valid_block_height)
        if landed is not None:
            return Verdict(
                name=case.name,
                err=json.dumps(landed.err),
                fee=landed.fee_lamports,
                logs=tuple(map(_comparable, landed.logs)),
            )
    raise AssertionError(f"{case.name} never landed; simulation says {simulated}")


async def _landed(rpc: RpcClient, signature: str, wire: bytes, last_height: int) -> Any:
    again_at = time.monotonic() + 4
    while await rpc.block_height() <= last_height + 2:
        (state,) = await rpc.statuses([signature])
        if state is not None and state.commitment is not PROCESSED:
            found = await rpc.transaction(signature)
            if found is not None:
                return found
        elif time.monotonic() > again_at:
            await rpc.send(wire, preflight=False)
            again_at += 4
        await asyncio.sleep(0.2)
    return None


async def _accounts(rpc: RpcClient, actors: Sequence[Actor]) -> dict[str, Any]:
    """Everything the actors own: bytes, or fields where the bytes hold a time."""
    wanted: list[Pubkey] = []
    for actor in actors:
        where = PROGRAM.addresses
        heirs = [key_of(f"heir {actor.number} {each}").pubkey() for each in range(3)]
        subs = [where.user_account(actor.key.pubkey(), each) for each in range(3)]
        orders = [where.order(actor.account, each) for each in range(CASES_EACH)]
        wanted += [actor.key.pubkey(), actor.tokens, *heirs, *subs, *orders]
        wanted.append(where.position(actor.account, 0))
    found = await rpc.accounts(wanted, CONFIRMED)
    return {str(each.address): (each.lamports, _content(each)) for each in found if each}


def _content(account: Any) -> Any:
    if account.owner != PROGRAM.id:
        return account.data.hex()
    kind, fields = PROGRAM.decode_account(account.data)
    return kind, {name: each for name, each in fields.items() if name not in TIMES}


def _comparable(line: str) -> str:
    """Without compute units, and without event bytes, which carry the wall time."""
    line = re.sub(r"consumed \d+ of \d+", "consumed", line)
    return "Program data" if line.startswith("Program data: ") else line


def _write(file: Path, ours: Sequence[Verdict], theirs: Sequence[Verdict]) -> None:
    lines = [f"{Counter((each.name, each.err) for each in theirs)}"]
    for one, other in zip(ours, theirs, strict=True):
        if one != other:
            lines += [f"--- {one.name}", f"ours   {one}", f"theirs {other}"]
    file.write_text("\n".join(lines))


def _programs(keys: WorldKeys) -> list[str]:
    authority, words = str(keys.admin.pubkey()), list[str]()
    for program in deployed_programs(str(PROGRAM.id), authority):
        words += ["--upgradeable-program", program.address, str(program.binary), authority]
    return words


@asynccontextmanager
async def _local(home: Path, keys: WorldKeys) -> AsyncIterator[str]:
    port = free_port_pair()
    programs = deployed_programs(str(PROGRAM.id), str(keys.admin.pubkey()))
    async with running(ChainConfig(home=home / "chain", rpc_port=port, programs=programs)) as bank:
        bank.is_ready = True
        yield f"http://127.0.0.1:{port}"
