"""A whole QuantDesk in a directory of its own, and the truth behind its screen."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from quantdesk import wiring
from quantdesk.services.exchange_state import AccountSnapshot, WalletState
from quantdesk.settings import PROJECT, Settings

T = TypeVar("T")
START_TIMEOUT_S = 240
STOP_TIMEOUT_S = 30


@dataclass(frozen=True)
class World:
    """A running world; `owner` arguments are base58 wallet addresses."""

    settings: Settings
    environment: dict[str, str]

    @property
    def origin(self) -> str:
        return self.settings.public_origin

    def account(self, owner: str) -> AccountSnapshot | None:
        """The account as the chain has it."""

        async def read() -> AccountSnapshot | None:
            async with wiring.exchange(self.settings) as exchange:
                return await exchange.account(owner)

        return _finished(read())

    def wallet(self, owner: str) -> WalletState:
        """What the wallet itself holds on chain."""

        async def read() -> WalletState:
            async with wiring.exchange(self.settings) as exchange:
                return await exchange.wallet(owner)

        return _finished(read())

    def recorded_usdc_e6(self, owner: str) -> int:
        """The balance that the indexer wrote to Postgres."""
        return self._recorded(
            "select b.balance_native from user_balances b join accounts a on a.address = b.account"
            " where a.owner = %s and b.vault_index = 0",
            owner,
        )

    def recorded_size_e9(self, owner: str) -> int:
        """The sum of the sizes of the positions that the indexer wrote to Postgres."""
        return self._recorded(
            "select coalesce(sum(p.size_e9), 0) from positions p"
            " join accounts a on a.address = p.account where a.owner = %s",
            owner,
        )

    def _recorded(self, statement: str, owner: str) -> int:
        with psycopg.connect(self.settings.migration_database_url) as connection:
            row = connection.execute(statement.encode(), (owner,)).fetchone()
        assert row is not None, f"nothing is recorded for {owner}"
        return int(row[0])


def start(home: Path, **settings: str) -> World:
    """Bring up a world in `home` and wait until it is ready."""
    port = _free_port()
    environment = _clean_environment() | {
        "QD_HOME": str(home),
        "QD_WEB_PORT": str(port),
        **settings,
    }
    _quantdesk(environment, "up", "--detach", timeout_s=START_TIMEOUT_S)
    return World(settings=Settings.of_running_world(environment), environment=environment)


def stop(world: World) -> None:
    """Take the world down; its data stay in its home."""
    _quantdesk(world.environment, "down", timeout_s=STOP_TIMEOUT_S)


def _finished(work: Coroutine[Any, Any, T]) -> T:
    """The answer, waited for in another thread: the browser's driver keeps this one's loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def _quantdesk(environment: dict[str, str], *verb: str, timeout_s: float) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "quantdesk", *verb],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, f"quantdesk {verb[0]} failed:\n{done.stdout}\n{done.stderr}"


def _clean_environment() -> dict[str, str]:
    foreign = ("DATABASE_URL", "REDIS_URL", "SOLANA_RPC_URLS", "SOLANA_WS_URL", "PYTH_HERMES_URL")
    return {
        name: found
        for name, found in os.environ.items()
        if not name.startswith(("QD_", "REFLEX_")) and name not in foreign
    }


def _free_port() -> int:
    """A port below the kernel's own range, so that nothing else takes it meanwhile."""
    for port in range(20_000 + os.getpid() % 5_000, 32_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("no free port between 20000 and 32000")
