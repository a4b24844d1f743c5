"""A scratch world: started in a temporary home on probed ports, taken down and removed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantdesk.settings import Settings

PORT_NAMES = ("WEB", "PUBLISHER", "CHAIN", "MARKET", "POSTGRES", "VALKEY")
START_S_MAX = 300.0


class WorldFailed(Exception):
    """The scratch world did not start or stop; the message is what it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScratchWorld:
    """A world of one bench."""

    environment: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        """How to reach it."""
        return Settings.of_running_world(self.environment)

    def up(self) -> float:
        """Start it; returns the seconds until everything was ready."""
        started_s = time.perf_counter()
        self.command("up", "--detach")
        return time.perf_counter() - started_s

    def down(self) -> None:
        """Stop it; its data stays."""
        self.command("down")

    def pieces(self) -> list[dict[str, Any]]:
        """Every piece as `quantdesk status` tells it."""
        found: list[dict[str, Any]] = json.loads(self.command("status", "--json"))["pieces"]
        return found

    def command(self, *words: str) -> str:
        """Run `quantdesk` in this world and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "quantdesk", *words],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=START_S_MAX,
        )
        if done.returncode != 0:
            raise WorldFailed(f"quantdesk {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout


@contextmanager
def scratch_world(**changes: str) -> Iterator[ScratchWorld]:
    """A world that is not yet started; `changes` are environment variables."""
    with tempfile.TemporaryDirectory(prefix="qd-bench-", ignore_cleanup_errors=True) as place:
        # Postgres runs under another uid when we are root, and must pass through.
        Path(place).chmod(0o755)
        world = ScratchWorld(environment={**_environment(Path(place) / "home"), **changes})
        try:
            yield world
        finally:
            world.down()


def _environment(home: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("QD_")
        and name not in ("DATABASE_URL", "REDIS_URL", "SOLANA_RPC_URLS", "PYTH_HERMES_URL")
    }
    first = 20_000 + random.SystemRandom().randrange(1_000) * 10
    ports = {f"QD_{name}_PORT": str(first + 2 * at) for at, name in enumerate(PORT_NAMES)}
    return {**kept, **ports, "QD_HOME": str(home)}
