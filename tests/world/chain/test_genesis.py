"""Genesis on the real program, and the first trade that stands on it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import associated_token_account, price_update
from quantdesk.adapters.chain.instructions import Instructions, MarketRef, Trader
from quantdesk.adapters.chain.price_update import PriceMessage, parse_price_update, post_update
from quantdesk.adapters.chain.program import Event, Fields, load_program
from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.adapters.oracle.feeds import FEEDS
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.domain.market import DEFAULT_MARKETS
from quantdesk.services.actions import Commitment
from quantdesk.world.chain.config import ChainConfig
from quantdesk.world.chain.genesis import ExchangeConfig, initialize_exchange
from quantdesk.world.chain.keys import ensure_keys
from quantdesk.world.chain.server import deployed_programs, running
from tests.world.chain.chains import SOL, free_port_pair

PROGRAM = load_program()
FEED_IDS = {feed.symbol: bytes.fromhex(feed.feed_id) for feed in FEEDS}
CONFIG = ExchangeConfig(markets=tuple(DEFAULT_MARKETS.values()), feed_ids=FEED_IDS)
PROCESSED = Commitment.PROCESSED
USDC = 10**6


class World:
    """A chain after genesis, and a few words to speak with it."""

    def __init__(self, rpc: RpcClient, home: Path, url: str) -> None:
        self.rpc = rpc
        self.url = url
        self.keys = ensure_keys(home / "keys")
        self.mint = self.keys.usdc_mint.pubkey()
        refs = [
            MarketRef(index=feed.market_index, oracle=price_update(FEED_IDS[feed.symbol]))
            for feed in FEEDS
        ]
        self.build = Instructions(PROGRAM, refs)

    async def fields(self, kind: str, name: str) -> Fields:
        account = await self.rpc.account(getattr(PROGRAM.addresses, name), PROCESSED)
        assert account is not None
        return PROGRAM.decode(kind, account.data)

    async def send(self, instructions: Sequence[Instruction], *keys: Keypair) -> list[Event]:
        recent = await self.rpc.latest_blockhash(PROCESSED)
        message = build_message(keys[0].pubkey(), instructions, recent.hash, unit_limit=600_000)
        signature = await self.rpc.send(sign(message, keys))
        async with asyncio.timeout(10):
            while (landed := await self.rpc.transaction(signature)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert landed.err is None
        return PROGRAM.events(landed.logs)

    async def post_price(self, price_e8: int) -> None:
        now = int(time.time())
        message = PriceMessage(
            feed_id=FEED_IDS["SOL-PERP"],
            price=price_e8,
            conf=5 * 10**6,
            exponent=-8,
            publish_time=now,
            prev_publish_time=now - 1,
            ema_price=price_e8,
            ema_conf=5 * 10**6,
        )
        publisher = self.keys.publisher
        await self.send([post_update(publisher.pubkey(), message)], publisher)

    async def confirm_price(self, price_e8: int) -> None:
        """Two publications: the first after a pause only refreshes."""
        for _ in range(2):
            await self.post_price(price_e8)
            await self.send([self.build.update_oracle_price(0)], self.keys.keeper)
            await asyncio.sleep(1.1)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    keys = ensure_keys(tmp_path / "keys")
    port = free_port_pair()
    config = ChainConfig(
        home=tmp_path / "chain",
        rpc_port=port,
        slot_ms=100,
        programs=deployed_programs(str(PROGRAM.id), str(keys.admin.pubkey())),
    )
    async with running(config) as bank:
        bank.is_ready = True
        rpc = RpcClient.of([f"http://127.0.0.1:{port}"])
        await initialize_exchange(rpc, PROGRAM, keys, CONFIG)
        yield World(rpc, tmp_path, f"http://127.0.0.1:{port}")
        await rpc.close()


async def test_genesis_opens_three_markets_over_a_funded_pool(world: World) -> None:
    pool = await world.fields("Pool", "pool")
    insurance = await world.fields("InsuranceFund", "insurance")
    security = await world.fields("Security", "security")
    vault_tokens = await world.rpc.account(PROGRAM.addresses.vault_tokens(world.mint), PROCESSED)

    assert (pool["cash_e6"], pool["market_count"]) == (1_000_000 * USDC, 3)
    assert insurance["balance_e6"] == 50_000 * USDC
    assert security["keeper"] == world.keys.keeper.pubkey()
    assert security["guardian"] == world.keys.guardian.pubkey() != security["admin"]
    for index in range(3):
        market = await world.rpc.account(PROGRAM.addresses.market(index), PROCESSED)
        assert market is not None
        assert PROGRAM.decode("Market", market.data)["status"] == 0
    assert vault_tokens is not None
    assert int.from_bytes(vault_tokens.data[64:72], "little") == 1_050_000 * USDC


async def test_after_genesis_whoever_asks_for_what_is_confirmed_sees_all_of_it(
    world: World,
) -> None:
    wanted = [
        PROGRAM.addresses.pool,
        *(PROGRAM.addresses.market(index) for index in range(3)),
        PROGRAM.addresses.user_account(world.keys.keeper.pubkey()),
    ]

    pool, *rest = await world.rpc.accounts(wanted, Commitment.CONFIRMED)

    assert pool is not None
    assert PROGRAM.decode("Pool", pool.data)["market_count"] == 3
    assert None not in rest


async def test_a_second_genesis_sends_nothing(world: World) -> None:
    await asyncio.sleep(0.5)  # history begins at `confirmed`
    admin = world.keys.admin.pubkey()
    before = await world.rpc.signatures_for(admin)

    await initialize_exchange(world.rpc, PROGRAM, world.keys, CONFIG)
    await asyncio.sleep(0.5)

    assert len(before) > 5
    assert await world.rpc.signatures_for(admin) == before


async def test_the_guardian_pauses_with_its_own_key_and_fees(world: World) -> None:
    guardian = world.keys.guardian
    pause = PROGRAM.instruction("pause", {"authority": guardian.pubkey()}, {"pause_bits": 1})

    (paused,) = await world.send([pause], guardian)

    assert paused.fields["by"] == guardian.pubkey()


def test_a_world_from_before_gets_a_guardian_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    before = ensure_keys(tmp_path)
    (tmp_path / "guardian.json").unlink()

    after = ensure_keys(tmp_path)

    assert (after.admin, after.keeper) == (before.admin, before.keeper)
    assert after.guardian not in (before.guardian, after.admin)
    assert (tmp_path / "guardian.json").stat().st_mode & 0o777 == 0o600
    assert ensure_keys(tmp_path) == after


async def test_the_receiver_writes_a_price_update_that_parses(world: World) -> None:
    await world.post_price(150 * 10**8)

    account = await world.rpc.account(price_update(FEED_IDS["SOL-PERP"]), PROCESSED)
    assert account is not None
    update = parse_price_update(account.data)
    assert update.message.price == 150 * 10**8
    assert update.signatures is None
    assert update.write_authority == world.keys.publisher.pubkey()


async def test_a_trader_deposits_places_and_is_filled_at_the_next_price(world: World) -> None:
    owner = Keypair()
    await world.rpc.request_airdrop(owner.pubkey(), 10 * SOL)
    wallet, faucet = associated_token_account(owner.pubkey(), world.mint), world.keys.faucet
    await world.send(
        [
            tokens.create_token_account(faucet.pubkey(), owner.pubkey(), world.mint),
            tokens.mint_to(world.mint, wallet, faucet.pubkey(), 5_000 * USDC),
        ],
        faucet,
    )
    trader = Trader(address=PROGRAM.addresses.user_account(owner.pubkey()), owner=owner.pubkey())
    opened = await world.send(
        [
            world.build.create_user_account(owner.pubkey()),
            world.build.deposit(trader, world.mint, 1_000 * USDC),
        ],
        owner,
    )
    await world.confirm_price(150 * 10**8)
    placed = await world.send([world.build.place_order(trader, 0, _market_order())], owner)
    await asyncio.sleep(1.2)
    await world.post_price(151 * 10**8)
    order = PROGRAM.addresses.order(trader.address, 7)
    keeper = world.keys.keeper
    execute = world.build.execute_order(
        trader,
        order,
        0,
        keeper=keeper.pubkey(),
        keeper_account=PROGRAM.addresses.user_account(keeper.pubkey()),
    )
    (executed,) = [
        each for each in await world.send([execute], keeper) if each.name == "OrderExecuted"
    ]

    assert [each.name for each in opened] == ["UserAccountCreated", "Deposited"]
    assert [each.name for each in placed] == ["OrderPlaced"]
    assert executed.fields["size_e9"] == 10 * 10**9
    assert executed.fields["oracle_price_e6"] == 151_000_000
    assert await world.rpc.account(order, PROCESSED) is None
    pool = await world.fields("Pool", "pool")
    insurance = await world.fields("InsuranceFund", "insurance")
    held = await world.rpc.account(PROGRAM.addresses.vault_tokens(world.mint), PROCESSED)
    assert held is not None
    parts = pool["total_user_usdc_e6"] + pool["cash_e6"] + insurance["balance_e6"]
    assert int.from_bytes(held.data[64:72], "little") == parts


def _market_order() -> dict[str, int | bool]:
    return {
        "client_order_id": 7,
        "kind": 0,
        "size_e9": 10 * 10**9,
        "limit_price_e6": 155 * 10**6,
        "trigger_price_e6": 0,
        "trailing_bps": 0,
        "reduce_only": False,
        "expires_at": int(time.time()) + 30,
    }
