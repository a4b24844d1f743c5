"""The local chain with the exchange on it, as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READY_S_MAX = 30.0


@contextmanager
def exchange_process(home: Path, port: int) -> Iterator[int]:
    """Yields the pid once genesis is done; ends the process with the block."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "quantdesk.world.chain", "--exchange"),
            *("--home", str(home), "--port", str(port)),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        _await_health(port, process)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def _await_health(port: int, process: subprocess.Popen[bytes]) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "getHealth"}).encode()
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + READY_S_MAX
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the chain ended with {process.returncode}"
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=1) as reply:  # noqa: S310
                if json.load(reply).get("result") == "ok":
                    return
        except OSError:
            pass  # not listening yet
        time.sleep(0.05)
    raise AssertionError("the chain was not ready in time")
