"""The doctor: looks at a machine and a world, and says what is wrong and how to mend it.

Every check yields findings; a finding without a fix is good news.
"""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from quantdesk.settings import Settings, SettingsError
from quantdesk.world import frontend, postgres, valkey
from quantdesk.world.checkup import check_addresses, check_pieces
from quantdesk.world.finding import Finding
from quantdesk.world.home import Home

DISK_LEAST_BYTES = 1 << 30
MEMORY_LEAST_BYTES = 600 << 20
PROGRAM_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined."""

    settings: Settings
    home: Home


def examine() -> int:
    """Print every finding; returns 1 when something needs mending."""
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        for problem in error.problems:
            print(f"✗ settings: {problem}")
        return 1
    patient = Patient(settings, Home(settings.home))
    findings = [finding for check in CHECKS for finding in check(patient)]
    for finding in findings:
        print(finding)
    problems = sum(finding.fix is not None for finding in findings)
    print(f"\n{problems} to mend" if problems else "\neverything is in order")
    return 1 if problems else 0


def _check_machine(patient: Patient) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(f"Python {version} on {sys.platform}")
    if sys.platform != "linux":
        yield Finding(
            "children may outlive a killed supervisor: only Linux tells them of its death",
            "stop the world with `quantdesk down`, never with kill -9",
        )
    place = patient.home.path if patient.home.path.exists() else Path.cwd()
    free = shutil.disk_usage(place).free
    yield Finding(
        f"{free / 2**30:.1f} GB free on the disk of {place}",
        None if free >= DISK_LEAST_BYTES else "free at least 1 GB, or set QD_HOME elsewhere",
    )
    available = _available_memory()
    yield Finding(
        f"{available / 2**20:.0f} MB of memory available",
        None if available >= MEMORY_LEAST_BYTES else "close programs: a world needs about 400 MB",
    )


def _check_programs(_patient: Patient) -> Iterator[Finding]:
    finders: dict[str, Callable[[], Path]] = {
        "Postgres": lambda: postgres.find_binaries() / "postgres",
        "Valkey": valkey.find_binary,
    }
    for name, find in finders.items():
        try:
            done = subprocess.run(
                [find(), "--version"], capture_output=True, text=True, timeout=PROGRAM_TIMEOUT_S
            )
        except (OSError, postgres.PostgresFailed, valkey.ValkeyMissing) as error:
            yield Finding(f"{name} cannot run: {error}", "run `make run`, which installs it")
            continue
        words = (done.stdout or done.stderr).splitlines()
        yield Finding(words[0] if words else f"{name} answers")


def _check_frontend(_patient: Patient) -> Iterator[Finding]:
    if frontend.is_current():
        yield Finding("the front end is built from the present sources")
    elif frontend.STAMP.exists():
        yield Finding("the front end is older than its sources; `quantdesk up` builds it again")
    else:
        yield Finding("the front end is not built yet; `quantdesk up` builds it once")


def _check_home(patient: Patient) -> Iterator[Finding]:
    home = patient.home.path
    if not home.exists():
        yield Finding(f"{home} does not exist yet; `quantdesk up` creates it")
        return
    if not os.access(home, os.W_OK):
        yield Finding(f"{home} is not writable", "change its owner, or set QD_HOME elsewhere")
    private = [home / "secrets.json", home / "world.json", *(home / "keys").glob("*.json")]
    for file in private:
        mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else 0
        if mode & 0o077:
            yield Finding(f"{file} can be read by others", f"run: chmod 600 {file}")
    yield Finding(f"the world lives in {home}")


def _check_world(patient: Patient) -> Iterator[Finding]:
    yield from check_pieces(patient.home)
    yield from check_addresses(patient.settings)


def _available_memory() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, amount = line.partition(":")
        if name == "MemAvailable":
            return int(amount.split()[0]) * 1024
    raise AssertionError("the kernel did not tell the available memory")


CHECKS: tuple[Callable[[Patient], Iterator[Finding]], ...] = (
    _check_machine,
    _check_programs,
    _check_frontend,
    _check_home,
    _check_world,
)
