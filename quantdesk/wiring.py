"""Wiring: the one place where adapters meet what needs them.

Every function imports its adapter itself, so a process pays only for what it uses.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from quantdesk.settings import Settings

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from quantdesk.adapters.chain.exchange import ChainExchange
    from quantdesk.adapters.chain.history import ProgramHistory
    from quantdesk.adapters.chain.keeper import ChainKeeper
    from quantdesk.adapters.chain.transactions import ChainTransactions
    from quantdesk.adapters.postgres.candles import CandleStore
    from quantdesk.adapters.postgres.chain_mirror import ChainMirror
    from quantdesk.adapters.postgres.database import Database
    from quantdesk.adapters.postgres.sender_queue import SenderQueue
    from quantdesk.adapters.redis.account_channel import AccountChange, AccountChannel
    from quantdesk.adapters.redis.market_state import MarketStates
    from quantdesk.adapters.redis.prices import MarkBook, PriceStream
    from quantdesk.adapters.rpc.client import RpcClient
    from quantdesk.services.dependencies import Dependencies, Place
    from quantdesk.services.market_ports import CandleHistory, PriceSource
    from quantdesk.services.ports import Faucet
    from quantdesk.services.smoke import SmokeParts


@asynccontextmanager
async def alive(settings: Settings, *, worker: str) -> AsyncIterator[Redis]:
    """A worker's Valkey client; its heartbeat is written as long as the block runs."""
    from quantdesk.adapters.redis.connection import connect
    from quantdesk.adapters.redis.heartbeat import beat_for_ever

    valkey = connect(settings.redis_url, name=worker)
    beats = asyncio.create_task(beat_for_ever(valkey, worker))
    try:
        yield valkey
    finally:
        beats.cancel()
        await valkey.aclose()


@asynccontextmanager
async def database(settings: Settings, *, size_max: int = 2) -> AsyncIterator[Database]:
    """A pool of Postgres connections, closed at the end of the block."""
    from quantdesk.adapters.postgres.database import Database

    pool = await Database.connect(settings.database_url, size_max=size_max)
    try:
        yield pool
    finally:
        await pool.close()


def price_source(settings: Settings) -> PriceSource:
    """Where prices come from."""
    from quantdesk.adapters.oracle.hermes import Hermes

    return Hermes(settings.pyth_hermes_url, api_key=settings.pyth_api_key)


def price_stream(valkey: Redis) -> PriceStream:
    """Every tick, for workers."""
    from quantdesk.adapters.redis.prices import PriceStream

    return PriceStream(valkey)


def marks(valkey: Redis) -> MarkBook:
    """The newest mark of each market."""
    from quantdesk.adapters.redis.prices import MarkBook

    return MarkBook(valkey)


def market_states(valkey: Redis) -> MarketStates:
    """Open interest, funding and limits of each market."""
    from quantdesk.adapters.redis.market_state import MarketStates

    return MarketStates(valkey)


def account_channel(valkey: Redis) -> AccountChannel:
    """Who should look at an account again."""
    from quantdesk.adapters.redis.account_channel import AccountChannel

    return AccountChannel(valkey)


@asynccontextmanager
async def account_changes(settings: Settings) -> AsyncIterator[AsyncIterator[AccountChange]]:
    """Changes of every account as they are told, for as long as the block runs."""
    from quantdesk.adapters.redis.connection import connect

    valkey = connect(settings.redis_url, name="web")
    try:
        yield account_channel(valkey).changes()
    finally:
        await valkey.aclose()


def candle_store(pool: Database) -> CandleStore:
    """Stored candles."""
    from quantdesk.adapters.postgres.candles import CandleStore

    return CandleStore(pool)


def candle_history(settings: Settings) -> CandleHistory:
    """Candles from before this world began."""
    from quantdesk.adapters.market_data.history import RecordedHistory

    return RecordedHistory(settings.pyth_hermes_url)


def settings_of_this_process() -> Settings:
    """What the environment says, for entries that nobody hands their settings."""
    return Settings.of_running_world()


def place(settings: Settings) -> Place:
    """Where this product runs, as anyone may know it."""
    from quantdesk.services.dependencies import Place

    return Place(
        origin=settings.public_origin,
        environment=settings.environment.value,
        chain_id=_chain_id(settings),
        feed_url=settings.feed_url,
        program_id=settings.program_id,
        usdc_mint=settings.usdc_mint,
        scene=settings.scene.value,
        trusted_proxies=settings.trusted_proxies,
    )


def _chain_id(settings: Settings) -> str:
    """The name that sign-in messages give to the chain behind the first node."""
    node = settings.solana_rpc_urls[0] if settings.solana_rpc_urls else ""
    if not settings.is_production and ("127.0.0.1" in node or "localhost" in node or not node):
        return "localnet"
    return next((name for name in ("devnet", "testnet") if name in node), "mainnet")


@asynccontextmanager
async def exchange(settings: Settings) -> AsyncIterator[ChainExchange]:
    """The exchange on chain."""
    async with rpc_node(settings) as node:
        yield _exchange(settings, node)


@asynccontextmanager
async def transactions(settings: Settings) -> AsyncIterator[ChainTransactions]:
    """Sending, and asking what became of it."""
    from quantdesk.adapters.chain.program import load_program
    from quantdesk.adapters.chain.transactions import ChainTransactions

    async with rpc_node(settings) as node:
        yield ChainTransactions(node, load_program(settings.program_id))


@asynccontextmanager
async def rpc_node(settings: Settings) -> AsyncIterator[RpcClient]:
    """The chain's nodes as one."""
    from quantdesk.adapters.rpc.client import RpcClient

    node = RpcClient.of(settings.solana_rpc_urls, genesis=settings.genesis_hash or None)
    try:
        yield node
    finally:
        await node.close()


def _exchange(settings: Settings, node: RpcClient) -> ChainExchange:
    from solders.pubkey import Pubkey

    from quantdesk.adapters.chain.exchange import ChainExchange
    from quantdesk.adapters.chain.program import load_program
    from quantdesk.adapters.rpc.types import Memcmp

    mint = Pubkey.from_string(settings.usdc_mint)
    return ChainExchange(
        node,
        load_program(settings.program_id),
        mint,
        memcmp=Memcmp,
        price_cap=settings.priority_fee_max,
    )


def _faucet(settings: Settings, node: RpcClient, pool: Database) -> Faucet | None:
    """Only where a faucet's key lies: on this machine, in development."""
    from solders.pubkey import Pubkey

    from quantdesk.adapters.chain.faucet import ChainFaucet, read_key
    from quantdesk.adapters.postgres.faucet_grants import RecordedFaucet

    file = settings.keys_dir / "faucet.json"
    if settings.is_production or not file.exists():
        return None
    faucet = ChainFaucet(node, read_key(file), Pubkey.from_string(settings.usdc_mint))
    return RecordedFaucet(faucet, pool)


async def build_dependencies(settings: Settings) -> Dependencies:
    """Every port of the door; close with `close()`. Raises a PortError while the world is down."""
    from contextlib import AsyncExitStack

    from quantdesk.adapters.chain.program import load_program
    from quantdesk.adapters.chain.transactions import ChainTransactions
    from quantdesk.adapters.clock import SystemClock, SystemRandomness
    from quantdesk.adapters.postgres.account_mirror import PostgresAccountMirror
    from quantdesk.adapters.postgres.door import PostgresNonces, PostgresSessions, PostgresUsers
    from quantdesk.adapters.postgres.intents import PostgresIntents
    from quantdesk.adapters.readiness import PartsReadiness
    from quantdesk.adapters.redis.connection import connect
    from quantdesk.adapters.redis.limits import RedisRateLimits, ping
    from quantdesk.services.dependencies import Dependencies

    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(database(settings, size_max=8))
        node = await stack.enter_async_context(rpc_node(settings))
        valkey = connect(settings.redis_url, name="door")
        stack.push_async_callback(valkey.aclose)
        return Dependencies(
            place=place(settings),
            clock=SystemClock(),
            randomness=SystemRandomness(),
            nonces=PostgresNonces(pool),
            sessions=PostgresSessions(pool),
            users=PostgresUsers(pool),
            intents=PostgresIntents(pool),
            mirror=PostgresAccountMirror(pool),
            history=candle_store(pool),
            marks=marks(valkey),
            exchange=_exchange(settings, node),
            transactions=ChainTransactions(node, load_program(settings.program_id)),
            faucet=_faucet(settings, node, pool),
            limits=RedisRateLimits(valkey),
            readiness=PartsReadiness(
                {"database": pool.ping, "prices": lambda: ping(valkey), "chain": node.slot}
            ),
            close=stack.pop_all().aclose,
        )


def chain_mirror(pool: Database) -> ChainMirror:
    """Where the indexer writes."""
    from quantdesk.adapters.postgres.chain_mirror import ChainMirror

    return ChainMirror(pool)


def sender_queue(pool: Database) -> SenderQueue:
    """What the order sender works on."""
    from quantdesk.adapters.postgres.sender_queue import SenderQueue

    return SenderQueue(pool)


@asynccontextmanager
async def chain_history(settings: Settings) -> AsyncIterator[ProgramHistory]:
    """What happened to the program."""
    from quantdesk.adapters.chain.history import ProgramHistory
    from quantdesk.adapters.chain.program import load_program
    from quantdesk.adapters.rpc.websocket import RpcSocket

    async with rpc_node(settings) as node:
        program = load_program(settings.program_id)
        yield ProgramHistory(node, RpcSocket(settings.solana_ws_url), program)


@asynccontextmanager
async def keeper_chain(settings: Settings) -> AsyncIterator[ChainKeeper]:
    """The exchange in a keeper's hands; prices are posted where the publisher's key lies."""
    from quantdesk.adapters.chain.faucet import read_key
    from quantdesk.adapters.chain.keeper import ChainKeeper, KeeperKeys
    from quantdesk.adapters.chain.program import load_program
    from quantdesk.adapters.chain.task_budgets import TaskBudgets
    from quantdesk.adapters.rpc.websocket import RpcSocket

    publisher = settings.keys_dir / "publisher.json"
    keys = KeeperKeys(
        keeper=read_key(settings.keys_dir / "keeper.json"),
        publisher=read_key(publisher) if publisher.exists() else None,
    )
    async with rpc_node(settings) as node:
        program = load_program(settings.program_id)
        budgets = TaskBudgets(node, price_max=settings.priority_fee_max)
        yield ChainKeeper(node, RpcSocket(settings.solana_ws_url), program, keys, budgets)


@asynccontextmanager
async def smoke_parts(settings: Settings, *, origin: str) -> AsyncIterator[SmokeParts]:
    """A fresh wallet, the public API at `origin`, and the sources to compare."""
    from quantdesk.adapters.chain.wallet import MemoryWallet
    from quantdesk.adapters.postgres.mirror_books import PostgresBooks
    from quantdesk.adapters.public_api.client import ApiClient
    from quantdesk.services.smoke import SmokeParts

    async with (
        ApiClient.open(origin) as api,
        exchange(settings) as chain,
        database(settings) as pool,
    ):
        yield SmokeParts(api=api, wallet=MemoryWallet(), exchange=chain, books=PostgresBooks(pool))
