"""A whole world of its own for crash tests: started once, killed piece by piece, taken down."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from quantdesk.settings import Settings
from quantdesk.world.home import Home
from quantdesk.world.status import PieceStatus, read_status

PORT_NAMES = ("WEB", "PUBLISHER", "CHAIN", "MARKET", "POSTGRES", "VALKEY")
RECOVERY_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashWorld:
    """A running world and the environment that names it."""

    environment: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        return Settings.of_running_world(self.environment)

    def kill(self, piece: str) -> None:
        """kill -9, as the kernel does when memory runs out."""
        record = json.loads((Path(self.environment["QD_HOME"]) / "world.json").read_text())
        os.kill(record["pieces"][piece]["pid"], signal.SIGKILL)

    def wait_until_ready(self) -> None:
        """Wait until every piece is back and its heart beats."""
        end_s = time.monotonic() + RECOVERY_S
        while not self._is_ready():
            assert time.monotonic() < end_s, f"not recovered in {RECOVERY_S} s: {self._pieces()}"
            time.sleep(0.2)

    def command(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "quantdesk", *words],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def _is_ready(self) -> bool:
        pieces = self._pieces()
        return bool(pieces) and all(
            piece.state == "ready" and (piece.beat_age_ms or 0) < 3_000 for piece in pieces.values()
        )

    def _pieces(self) -> dict[str, PieceStatus]:
        pieces = read_status(Home(Path(self.environment["QD_HOME"])))
        return {piece.name: piece for piece in pieces}


@contextmanager
def running_world() -> Iterator[CrashWorld]:
    """Start a world in a temporary home on probed ports; take it down and remove it."""
    with tempfile.TemporaryDirectory(prefix="qd-crash-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        world = CrashWorld(environment=_environment(Path(home) / "home"))
        try:
            world.command("up", "--detach")
            yield world
        finally:
            world.command("down")


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QD_")}
    first = 20_000 + random.SystemRandom().randrange(1_000) * 10
    ports = {f"QD_{name}_PORT": str(first + 2 * at) for at, name in enumerate(PORT_NAMES)}
    return {**kept, **ports, "QD_HOME": str(home)}
