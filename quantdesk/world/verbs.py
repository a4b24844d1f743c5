"""The verbs of a world: start, stop, reset."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from quantdesk.settings import PROJECT, Settings, SettingsError
from quantdesk.world.home import Home
from quantdesk.world.launch import World, WorldFailed, run_world
from quantdesk.world.pieces import WEB, WORKERS
from quantdesk.world.spawn import OWN_SIGNALS
from quantdesk.world.system_place import data_directory, forget_lost_homes

PREVIOUS_TIMEOUT_S = 15.0


def start(*, detach: bool, without: frozenset[str] = frozenset()) -> int:
    """Start the world of `QD_HOME`, in the foreground or detached; returns the exit status."""
    settings = Settings.from_env()
    optional = {piece.name for piece in (WEB, *WORKERS)}
    if unknown := without - optional:
        known = ", ".join(sorted(optional))
        print(f"cannot leave out {', '.join(unknown)}; expected one of {known}", file=sys.stderr)
        return 2
    home = Home(settings.home)
    home.prepare()
    lock = _lock(home)
    if lock is None:
        print(f"QuantDesk already runs at {home.record().get('address', 'an unknown address')}")
        return 0
    world = World(settings=settings, home=home, say=_say, without=without)
    return _start_detached(world) if detach else _run(world, _explain_stopping)


def stop() -> int:
    """Stop the world of `QD_HOME` and wait for its last process; returns the exit status."""
    home = Home(Settings.from_env().home)
    if not home.is_running():
        print("QuantDesk does not run here; nothing to stop")
        return 0
    pid = home.record().get("pid")
    if pid is None or not _is_supervisor(pid):
        print("the supervisor is gone; its children are ending", file=sys.stderr)
    else:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + PREVIOUS_TIMEOUT_S
    while home.is_running():
        if time.monotonic() > deadline:
            print("some processes are still alive; see `quantdesk status`", file=sys.stderr)
            return 1
        time.sleep(0.05)
    print("QuantDesk is stopped; its data stays in", home.path)
    return 0


def reset(*, is_confirmed: bool) -> int:
    """Delete the world's data after a confirmation; returns the exit status."""
    home = Home(Settings.from_env().home)
    if home.is_running():
        print("QuantDesk is running; stop it first with `quantdesk down`", file=sys.stderr)
        return 1
    places = [home.path, data_directory(home)]
    present = [place for place in places if place.exists()]
    if not present:
        print("there is nothing to delete in", home.path)
        return 0
    if not _is_a_home(home.path):
        print(f"{home.path} is not a QuantDesk home; check QD_HOME", file=sys.stderr)
        return 1
    listed = " and ".join(str(place) for place in dict.fromkeys(present))
    question = f"Delete chain, database, keys and logs in {listed}? Type yes: "
    if not is_confirmed and input(question).strip() != "yes":
        print("nothing was deleted")
        return 1
    for place in present:
        shutil.rmtree(place, ignore_errors=place != home.path)
    forget_lost_homes()
    print("deleted; the next `quantdesk up` starts a new world")
    return 0


def _run(world: World, on_ready: Callable[[], None]) -> int:
    signal.pthread_sigmask(signal.SIG_BLOCK, OWN_SIGNALS)
    try:
        run_world(world, on_ready)
    except WorldFailed as error:
        print(f"QuantDesk did not start: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _start_detached(world: World) -> int:
    """Fork a supervisor into its own session and relay what it says until it is ready."""
    hears, tells = os.pipe()
    if os.fork():
        os.close(tells)
        with os.fdopen(hears) as heard:
            last = ""
            for line in heard:
                last = line
                print(line, end="", flush=True)
        return 0 if last.startswith("QuantDesk is ready") else 1
    os.close(hears)
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(tells, 1)
    os.dup2(tells, 2)
    os.close(tells)
    status = _run(world, partial(_speak_to_log, world.home))
    sys.stdout.flush()
    os._exit(status)


def _speak_to_log(home: Home) -> None:
    log = os.open(home.logs / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


def _explain_stopping() -> None:
    print("Press Ctrl-C to stop; data is kept.", flush=True)


def _say(line: str) -> None:
    print(line, flush=True)


def _lock(home: Home) -> int | None:
    """The home's lock; waits while the children of a killed supervisor end."""
    deadline = time.monotonic() + PREVIOUS_TIMEOUT_S
    while True:
        lock = home.try_lock()
        if lock is not None:
            return lock
        pid = home.record().get("pid")
        if pid is not None and _is_supervisor(pid):
            return None
        if time.monotonic() > deadline:
            raise SettingsError(
                [f"processes of an earlier world still hold {home.path}; run `quantdesk status`"]
            )
        time.sleep(0.05)


def _is_supervisor(pid: int) -> bool:
    """True when `pid` is alive and ours: a recycled pid is some other program."""
    command = Path(f"/proc/{pid}/cmdline")
    return command.exists() and b"quantdesk" in command.read_bytes()


def _is_a_home(path: Path) -> bool:
    known = ("secrets.json", "world.json")
    return path != PROJECT and any((path / name).exists() for name in known)
