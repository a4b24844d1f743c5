"""The real parts of a world in one process: chain with the real program, Postgres, Valkey."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import price_update
from quantdesk.adapters.chain.instructions import Instructions, MarketRef, Trader
from quantdesk.adapters.chain.price_update import PriceMessage, post_update
from quantdesk.adapters.chain.program import load_program
from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.adapters.oracle.feeds import FEEDS, Feed
from quantdesk.adapters.postgres.migrate import migrate
from quantdesk.adapters.redis.connection import connect
from quantdesk.adapters.redis.prices import PriceStream
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.services.market_ports import Tick
from quantdesk.settings import Settings
from quantdesk.world.chain import server as chain_server
from quantdesk.world.chain.keys import WorldKeys, ensure_keys
from tests.adapters.postgres.server import PASSWORD, SUPABASE_DIR, running_server
from tests.adapters.redis.valkey import free_port, running_valkey

PRICES_E6 = {"SOL-PERP": 150_000_000, "BTC-PERP": 100_000_000_000, "ETH-PERP": 4_000_000_000}
CONFIRM_S_MAX = 15.0


@dataclass
class RealWorld:
    """Settings of the running parts, and hands that do the feed's and the keeper's work."""

    settings: Settings
    rpc: RpcClient
    valkey: Redis
    keys: WorldKeys
    published_s: int = 0

    async def publish(self, prices_e6: dict[str, int] | None = None) -> None:
        """One price of every market, on chain and in the hot store, of this second."""
        prices = {**PRICES_E6, **(prices_e6 or {})}
        now_s = int(time.time())
        before_s, self.published_s = self.published_s or now_s, now_s
        messages = [_message(feed, prices[feed.symbol], now_s, before_s) for feed in FEEDS]
        publisher = self.keys.publisher.pubkey()
        await self._send([post_update(publisher, each) for each in messages], self.keys.publisher)
        await PriceStream(self.valkey).append(
            [
                Tick(
                    market=feed.symbol,
                    price_e6=prices[feed.symbol],
                    conf_e6=prices[feed.symbol] // 5_000,
                    publish_ms=now_s * 1000,
                    received_ms=now_s * 1000,
                    prev_publish_s=before_s,
                )
                for feed in FEEDS
            ]
        )

    async def refresh(self) -> None:
        """Let the markets take note of the posted prices."""
        build = self._instructions()
        await self._send(
            [build.update_oracle_price(feed.market_index) for feed in FEEDS], self.keys.keeper
        )

    async def execute(self, owner: str, order: str, market_index: int) -> None:
        """Fill an order as the keeper would, at a price published after it."""
        program = load_program(self.settings.program_id)
        key = Pubkey.from_string(owner)
        address = program.addresses.user_account(key)
        found = await self.rpc.account(address)
        assert found is not None
        trader = Trader.of(address, program.decode("UserAccount", found.data))
        keeper = self.keys.keeper.pubkey()
        instruction = self._instructions().execute_order(
            trader,
            Pubkey.from_string(order),
            market_index,
            keeper=keeper,
            keeper_account=program.addresses.user_account(keeper),
        )
        await self._send([instruction], self.keys.keeper)

    async def confirmed(self, signature: str) -> None:
        """Wait until the chain is sure."""
        deadline = time.monotonic() + CONFIRM_S_MAX
        while time.monotonic() < deadline:
            [found] = await self.rpc.statuses([signature])
            if found is not None and found.commitment.value != "processed":
                assert found.err is None, found.err
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{signature} was not confirmed within {CONFIRM_S_MAX} s")

    def _instructions(self) -> Instructions:
        markets = [
            MarketRef(index=feed.market_index, oracle=price_update(bytes.fromhex(feed.feed_id)))
            for feed in FEEDS
        ]
        return Instructions(load_program(self.settings.program_id), markets)

    async def _send(self, instructions: list[Instruction], key: object) -> None:
        assert hasattr(key, "pubkey")
        blockhash = await self.rpc.latest_blockhash()
        message = build_message(key.pubkey(), instructions, blockhash.hash)
        await self.confirmed(await self.rpc.send(sign(message, [key])))  # type: ignore[list-item]


@asynccontextmanager
async def real_world(home: Path) -> AsyncIterator[RealWorld]:
    """Chain, Postgres and Valkey, started for one test and gone after it."""
    keys = ensure_keys(home / "keys")
    chain_port = free_port()
    with running_server() as postgres, running_valkey() as redis:
        migrate(postgres.admin_url(), supabase_dir=SUPABASE_DIR, authenticator_password=PASSWORD)
        settings = Settings.from_env(
            {
                "QD_HOME": str(home),
                "QD_CHAIN_PORT": str(chain_port),
                "SOLANA_RPC_URLS": f"http://127.0.0.1:{chain_port}",
                "DATABASE_URL": postgres.app_url(),
                "REDIS_URL": redis.url,
                "QD_USDC_MINT": str(keys.usdc_mint.pubkey()),
            }
        )
        chain = asyncio.create_task(chain_server.run(settings))
        rpc = RpcClient.of(settings.solana_rpc_urls)
        valkey = connect(settings.redis_url, name="test")
        try:
            await _ready(rpc, chain)
            yield RealWorld(settings=settings, rpc=rpc, valkey=valkey, keys=keys)
        finally:
            chain.cancel()
            await asyncio.gather(chain, return_exceptions=True)
            await rpc.close()
            await valkey.aclose()


async def _ready(rpc: RpcClient, chain: asyncio.Task[None]) -> None:
    for _ in range(300):
        if chain.done():
            await chain
        if await rpc.is_healthy():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the chain was not healthy within 30 s")


def _message(feed: Feed, price_e6: int, now_s: int, before_s: int) -> PriceMessage:
    return PriceMessage(
        feed_id=bytes.fromhex(feed.feed_id),
        price=price_e6 * 100,
        conf=price_e6 // 50,
        exponent=-8,
        publish_time=now_s,
        prev_publish_time=before_s,
        ema_price=price_e6 * 100,
        ema_conf=price_e6 // 50,
    )
