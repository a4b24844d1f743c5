"""Child processes that cannot outlive the supervisor.

Every child asks the kernel for a signal at its parent's death (PR_SET_PDEATHSIG). The kernel
forgets that wish when a process changes its user, so it is made after privileges are dropped.
"""

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

PR_SET_PDEATHSIG = 1
OWN_SIGNALS = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a child starts in."""

    log: Path
    environment: Mapping[str, str]
    directory: Path
    death_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends when the supervisor dies."""
    uid: int | None = None
    gid: int | None = None


def spawn_program(command: list[str], surroundings: Surroundings) -> int:
    """Start a program; returns its pid."""

    def execute() -> NoReturn:
        os.execve(command[0], command, dict(surroundings.environment))

    return _fork(execute, surroundings)


def spawn_function(function: Callable[[], int], surroundings: Surroundings) -> int:
    """Fork and call `function`, whose result is the exit status; returns the pid.

    The child shares the memory of everything the supervisor has imported.
    """

    def call() -> NoReturn:
        os.environ.clear()
        os.environ.update(surroundings.environment)
        status = function()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)

    return _fork(call, surroundings)


def _fork(run: Callable[[], NoReturn], surroundings: Surroundings) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    log = os.open(surroundings.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    pid = os.fork()
    if pid:
        os.close(log)
        return pid
    try:
        _become_child(log, surroundings, parent)
        run()
    except BaseException:
        traceback.print_exc()
        os._exit(70)


def _become_child(log: int, surroundings: Surroundings, parent: int) -> None:
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(surroundings.directory)
    if surroundings.uid is not None and surroundings.gid is not None:
        os.setgroups([])
        os.setgid(surroundings.gid)
        os.setuid(surroundings.uid)
    if sys.platform == "linux":
        if _libc.prctl(PR_SET_PDEATHSIG, int(surroundings.death_signal)) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
        if os.getppid() != parent:
            os._exit(71)
    for number in OWN_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, OWN_SIGNALS)
