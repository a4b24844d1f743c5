"""One supervised child: how it starts, whether it answers, when it may start again."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

BACKOFF_FIRST_S = 0.2
BACKOFF_LAST_S = 10.0
STEADY_S = 30.0
"""Up this long, a child's next failure is treated as its first."""
SERVED_S = 3.0
"""So is that of a child that served this long: it was killed, it did not fail to start."""


@dataclass(slots=True, kw_only=True)
class Child:
    """A piece's process over its restarts; the only mutable thing in the supervisor."""

    name: str
    start: Callable[[], int]
    """Starts the process and returns its pid."""
    is_ready: Callable[[float], bool]
    """Whether the process started at that time (Unix seconds) serves now."""
    stop_signal: signal.Signals = signal.SIGTERM
    port: int | None = None
    pid: int | None = None
    restarts: int = -1
    started_at: float = 0.0
    """Unix seconds."""
    exit_status: int | None = None
    ready: bool = False
    retry_at: float = field(default=0.0)
    _backoff_s: float = field(default=BACKOFF_FIRST_S)

    def launch(self) -> None:
        """Start the process now."""
        self.pid = self.start()
        self.restarts += 1
        self.started_at = time.time()
        self.ready = False

    def ended(self, status: int) -> None:
        """Note that the process is gone and when it may start again."""
        if time.time() - self.started_at > (SERVED_S if self.ready else STEADY_S):
            self._backoff_s = BACKOFF_FIRST_S
        self.pid = None
        self.ready = False
        self.exit_status = os.waitstatus_to_exitcode(status)
        self.retry_at = time.time() + self._backoff_s
        self._backoff_s = min(self._backoff_s * 2, BACKOFF_LAST_S)

    def send(self, number: signal.Signals) -> None:
        """Signal the process when it is alive."""
        if self.pid is not None:
            os.kill(self.pid, number)

    @property
    def state(self) -> str:
        """`ready`, `starting` or `waiting` (to be started again)."""
        if self.pid is None:
            return "waiting"
        return "ready" if self.ready else "starting"
