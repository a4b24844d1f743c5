"""The chain's two ports: JSON-RPC over HTTP, and WebSocket one port above."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

import structlog
from aiohttp import WSMsgType, web

from quantdesk.adapters.chain.program import load_program
from quantdesk.adapters.oracle.feeds import FEEDS
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.domain.market import DEFAULT_MARKETS
from quantdesk.settings import Settings
from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.config import ChainConfig, ProgramFile, QuietInstruction
from quantdesk.world.chain.dispatch import answer
from quantdesk.world.chain.faults import apply_faults
from quantdesk.world.chain.genesis import ExchangeConfig, initialize_exchange
from quantdesk.world.chain.keys import WorldKeys, ensure_keys
from quantdesk.world.chain.subscriptions import Client, Hub

BODY_BYTES_MAX = 1 << 20
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
}

log = structlog.get_logger()


PROJECT = Path(__file__).resolve().parents[3]
RECEIVER_ID = "rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ"


async def run(settings: Settings) -> None:
    """Serve the world's chain until cancelled; it reports healthy once genesis is done."""
    keys = ensure_keys(settings.keys_dir)
    config = ChainConfig(
        home=settings.home / "chain",
        rpc_port=settings.chain_port,
        is_breakable=settings.chain_faults and not settings.is_production,
        quiet=(
            QuietInstruction(program=RECEIVER_ID),
            QuietInstruction(
                program=settings.program_id,
                prefix=load_program(settings.program_id).prefix("update_oracle_price"),
            ),
        ),
        programs=deployed_programs(settings.program_id, str(keys.admin.pubkey())),
    )
    async with running(config) as bank:
        await _open_exchange(settings, keys)
        bank.is_ready = True
        log.info("chain_ready", slot=bank.slot)
        await asyncio.Event().wait()


async def serve(config: ChainConfig) -> None:
    """Serve a bare chain, without the exchange, until cancelled."""
    async with running(config) as bank:
        bank.is_ready = True
        await asyncio.Event().wait()


def deployed_programs(program_id: str, authority: str) -> tuple[ProgramFile, ...]:
    """The project's built programs, at the addresses where the product expects them."""
    built = {program_id: "quantdesk.so", RECEIVER_ID: "receiver.so"}
    folder = PROJECT / "programs" / "artifacts"
    return tuple(
        ProgramFile(address=address, binary=folder / name, upgrade_authority=authority)
        for address, name in built.items()
        if (folder / name).exists()
    )


async def _open_exchange(settings: Settings, keys: WorldKeys) -> None:
    if not (PROJECT / "programs" / "artifacts" / "quantdesk.so").exists():
        log.warning("program_missing", fix="build it with `make program`")
        return
    rpc = RpcClient.of([f"http://127.0.0.1:{settings.chain_port}"])
    try:
        config = ExchangeConfig(
            markets=tuple(DEFAULT_MARKETS.values()),
            feed_ids={feed.symbol: bytes.fromhex(feed.feed_id) for feed in FEEDS},
        )
        await initialize_exchange(rpc, load_program(settings.program_id), keys, config)
    finally:
        await rpc.close()


@contextlib.asynccontextmanager
async def running(config: ChainConfig) -> AsyncIterator[Bank]:
    """A chain that answers on its ports while the context is open."""
    bank = Bank(config)
    for program in config.programs:
        if bank.deploy(program):
            log.info("program_deployed", address=program.address, binary=program.binary.name)
    hub = Hub(bank)
    runners = [
        await _listen(_http_app(bank), config.host, config.rpc_port),
        await _listen(_websocket_app(hub), config.host, config.rpc_port + 1),
    ]
    log.info("chain_listening", rpc_port=config.rpc_port, slot=bank.slot)
    try:
        async with asyncio.TaskGroup() as group:  # a ledger that fails ends the chain
            ticking = group.create_task(_tick(bank))
            yield bank
            ticking.cancel()
    finally:
        for runner in runners:
            await runner.cleanup()
        bank.close()


async def _tick(bank: Bank) -> None:
    slot_s = bank.config.slot_ms / 1000
    while True:
        await asyncio.sleep(slot_s)
        bank.advance()


async def _listen(app: web.Application, host: str, port: int) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, host, port, reuse_address=True).start()
    return runner


def _http_app(bank: Bank) -> web.Application:
    faults = bank.config.faults

    async def call(request: web.Request) -> web.Response:
        body = await request.read()
        if faults.takes("refuse_requests"):
            return web.Response(status=faults.refuse_status, headers=_CORS)
        reply = answer(bank, body)
        if faults.reply_delay_ms:
            await asyncio.sleep(faults.reply_delay_ms / 1000)
        if faults.takes("drop_replies") and request.transport is not None:
            request.transport.abort()
        return web.Response(body=reply, content_type="application/json", headers=_CORS)

    async def health(_request: web.Request) -> web.Response:
        return web.Response(text="ok", headers=_CORS)

    async def preflight(_request: web.Request) -> web.Response:
        return web.Response(status=204, headers=_CORS)

    app = web.Application(client_max_size=BODY_BYTES_MAX)
    if bank.config.is_breakable:
        app.router.add_post("/fault", _fault_door(bank))
    app.router.add_post("/", call)
    app.router.add_get("/health", health)
    app.router.add_options("/", preflight)
    return app


def _fault_door(bank: Bank) -> Callable[[web.Request], Awaitable[web.Response]]:
    """`POST /fault` for tests in other processes: counters of Faults, and `fork` or `skip` slots.

    The header keeps pages in a browser out: it makes their request one that must be asked for.
    """

    async def change(request: web.Request) -> web.Response:
        if request.headers.get("x-quantdesk") != "1":
            return web.json_response({"error": "the header x-quantdesk: 1 is missing"}, status=403)
        try:
            asked = dict(await request.json())
            apply_faults(bank, asked)
        except (ValueError, TypeError) as problem:
            return web.json_response({"error": str(problem)}, status=422)
        return web.json_response({"slot": bank.slot, **asdict(bank.config.faults)})

    return change


def _websocket_app(hub: Hub) -> web.Application:
    async def connect(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=BODY_BYTES_MAX)
        await socket.prepare(request)
        client = Client()
        writing = asyncio.create_task(_write(socket, client))
        try:
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    hub.handle(client, message.data)
        finally:
            hub.forget(client)
            writing.cancel()
        return socket

    app = web.Application()
    app.router.add_get("/", connect)
    return app


async def _write(socket: web.WebSocketResponse, client: Client) -> None:
    with contextlib.suppress(ConnectionResetError):
        while (message := await client.outbox.get()) is not None:
            await socket.send_str(message.decode())
    await socket.close()
