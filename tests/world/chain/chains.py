"""Chains for tests: real servers on free ports, in process or as a process of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.config import ChainConfig
from quantdesk.world.chain.server import running

SOL = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningChain:
    """A chain in this process, and where clients find it."""

    bank: Bank
    url: str
    ws_url: str


def free_port_pair() -> int:
    """A port that is free together with the next one."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


@asynccontextmanager
async def chain(home: Path, *, slot_ms: int = 50) -> AsyncIterator[RunningChain]:
    """A bare chain with fast slots."""
    port = free_port_pair()
    config = ChainConfig(home=home, rpc_port=port, slot_ms=slot_ms)
    async with running(config) as bank:
        bank.is_ready = True
        url, ws_url = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port + 1}"
        yield RunningChain(bank=bank, url=url, ws_url=ws_url)


@contextmanager
def chain_process(home: Path, port: int, *, slot_ms: int = 400) -> Iterator[int]:
    """A bare chain as a process; yields its pid once healthy, kills it hard at the end."""
    command = [
        *(sys.executable, "-m", "quantdesk.world.chain", "--home", str(home)),
        *("--port", str(port), "--slot-ms", str(slot_ms)),
    ]
    pid = os.posix_spawn(sys.executable, command, dict(os.environ))
    try:
        _wait_healthy(port)
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _wait_healthy(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError("the chain did not become healthy in 20 s")


def transfer_of(payer: Keypair, to: Pubkey, lamports: int, blockhash: Hash) -> VersionedTransaction:
    """A signed v0 transfer."""
    move = transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=to, lamports=lamports))
    message = MessageV0.try_compile(payer.pubkey(), [move], [], blockhash)
    return VersionedTransaction(message, [payer])


async def slots_pass(bank: Bank, count: int) -> None:
    """Wait until the chain has moved on by so many slots."""
    target, reached = bank.slot + count, asyncio.Event()
    bank.on_slot.append(lambda slot: reached.set() if slot >= target else None)
    await reached.wait()
