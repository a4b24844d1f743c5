"""Servers of a test run that end with it, even when it is killed."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

from quantdesk.world.spawn import PR_SET_PDEATHSIG

_libc = ctypes.CDLL(None, use_errno=True)


def dies_with_us(number: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`, which runs after a change of user: the kernel forgets the wish at one."""
    parent = os.getpid()

    def ask() -> None:
        if _libc.prctl(PR_SET_PDEATHSIG, int(number)) != 0 or os.getppid() != parent:
            os._exit(71)

    return ask if sys.platform == "linux" else None
