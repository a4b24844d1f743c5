"""The supervisor: starts a world's pieces in order, watches them, stops them in reverse.

It is one thread without handlers: signals are blocked and taken one at a time, so forking is safe.
Python pieces are forked from it after their libraries are imported once; the memory of those is
shared by all of them (`docs/decisions/0005-process-nursery.md`).
"""

import os
import signal
import time
from collections.abc import Callable

from quantdesk.world.child import Child
from quantdesk.world.home import Home
from quantdesk.world.logs import last_lines, trim_logs
from quantdesk.world.plan import Plan, shared_environment
from quantdesk.world.spawn import OWN_SIGNALS

READY_TIMEOUT_S = 120.0
STARTS_MAX = 6
"""A piece that ends this often before everything is ready will not get better by itself."""
STOP_TIMEOUT_S = 6.0
POLL_S = 0.05
WATCH_S = 1.0
TRIM_EVERY_S = 30.0
LINES_SHOWN = 5
Say = Callable[[str], None]


class StartFailed(Exception):
    """A piece did not become ready; the message says which and where to look."""


class StopAsked(Exception):
    """A signal asked the supervisor to stop."""


class Supervisor:
    """Keeps the children of one world alive."""

    def __init__(self, home: Home, plan: Plan, say: Say) -> None:
        self.home = home
        self.plan = plan
        self.say = say
        self.children: list[Child] = []
        self.started_at = time.time()
        self.is_ready = False

    def launch(self, *children: Child) -> None:
        """Start `children` without waiting for them."""
        for child in children:
            child.launch()
            self.children.append(child)
        self.write_record()

    def await_ready(self, *names: str) -> None:
        """Return when the named children answer; raises `StartFailed` or `StopAsked`."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        waiting = [child for child in self.children if child.name in names]
        while waiting := [child for child in waiting if not child.ready]:
            self._take_signals(POLL_S)
            self._restart_due()
            self._probe()
            for child in waiting:
                if child.restarts >= STARTS_MAX:
                    raise StartFailed(self._explain(child, f"ended {STARTS_MAX} times"))
            if waiting and time.monotonic() > deadline:
                reason = f"did not answer within {READY_TIMEOUT_S:.0f} s"
                raise StartFailed(self._explain(waiting[0], reason))
        self.write_record()

    def watch(self) -> None:
        """Restart what dies until a signal asks to stop."""
        next_trim = time.monotonic() + TRIM_EVERY_S
        try:
            while True:
                self._take_signals(self._patience())
                if self._restart_due() | self._probe():
                    self.write_record()
                if time.monotonic() > next_trim:
                    trim_logs(self.home.logs)
                    next_trim = time.monotonic() + TRIM_EVERY_S
        except StopAsked:
            return

    def stop(self) -> None:
        """Stop every child, last started first; whoever ignores the signal is killed."""
        alive = [child for child in reversed(self.children) if child.pid is not None]
        servers = [child for child in alive if child.name in self.plan.local]
        workers = [child for child in alive if child.name not in self.plan.local]
        for group in (workers, servers):
            for child in group:
                child.send(child.stop_signal)
            deadline = time.monotonic() + STOP_TIMEOUT_S
            while any(child.pid for child in group) and time.monotonic() < deadline:
                signal.sigtimedwait({signal.SIGCHLD}, POLL_S)
                self._reap()
            for child in group:
                if child.pid is not None:
                    self.say(f"{child.name} ignored its stop signal and was killed")
                    child.send(signal.SIGKILL)
                    os.waitpid(child.pid, 0)
                    child.pid = None

    def write_record(self) -> None:
        """Tell other commands what runs."""
        self.home.write_record(
            {
                "pid": os.getpid(),
                "started_at": self.started_at,
                "ready": self.is_ready,
                "address": self.plan.settings.public_origin,
                "ports": self.plan.ports,
                "pieces": {child.name: _piece_record(child) for child in self.children},
                "environment": shared_environment(self.plan),
            }
        )

    def _explain(self, child: Child, reason: str) -> str:
        said = "\n".join(last_lines(self.home.logs / f"{child.name}.log", LINES_SHOWN))
        return f"{child.name} {reason}; `quantdesk logs {child.name}` ends with:\n{said}"

    def _patience(self) -> float:
        waiting = any(not child.ready for child in self.children)
        return POLL_S if waiting else WATCH_S

    def _take_signals(self, timeout_s: float) -> None:
        received = signal.sigtimedwait(OWN_SIGNALS, timeout_s)
        if received is not None and received.si_signo != signal.SIGCHLD:
            raise StopAsked
        if self._reap():
            self.write_record()

    def _reap(self) -> bool:
        found = False
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return found
            if pid == 0:
                return found
            for child in self.children:
                if child.pid == pid:
                    child.ended(status)
                    found = True

    def _restart_due(self) -> bool:
        now = time.time()
        due = [child for child in self.children if child.pid is None and child.retry_at <= now]
        for child in due:
            if self.is_ready or child.restarts == 0:
                self.say(f"{child.name} ended with status {child.exit_status}; starting it again")
            child.launch()
        return bool(due)

    def _probe(self) -> bool:
        changed = False
        for child in self.children:
            if child.pid is not None and not child.ready and child.is_ready(child.started_at):
                child.ready = changed = True
        return changed


def _piece_record(child: Child) -> dict[str, object]:
    return {
        "pid": child.pid,
        "port": child.port,
        "state": child.state,
        "restarts": child.restarts,
        "started_at": child.started_at,
        "exit_status": child.exit_status,
    }
