"""Local chain: transactions a second through JSON-RPC, beside the virtual machine alone."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson

from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.world.bench.bare_machine import BareMachine
from quantdesk.world.bench.figure import Figure, compared
from quantdesk.world.bench.traders import Traders

CONNECTIONS = 16
TRANSFERS = 1_024
READY_S_MAX = 60.0


@dataclass(slots=True)
class Bare:
    """Seconds that the program itself takes for one order placed and one filled."""

    place_s: float = 0.0
    execute_s: float = 0.0

    @property
    def both_s(self) -> float | None:
        """None before both were measured."""
        return self.place_s + self.execute_s if self.place_s and self.execute_s else None


def measure_local_chain(bare: Bare) -> Iterator[Figure]:
    """Transfers, orders placed and orders filled; what the machine alone takes goes to `bare`."""
    yield from asyncio.run(_measure(bare))


async def _measure(bare: Bare) -> list[Figure]:
    async with _exchange() as (url, home):
        node = RpcClient.of([url])
        try:
            traders = await Traders.open(node, home / "keys")
            transfers = await _burst(url, node, await traders.transfers(TRANSFERS))
            async with traders.priced():
                places = await _burst(url, node, await traders.orders())
            async with traders.priced():
                fills = await _burst(url, node, await traders.fills())
        finally:
            await node.close()
    bare.place_s, bare.execute_s = places.bare_s, fills.bare_s
    named = {"transfer": transfers, "place_order": places, "execute_order": fills}
    return [each.figure(name) for name, each in named.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Burst:
    count: int
    rate: float
    bare_s: float
    """Seconds for one in the bare machine."""

    def figure(self, name: str) -> Figure:
        return compared(
            f"chain.local_{name}",
            self.rate,
            "tx/s",
            peer=("bare LiteSVM, same bytes, signatures checked", 1 / self.bare_s),
            method=f"{self.count} signed transactions over {CONNECTIONS} HTTP connections to the"
            " chain's own process, without preflight: checked, executed, written to SQLite,"
            " answered; every status checked after",
        )


async def _burst(url: str, node: RpcClient, wires: Sequence[bytes]) -> _Burst:
    bare = await BareMachine.before(node, wires)
    waiting = iter(wires)

    async with aiohttp.ClientSession() as session:

        async def send_all() -> None:
            for wire in waiting:
                async with session.post(url, data=_body(wire)) as reply:
                    await reply.read()

        started_s = time.perf_counter()
        await asyncio.gather(*(send_all() for _ in range(CONNECTIONS)))
        took_s = time.perf_counter() - started_s
    await _require_success(node, wires)
    return _Burst(count=len(wires), rate=len(wires) / took_s, bare_s=bare.run() / len(wires))


async def _require_success(node: RpcClient, wires: Sequence[bytes]) -> None:
    from solders.signature import Signature

    names = [str(Signature.from_bytes(wire[1:65])) for wire in wires]
    for name, state in zip(names, await node.statuses(names), strict=True):
        if state is None or state.err is not None:
            raise ArithmeticError(f"{name} did not succeed: {state}")


def _body(wire: bytes) -> bytes:
    options = {"encoding": "base64", "skipPreflight": True}
    params = [base64.b64encode(wire).decode(), options]
    call = {"jsonrpc": "2.0", "id": 1, "method": "sendTransaction", "params": params}
    return orjson.dumps(call)


@asynccontextmanager
async def _exchange() -> AsyncIterator[tuple[str, Path]]:
    """A chain with an exchange on it in a process of its own, and its home."""
    with tempfile.TemporaryDirectory(prefix="qd-bench-") as place:
        home, port = Path(place), _free_port()
        with _process(home, port) as process:
            url = f"http://127.0.0.1:{port}"
            async with asyncio.timeout(READY_S_MAX):
                await _until_ready(url, process)
            yield url, home


async def _until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": "getHealth", "params": []})
    async with aiohttp.ClientSession() as session:
        while process.poll() is None:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.post(url, data=body) as reply:
                    if orjson.loads(await reply.read()).get("result") == "ok":
                        return
            await asyncio.sleep(0.1)
    raise ChildProcessError("the chain of the bench ended early")


@contextmanager
def _process(home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    words = ("--exchange", "--home", str(home), "--port", str(port))
    process = subprocess.Popen(
        [sys.executable, "-m", "quantdesk.world.chain", *words], stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()


def _free_port() -> int:
    """A port that is free together with the next one."""
    for _ in itertools.count():
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port
    raise AssertionError("unreachable")
