"""Real worlds for tests: started by the command line as a user would, in a home of their own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quantdesk.settings import PROJECT
from quantdesk.world.memory import descendants

SERVERS = ("postgres", "valkey", "chain", "market")
OTHERS = ("web", "candle_writer", "publisher", "indexer", "keeper", "order_sender")
PATIENCE_S = 40.0


@dataclass(frozen=True, slots=True)
class RunningWorld:
    """One home and the commands that act on it."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(
        self, *words: str, answer: str = "", timeout_s: float = 90
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            name: text for name, text in os.environ.items() if not name.startswith("QD_")
        }
        return subprocess.run(
            [sys.executable, "-m", "quantdesk", *words],
            cwd=PROJECT,
            env=environment | {"QD_HOME": str(self.home)} | dict(self.environment),
            input=answer,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )

    def up(self, *, without: tuple[str, ...] = OTHERS, timeout_s: float = 90) -> str:
        options = [word for name in without for word in ("--without", name)]
        done = self.command("up", "--detach", *options, timeout_s=timeout_s)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def down(self) -> None:
        done = self.command("down")
        assert done.returncode == 0, done.stdout + done.stderr

    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "world.json").read_text())
        return found

    def piece(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.record()["pieces"][name]
        return found

    def address(self, name: str) -> str:
        return str(self.record()["environment"][name])

    def pids(self) -> list[int]:
        return descendants(self.record()["pid"])


@contextmanager
def started(
    home: Path, *, without: tuple[str, ...] = OTHERS, environment: Mapping[str, str] | None = None
) -> Iterator[RunningWorld]:
    """A world that runs inside the `with` and is stopped, whatever happens, after it."""
    world = RunningWorld(home, environment or {})
    try:
        world.up(without=without)
        yield world
    finally:
        world.command("down")
        world.command("reset", "--yes")


def is_alive(pid: int) -> bool:
    """False for zombies too: they hold nothing but an entry in a table."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def eventually(claim: Callable[[], bool], *, within_s: float = PATIENCE_S) -> bool:
    """True as soon as `claim` holds, False when it does not within the time."""
    deadline = time.monotonic() + within_s
    while not claim():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
