"""Durable nonces on the local chain, and the attack that they made famous."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import pytest
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import (
    AdvanceNonceAccountParams,
    TransferParams,
    advance_nonce_account,
    create_nonce_account,
    transfer,
)

from quantdesk.adapters.chain.failures import failure_of
from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.adapters.rpc.errors import TransactionRejected
from quantdesk.domain.market import DEFAULT_MARKETS
from quantdesk.services.actions import Commitment
from quantdesk.world.chain.config import ChainConfig
from quantdesk.world.chain.genesis import market_params
from quantdesk.world.chain.server import running
from tests.world.chain.chains import SOL, RunningChain, chain, free_port_pair, slots_pass
from tests.world.chain.test_genesis import PROGRAM, World, world

__all__ = ["world"]
PROCESSED = Commitment.PROCESSED
ANYONE = Keypair().pubkey()


@pytest.fixture
async def bare(tmp_path: Path) -> AsyncIterator[tuple[RunningChain, RpcClient]]:
    async with chain(tmp_path) as found:
        rpc = RpcClient.of([found.url])
        yield found, rpc
        await rpc.close()


def _advance(nonce: Pubkey, owner: Pubkey) -> Instruction:
    return advance_nonce_account(
        AdvanceNonceAccountParams(nonce_pubkey=nonce, authorized_pubkey=owner)
    )


def _pay(owner: Keypair, lamports: int) -> Instruction:
    return transfer(TransferParams(from_pubkey=owner.pubkey(), to_pubkey=ANYONE, lamports=lamports))


async def _nonce(rpc: RpcClient, owner: Keypair) -> Pubkey:
    account = Keypair()
    rent = await rpc.rent_minimum(80)
    made = create_nonce_account(owner.pubkey(), account.pubkey(), owner.pubkey(), rent)
    recent = await rpc.latest_blockhash(PROCESSED)
    await rpc.send(sign(build_message(owner.pubkey(), made, recent.hash), [owner, account]))
    return account.pubkey()


async def _stored(rpc: RpcClient, nonce: Pubkey) -> Hash:
    found = await rpc.account(nonce, PROCESSED)
    assert found is not None
    return Hash.from_bytes(found.data[40:72])


async def _send(
    rpc: RpcClient, owner: Keypair, steps: Sequence[Instruction], stored: Hash, **how: bool
) -> bytes:
    wire = sign(build_message(owner.pubkey(), steps, stored), [owner])
    await rpc.send(wire, **how)
    return wire


async def test_a_nonce_stays_good_after_every_blockhash_has_expired_and_works_once(
    bare: tuple[RunningChain, RpcClient],
) -> None:
    found, rpc = bare
    owner = Keypair()
    await rpc.request_airdrop(owner.pubkey(), SOL)
    nonce = await _nonce(rpc, owner)
    stored = await _stored(rpc, nonce)
    steps = [_advance(nonce, owner.pubkey()), _pay(owner, 2_000_000)]
    found.bank.skip(400)

    await _send(rpc, owner, steps, stored)

    assert await rpc.balance(ANYONE, PROCESSED) == 2_000_000
    assert await _stored(rpc, nonce) != stored
    with pytest.raises(TransactionRejected, match="Blockhash not found"):
        await _send(rpc, owner, [*steps, _pay(owner, 1_000_000)], stored)


async def test_a_failed_transaction_uses_its_nonce_up(
    bare: tuple[RunningChain, RpcClient],
) -> None:
    found, rpc = bare
    owner = Keypair()
    await rpc.request_airdrop(owner.pubkey(), SOL)
    nonce = await _nonce(rpc, owner)
    stored = await _stored(rpc, nonce)
    await slots_pass(found.bank, 1)
    steps = [_advance(nonce, owner.pubkey()), _pay(owner, 100 * SOL)]

    await _send(rpc, owner, steps, stored, preflight=False)

    assert await _stored(rpc, nonce) != stored
    assert await rpc.balance(owner.pubkey(), PROCESSED) < SOL


async def test_a_nonce_that_is_not_advanced_first_is_no_blockhash(
    bare: tuple[RunningChain, RpcClient],
) -> None:
    found, rpc = bare
    owner = Keypair()
    await rpc.request_airdrop(owner.pubkey(), SOL)
    nonce = await _nonce(rpc, owner)
    stored = await _stored(rpc, nonce)
    await slots_pass(found.bank, 1)

    with pytest.raises(TransactionRejected, match="Blockhash not found"):
        await _send(rpc, owner, [_pay(owner, 1), _advance(nonce, owner.pubkey())], stored)


async def test_an_admin_instruction_signed_over_a_durable_nonce_is_refused(world: World) -> None:
    admin = world.keys.admin
    nonce = await _nonce(world.rpc, admin)
    stored = await _stored(world.rpc, nonce)
    await asyncio.sleep(0.3)
    propose = _proposal(admin.pubkey())

    with pytest.raises(TransactionRejected) as refused:
        await _send(world.rpc, admin, [_advance(nonce, admin.pubkey()), propose], stored)

    failure = failure_of(refused.value.err, PROGRAM, refused.value.logs)
    assert failure is not None
    assert failure.code == "DurableNonce"


def _proposal(admin: Pubkey) -> Instruction:
    """A change of nothing but the keeper; the parts it does not use are zero."""
    market = DEFAULT_MARKETS["SOL-PERP"]
    change = {
        **{"kind": 3, "index": 0, "status": 0, "pause_bits": 0, "timelock_s": 86_400},
        **{"keeper_reward_e6": 10_000, "daily_loss_share_e6": 100_000},
        **{"admin": admin, "guardian": admin, "keeper": admin},
        "market": market_params(market, bytes(32)),
        "vault": {
            **{"weight_init_e6": 0, "weight_maint_e6": 0, "deposit_cap": 0, "conf_gate_e6": 0},
            **{"oracle": ANYONE, "oracle_owner": ANYONE, "feed_id": bytes(32), "age_max_s": 0},
            **{"outflow_floor": 0, "outflow_share_e6": 0},
        },
    }
    return PROGRAM.instruction("propose_change", {"admin": admin}, {"id": 1, "change": change})


async def test_faults_are_switched_on_from_another_process_only_where_allowed(
    tmp_path: Path,
) -> None:
    for is_breakable, status in ((True, 200), (False, 404)):
        port = free_port_pair()
        config = ChainConfig(
            home=tmp_path / str(is_breakable), rpc_port=port, is_breakable=is_breakable
        )
        async with running(config) as bank, aiohttp.ClientSession() as session:
            bank.is_ready = True
            url, header = f"http://127.0.0.1:{port}/fault", {"x-quantdesk": "1"}
            async with session.post(url, json={"refuse_requests": 2}, headers=header) as reply:
                assert reply.status == status
            async with session.post(url, json={"refuse_requests": 2}) as reply:
                assert reply.status == (403 if is_breakable else 404)
            async with session.post(url, json={"melt": 1}, headers=header) as reply:
                assert reply.status == (422 if is_breakable else 404)
            assert bank.config.faults.refuse_requests == (2 if is_breakable else 0)
