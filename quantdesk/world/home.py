"""A world's home: its directories, its lock, its secrets and its record `world.json`.

One supervisor per home: the lock is inherited by every child, so it is free only when nothing of
the previous world is alive, and two supervisors can never write the same data.
"""

import fcntl
import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECRET_NAMES = ("postgres", "authenticator", "valkey")
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Home:
    """The directory that holds all of a world's data."""

    path: Path

    @property
    def logs(self) -> Path:
        """One log file per piece."""
        return self.path / "logs"

    @property
    def record_file(self) -> Path:
        """What runs: pids, ports, addresses; mode 0600 because addresses hold passwords."""
        return self.path / "world.json"

    def prepare(self) -> None:
        """Create the directories; only the owner may list them."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Others may pass through, not list: Postgres runs under another uid when we are root.
        self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for directory in (self.logs, self.path / "keys"):
            directory.mkdir(mode=0o700, exist_ok=True)

    def secrets(self) -> dict[str, str]:
        """Random passwords, made at the first start and kept."""
        file = self.path / "secrets.json"
        known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        missing = [name for name in SECRET_NAMES if name not in known]
        if missing:
            known |= {name: secrets.token_urlsafe(24) for name in missing}
            write_private(file, known)
        return known

    def scene_epoch_ms(self, scene: str, speed: int) -> int:
        """Wall time of the scene's start: chosen once per scene and speed, then kept."""
        file = self.path / "scene.json"
        kept: Record = json.loads(file.read_text()) if file.exists() else {}
        if (kept.get("scene"), kept.get("speed")) != (scene, speed):
            kept = {"scene": scene, "speed": speed, "epoch_ms": time.time_ns() // 1_000_000}
            write_private(file, kept)
        return int(kept["epoch_ms"])

    def record(self) -> Record:
        """What the last supervisor wrote; empty when there was none."""
        if not self.record_file.exists():
            return {}
        found: Record = json.loads(self.record_file.read_text())
        return found

    def write_record(self, record: Record) -> None:
        """Replace `world.json` in one step, so that readers never see half of it."""
        write_private(self.record_file, record)

    def try_lock(self) -> int | None:
        """The lock's descriptor, inheritable; None while a piece of a world is alive."""
        handle = os.open(self.path / "world.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        os.set_inheritable(handle, True)
        return handle

    def is_running(self) -> bool:
        """True while any piece of this world is alive."""
        if not (self.path / "world.lock").exists():
            return False
        handle = self.try_lock()
        if handle is None:
            return True
        os.close(handle)
        return False


def write_private(file: Path, content: object) -> None:
    """Write JSON readable by the owner only, atomically."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        json.dump(content, out, indent=1)
    draft.replace(file)
