"""The front end: built once per content of its sources, then served by Python alone.

The bundle is made relative to its origin after the build, so one build serves any port or host.
"""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from quantdesk.settings import PROJECT
from quantdesk.world.javascript import NoRuntime, runtime_environment

CLIENT = PROJECT / ".web" / "build" / "client"
STAMP = PROJECT / ".web" / "quantdesk.sha256"
LOG = PROJECT / ".web" / "build.log"
SOURCES = ("rxconfig.py", "requirements.txt", "quantdesk/quantdesk.py")
SOURCE_DIRECTORIES = ("quantdesk/ui", "assets")
LOCKED_PACKAGES = "reflex.lock"
# Written by Reflex into assets at import or by the interpreter; not sources.
GENERATED = {"__pycache__", "external"}
BUILD_HOST = "localhost:8000"
BUILD_TIMEOUT_S = 600
LOG_TAIL = 25
SOCKET_ORIGIN = 'location.origin.replace(/^http/,"ws")'


class BuildFailed(Exception):
    """The front end could not be built; the message holds the end of the log."""


def ensure_built(say: Callable[[str], None]) -> bool:
    """Build when the sources changed since the last build; returns whether it did."""
    if is_current():
        return False
    CLIENT.parent.parent.mkdir(exist_ok=True)
    with (PROJECT / ".web" / "build.lock").open("w") as lock:
        # Two worlds of one checkout share the build; the second waits for the first.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_current():
            return False
        _build(say)
    return True


def is_current() -> bool:
    """True when the build on disk is that of the present sources."""
    return STAMP.exists() and (CLIENT / "index.html").exists() and STAMP.read_text() == digest()


def digest() -> str:
    """Content hash of everything that decides what the browser gets."""
    return _digest((*SOURCE_DIRECTORIES, LOCKED_PACKAGES))


def make_origin_relative(client: Path) -> None:
    """Replace the build's origin in the bundle by the address the page was loaded from."""
    for file in client.glob("assets/reflex-env-*.js"):
        text = file.read_text()
        for plain, secure in (("http", "https"), ("ws", "wss")):
            relative = "location.origin" if plain == "http" else SOCKET_ORIGIN
            for scheme in (secure, plain):
                text = text.replace(f"`{scheme}://{BUILD_HOST}", f"`${{{relative}}}")
        file.write_text(text)
        file.with_name(file.name + ".gz").unlink(missing_ok=True)
    baked = [file.name for file in client.rglob("*.js") if BUILD_HOST.encode() in file.read_bytes()]
    if baked:
        raise BuildFailed(
            f"the build's address {BUILD_HOST} is fixed in {', '.join(baked)}; "
            "pages must take addresses from location.origin or /api/config"
        )


@contextmanager
def same_layout(file: Path) -> Iterator[None]:
    """Undo what the block does to a JSON file when it only changes its layout, not its content."""
    before = file.read_bytes()
    yield
    if json.loads(file.read_bytes()) == json.loads(before):
        file.write_bytes(before)


def _digest(directories: tuple[str, ...]) -> str:
    total = hashlib.sha256(_environment_name().encode())
    for file in _sources(directories):
        total.update(str(file.relative_to(PROJECT)).encode() + b"\0")
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def _sources(directories: tuple[str, ...]) -> Iterator[Path]:
    for name in SOURCES:
        if (PROJECT / name).exists():
            yield PROJECT / name
    for directory in directories:
        for file in sorted((PROJECT / directory).rglob("*")):
            if file.is_file() and not GENERATED.intersection(file.parts):
                yield file


def _environment_name() -> str:
    return os.environ.get("QD_ENV", "development")


def _build(say: Callable[[str], None]) -> None:
    started = time.monotonic()
    before = _digest(SOURCE_DIRECTORIES)
    STAMP.unlink(missing_ok=True)
    try:
        runtime = runtime_environment(say)
    except NoRuntime as error:
        raise BuildFailed(str(error)) from error
    say("building the front end; this happens once and takes about 15 s …")
    # Production refuses plain http, at build time too.
    scheme = "https" if _environment_name() == "production" else "http"
    environment = os.environ | runtime | {
        "QD_PUBLIC_ORIGIN": f"{scheme}://{BUILD_HOST}",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_DIR": str(PROJECT / ".js" / "reflex"),
        "PYTHONPATH": str(PROJECT),
    }  # fmt: skip
    with LOG.open("w") as log, same_layout(PROJECT / LOCKED_PACKAGES / "package.json"):
        done = subprocess.run(
            [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=BUILD_TIMEOUT_S,
        )
    if done.returncode != 0 or not (CLIENT / "index.html").exists():
        end = "\n".join(LOG.read_text(errors="replace").splitlines()[-LOG_TAIL:])
        raise BuildFailed(f"the front end could not be built; {LOG} ends with:\n{end}")
    make_origin_relative(CLIENT)
    if _digest(SOURCE_DIRECTORIES) == before:
        STAMP.write_text(digest())
    else:
        say("sources changed during the build; the next `quantdesk up` builds again")
    say(f"front end built in {time.monotonic() - started:.0f} s")
