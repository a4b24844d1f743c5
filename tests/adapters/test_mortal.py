"""A test run that is killed leaves no server behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUN = """
import sys, time
from {module} import {start}
with {start}() as server:
    print(server.port, flush=True)
    time.sleep(600)
"""
GONE_S_MAX = 30.0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
@pytest.mark.parametrize(
    ("module", "start"),
    [
        ("tests.adapters.postgres.server", "running_server"),
        ("tests.adapters.redis.valkey", "running_valkey"),
    ],
)
def test_a_server_ends_with_the_killed_run_that_started_it(module: str, start: str) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", RUN.format(module=module, start=start)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert run.stdout is not None
    assert int(run.stdout.readline()) > 0
    [server] = _children(run.pid)

    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()

    end_s = time.monotonic() + GONE_S_MAX
    while _is_alive(server):
        assert time.monotonic() < end_s, f"process {server} outlived the run that started it"
        time.sleep(0.05)


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
