"""One session of the judge: a chain opened from nothing, its actors funded, all cases played."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import (
    CreateLookupTableParams,
    ExtendLookupTableParams,
    create_lookup_table,
    extend_lookup_table,
)

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import (
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
    associated_token_account,
    price_update,
)
from quantdesk.adapters.chain.instructions import Instructions, MarketRef
from quantdesk.adapters.chain.price_update import PriceMessage, post_update
from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.services.actions import Commitment
from quantdesk.world.chain.cluster import shown
from quantdesk.world.chain.genesis import initialize_exchange
from quantdesk.world.chain.keys import WorldKeys
from tests.world.chain.chains import SOL
from tests.world.chain.judge.actor import HEIRS, USDC, Actor
from tests.world.chain.judge.draw import FILLERS, draw_cases
from tests.world.chain.judge.steps import NONCE_SPACE
from tests.world.chain.judge.verdict import Judge, Verdict
from tests.world.chain.test_genesis import CONFIG, FEED_IDS, PROGRAM

ACTORS, CASES_EACH = 25, 20
RENT_SPACES = (0, 10, 80, 82, 165)
CONFIRMED = Commitment.CONFIRMED
TIMES = {"created_at", "placed_at", "placed_slot", "updated_slot", "funding_at", "updated_at"}
MOMENT = {"balances", "entry_e6", "realized_pnl_e6", "funding_paid_e6", "funding_index"}
MOMENT |= {"fees_paid_e6", "health_e6", "result_e6"}
"""What a filled order leaves behind depends on the funding and skew of its moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Every verdict in order, and what the actors own in the end."""

    verdicts: list[Verdict]
    accounts: dict[str, Any]


async def played(url: str, keys: WorldKeys) -> Session:
    """All cases on the chain at `url`; actors in parallel, each in order."""
    judge = Judge(url)
    try:
        await initialize_exchange(judge.rpc, PROGRAM, keys, CONFIG)
        actors = await _actors(judge, keys)
        await asyncio.gather(*(_fund(judge, each, keys) for each in actors))
        pricing = asyncio.create_task(_price(judge, keys, actors[0].build))
        await asyncio.sleep(3)
        try:
            found = await asyncio.gather(*(_play(judge, each) for each in actors))
        finally:
            pricing.cancel()
        accounts = await _accounts(judge, actors)
    finally:
        await judge.close()
    return Session(verdicts=[each for one in found for each in one], accounts=accounts)


async def _play(judge: Judge, actor: Actor) -> list[Verdict]:
    return [await judge.play(actor, case) for case in draw_cases(actor, CASES_EACH)]


async def _actors(judge: Judge, keys: WorldKeys) -> list[Actor]:
    refs = [
        MarketRef(index=at, oracle=price_update(FEED_IDS[name])) for at, name in enumerate(FEED_IDS)
    ]
    mint = keys.usdc_mint.pubkey()
    table = await _table(judge, keys, mint)
    rents = {space: await judge.rpc.rent_minimum(space) for space in RENT_SPACES}
    return [
        Actor(
            number=each,
            build=Instructions(PROGRAM, refs),
            mint=mint,
            table=table,
            rents=rents,
        )
        for each in range(ACTORS)
    ]


async def _table(judge: Judge, keys: WorldKeys, mint: Pubkey) -> AddressLookupTableAccount:
    """A lookup table with what a deposit names; usable one slot after it is filled."""
    owner, where = keys.faucet, PROGRAM.addresses
    recent = await judge.rpc.slot(CONFIRMED) - 5
    create, address = create_lookup_table(
        CreateLookupTableParams(
            authority_address=owner.pubkey(), payer_address=owner.pubkey(), recent_slot=recent
        )
    )
    entries = [where.pool, where.security, where.vault(mint), where.vault_tokens(mint)]
    entries += [mint, TOKEN_PROGRAM]
    extend = extend_lookup_table(
        ExtendLookupTableParams(
            lookup_table_address=address,
            authority_address=owner.pubkey(),
            payer_address=owner.pubkey(),
            new_addresses=entries,
        )
    )
    await send(judge, [create, extend], [owner])
    return AddressLookupTableAccount(address, entries)


async def _fund(judge: Judge, actor: Actor, keys: WorldKeys) -> None:
    airdrop = await judge.rpc.request_airdrop(actor.address, 10 * SOL)
    faucet = keys.faucet
    while not await _is_confirmed(judge, airdrop):  # noqa: ASYNC110 - a node is polled
        await asyncio.sleep(0.2)
    fresh = [
        tokens.create_token_account(faucet.pubkey(), actor.address, actor.mint),
        tokens.mint_to(actor.mint, actor.tokens, faucet.pubkey(), 1_000 * USDC),
    ]
    await send(judge, fresh, [faucet])


async def _price(judge: Judge, keys: WorldKeys, build: Instructions) -> None:
    """The same price, again and again, so that it never grows old."""
    while True:
        now = await judge.clock()
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
        recent = await judge.rpc.latest_blockhash(CONFIRMED)
        steps = [post, build.update_oracle_price(0)]
        priced = build_message(keys.publisher.pubkey(), steps, recent.hash)
        # Nobody waits for it: one that is lost is followed by the next.
        await judge.rpc.send(sign(priced, [keys.publisher]), preflight=False)
        await asyncio.sleep(0.4)


async def send(judge: Judge, steps: Sequence[Instruction], keys: Sequence[Keypair]) -> None:
    """What must succeed, sent until it has been confirmed."""
    recent = await judge.rpc.latest_blockhash(CONFIRMED)
    wire = sign(build_message(keys[0].pubkey(), steps, recent.hash), keys)
    signature, again_at = await judge.rpc.send(wire), time.monotonic() + 2
    while not await _is_confirmed(judge, signature):
        if time.monotonic() > again_at:
            await judge.rpc.send(wire, preflight=False)
            again_at += 2
        await asyncio.sleep(0.2)


async def _is_confirmed(judge: Judge, signature: str) -> bool:
    (state,) = await judge.rpc.statuses([signature])
    assert state is None or state.err is None, state
    return state is not None and state.commitment is not Commitment.PROCESSED


async def _accounts(judge: Judge, actors: Sequence[Actor]) -> dict[str, Any]:
    """Everything the actors own: bytes, or fields where the bytes hold a time."""
    found: dict[str, Any] = {}
    for actor in actors:
        where = PROGRAM.addresses
        heirs = [actor.heir(each).pubkey() for each in range(HEIRS)]
        wanted = [actor.address, actor.tokens, *heirs, *actor.spared]
        wanted += [associated_token_account(each, actor.mint) for each in heirs]
        wanted += [actor.sub_account(each) for each in range(actor.subs + 1)]
        wanted += [where.order(actor.account, each) for each in range(1, actor.orders + 1)]
        wanted.append(where.position(actor.account, 0))
        left_out = TIMES | (MOMENT if actor.number < FILLERS else set())
        for account in await judge.rpc.accounts(wanted, CONFIRMED):
            if account is not None:
                content = _content(account, left_out)
                found[str(account.address)] = (str(account.owner), account.lamports, content)
    return found


def _content(account: Any, left_out: set[str]) -> Any:
    if account.owner != PROGRAM.id:
        is_nonce = account.owner == SYSTEM_PROGRAM and len(account.data) == NONCE_SPACE
        # What a nonce stores is a hash of its own chain.
        return (account.data[:40] + account.data[72:] if is_nonce else account.data).hex()
    kind, fields = PROGRAM.decode_account(account.data)
    return kind, {name: shown(each) for name, each in fields.items() if name not in left_out}
