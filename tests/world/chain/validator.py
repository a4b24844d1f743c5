"""A real validator for slow tests; skipped, with the reason, where there is none."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.world.chain.chains import free_port_pair

READY_S_MAX = 90.0
FIRST_USABLE_SLOT = 3
"""Programs of the validator's genesis answer from here on."""

runner = os.environ.get("QD_VALIDATOR", "")
on_path = shutil.which("solana-test-validator")
needs_validator = pytest.mark.skipif(
    not runner and not on_path,
    reason="no validator: set QD_VALIDATOR to a runner, or put solana-test-validator on PATH",
)


@contextmanager
def running_validator(ledger: Path, *arguments: str) -> Iterator[str]:
    """The validator's RPC address; its process group ends with the block."""
    port = free_port_pair()
    process = subprocess.Popen(
        [*_command(ledger, port), *arguments],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        _await_slot(port, FIRST_USABLE_SLOT, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _command(ledger: Path, port: int) -> list[str]:
    if runner:
        return [runner, str(ledger), str(port)]
    range_of_ports = f"{port + 11}-{port + 41}"
    return [
        *(str(on_path), "--ledger", str(ledger), "--bind-address", "127.0.0.1", "--quiet"),
        *("--rpc-port", str(port), "--faucet-port", str(port + 2)),
        *("--gossip-port", str(port + 10), "--dynamic-port-range", range_of_ports),
    ]


def _await_slot(port: int, slot: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_S_MAX
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the validator ended with {process.returncode}"
        if _slot(port) >= slot:
            return
        time.sleep(0.3)
    raise AssertionError(f"the validator was not ready in {READY_S_MAX:.0f} s")


def _slot(port: int) -> int:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": []}).encode()
    address = f"http://127.0.0.1:{port}"
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=2) as reply:  # noqa: S310
            return int(json.load(reply).get("result") or 0)
    except (urllib.error.URLError, OSError, ValueError):
        return 0
