"""Deployment on the local chain by real transactions: first, cut off, repeated, upgraded."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair

from quantdesk.adapters.chain.addresses import SYSTEM_PROGRAM
from quantdesk.adapters.chain.loader import NotDeployable, bound_to
from quantdesk.adapters.chain.program import load_program
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.services.actions import Commitment
from quantdesk.settings import PROJECT, Settings
from quantdesk.world.chain.cluster import Cluster, CommandFailed
from quantdesk.world.chain.config import ChainConfig
from quantdesk.world.chain.deployment import DeployKeys, Deployment, DeployPlan
from quantdesk.world.chain.genesis import GenesisFailed, initialize_exchange
from quantdesk.world.chain.keys import ensure_keys
from quantdesk.world.chain.opening import require_openable
from quantdesk.world.chain.server import RECEIVER_ID, deployed_programs, running
from tests.world.chain.chains import SOL, free_port_pair
from tests.world.chain.test_genesis import CONFIG

BUILT_FOR = load_program().id
BINARY = (PROJECT / "programs" / "artifacts" / "quantdesk.so").read_bytes()
SMALL = (PROJECT / "programs" / "artifacts" / "receiver.so").read_bytes()


@pytest.fixture
async def rpc(tmp_path: Path) -> AsyncIterator[RpcClient]:
    port = free_port_pair()
    receiver = [
        each
        for each in deployed_programs(str(BUILT_FOR), str(Keypair().pubkey()))
        if each.address == RECEIVER_ID
    ]
    config = ChainConfig(
        home=tmp_path / "chain", rpc_port=port, slot_ms=50, programs=tuple(receiver)
    )
    async with running(config) as bank:
        bank.is_ready = True
        client = RpcClient.of([f"http://127.0.0.1:{port}"])
        yield client
        await client.close()


async def _keys(rpc: RpcClient, payer: Keypair | None = None) -> DeployKeys:
    payer, program = payer or Keypair(), Keypair()
    await rpc.request_airdrop(payer.pubkey(), 40 * SOL)
    return DeployKeys(
        payer=payer,
        authority=payer,
        program=program.pubkey(),
        program_key=program,
        buffer=Keypair(),
    )


async def test_the_exchange_runs_at_an_address_it_was_not_built_for(
    rpc: RpcClient, tmp_path: Path
) -> None:
    keys = ensure_keys(tmp_path / "keys")
    where = await _keys(rpc, keys.admin)
    program = load_program(str(where.program))

    assert await Deployment(rpc, where, bound_to(BINARY, BUILT_FOR, where.program)).run()
    await initialize_exchange(rpc, program, keys, CONFIG)

    pool = await rpc.account(program.addresses.pool, Commitment.PROCESSED)
    assert pool is not None
    assert program.decode("Pool", pool.data)["market_count"] == 3


@pytest.mark.parametrize("unit_price", [0, 1_000])
@pytest.mark.parametrize("has_own_authority", [False, True])
async def test_a_priced_deployment_under_another_authority_lands(
    rpc: RpcClient, unit_price: int, *, has_own_authority: bool
) -> None:
    keys = await _keys(rpc)
    if has_own_authority:
        keys = replace(keys, authority=Keypair())

    assert await Deployment(rpc, keys, SMALL, unit_price=unit_price).run()

    done = await Deployment(rpc, keys, SMALL).plan()
    assert (done.is_done, done.authority) == (True, keys.authority.pubkey())


async def test_opening_is_refused_in_words_before_and_after_the_first_transaction(
    rpc: RpcClient, tmp_path: Path
) -> None:
    keys, where = ensure_keys(tmp_path / "keys"), await _keys(rpc)
    program = load_program(str(where.program))
    settings = Settings.from_env({"QD_HOME": str(tmp_path)})
    cluster = Cluster(rpc=rpc, program=program, settings=settings)
    await Deployment(rpc, where, bound_to(BINARY, BUILT_FOR, where.program)).run()

    with pytest.raises(CommandFailed, match="only the program's upgrade authority") as early:
        await require_openable(cluster, keys, usdc_mint=None, seed_usdc=0)
    with pytest.raises(GenesisFailed) as late:
        await initialize_exchange(rpc, program, keys, CONFIG)

    admin = keys.admin.pubkey()
    assert f"that is {where.payer.pubkey()}, and keys/admin.json is {admin}" in str(early.value)
    assert str(late.value).startswith(f"initialize, signed by {admin}, was refused: ")
    assert not re.search(r"Failure\(|\[|\{", str(late.value))


async def test_a_buffer_of_another_deployment_is_named_with_its_key_and_what_it_holds(
    rpc: RpcClient, tmp_path: Path
) -> None:
    said: list[str] = []
    keys = replace(await _keys(rpc), buffer_file=tmp_path / "buffer.json")
    await Deployment(rpc, keys, SMALL, say=said.append)._fill_buffer()

    with pytest.raises(NotDeployable) as refusal:
        await Deployment(rpc, keys, SMALL + b"\0").plan()

    held = f"(key file {tmp_path}/buffer.json) holds 1."
    assert held in said[0]
    assert held in str(refusal.value)
    assert f"solana program close {keys.buffer.pubkey()}" in str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"is_done": True, "balance_lamports": 0}, None),
        ({"is_upgrade": True}, "is final: nobody may upgrade it"),
        ({"is_upgrade": True, "authority": SYSTEM_PROGRAM}, "upgrade authority is 1111"),
        ({"balance_lamports": 5}, "fund it first"),
    ],
)
def test_a_plan_says_why_it_would_be_refused(changes: dict[str, Any], words: str | None) -> None:
    payer, program = Keypair(), Keypair()
    keys = DeployKeys(
        payer=payer,
        authority=payer,
        program=program.pubkey(),
        program_key=program,
        buffer=Keypair(),
    )
    plan = DeployPlan(
        is_upgrade=False,
        is_done=False,
        chunks_missing=1,
        chunks=1,
        locked_lamports=1,
        lent_lamports=2,
        fee_lamports=3,
        balance_lamports=6,
        authority=None,
    )
    nowhere: Any = None

    refusal = Deployment(nowhere, keys, SMALL).refusal(replace(plan, **changes))

    assert (refusal is None) if words is None else (refusal and words in refusal)


async def test_a_second_run_finds_nothing_to_do_and_sends_nothing(rpc: RpcClient) -> None:
    keys = await _keys(rpc)
    await Deployment(rpc, keys, SMALL).run()
    balance = await rpc.balance(keys.payer.pubkey(), Commitment.PROCESSED)

    assert not await Deployment(rpc, keys, SMALL).run()
    assert await rpc.balance(keys.payer.pubkey(), Commitment.PROCESSED) == balance


async def test_a_deployment_that_was_cut_off_writes_only_what_is_missing(rpc: RpcClient) -> None:
    keys = await _keys(rpc)
    cut_off = Deployment(rpc, keys, SMALL)
    half = cut_off._chunks()[: len(cut_off._chunks()) // 2]
    cut_off._chunks = lambda: half  # type: ignore[method-assign]
    await cut_off._fill_buffer()

    again = Deployment(rpc, keys, SMALL)
    plan = await again.plan()
    assert plan.chunks_missing == plan.chunks - len(half)
    assert await again.run()
    assert (await again.plan()).is_done


async def test_a_dry_run_names_the_cost_to_the_lamport_and_sends_nothing(rpc: RpcClient) -> None:
    keys = await _keys(rpc)
    before = await rpc.balance(keys.payer.pubkey(), Commitment.PROCESSED)
    plan = await Deployment(rpc, keys, SMALL).plan()
    assert await rpc.balance(keys.payer.pubkey(), Commitment.PROCESSED) == before

    await Deployment(rpc, keys, SMALL).run()

    spent = before - await rpc.balance(keys.payer.pubkey(), Commitment.PROCESSED)
    assert spent == plan.locked_lamports + plan.fee_lamports
    assert plan.lent_lamports > 0


async def test_an_upgrade_replaces_the_binary_and_only_its_authority_may(rpc: RpcClient) -> None:
    keys = await _keys(rpc)
    await Deployment(rpc, keys, SMALL).run()
    changed = SMALL[:-1] + bytes([SMALL[-1] ^ 1])
    stranger = Keypair()
    await rpc.request_airdrop(stranger.pubkey(), 20 * SOL)

    other = replace(keys, payer=stranger, authority=stranger, buffer=Keypair())
    with pytest.raises(NotDeployable, match="upgrade authority is"):
        await Deployment(rpc, other, changed).run()
    assert await Deployment(rpc, replace(keys, program_key=None), changed).run()
    assert (await Deployment(rpc, keys, changed).plan()).is_done


async def test_a_poor_payer_is_told_how_much_is_missing_before_anything_is_sent(
    rpc: RpcClient,
) -> None:
    keys = replace(await _keys(rpc), payer=Keypair())

    with pytest.raises(NotDeployable, match=r"has 0\.0000 SOL and needs"):
        await Deployment(rpc, keys, SMALL).run()
