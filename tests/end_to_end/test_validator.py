"""The real thing, from nothing: a Solana validator, our deployment on it, and the whole product.

Runs where QD_VALIDATOR names a runner (LEDGER_DIR RPC_PORT and more arguments) or
`solana-test-validator` is on PATH. The validator takes more than one core while it lives.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quantdesk.settings import PROJECT
from quantdesk.world.frontend import ensure_built
from tests.world.chain.validator import needs_validator, running_validator
from tests.world.running import RunningWorld

RECEIVER = "rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ"


@needs_validator
@pytest.mark.timeout(600)
def test_deploy_initialize_and_the_main_job_work_on_a_real_validator(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    ensure_built(print)  # before the validator takes its cores
    binary = PROJECT / "programs" / "artifacts" / "receiver.so"
    # Pyth's receiver is there on every cluster before us; ours comes by transactions.
    arguments = ("--upgradeable-program", RECEIVER, str(binary), "none")
    with running_validator(tmp_path / "ledger", *arguments) as url:
        operator = RunningWorld(tmp_path / "home", {"SOLANA_RPC_URLS": url})
        _must(operator, "chain", "airdrop", "40")
        rehearsed = _must(operator, "program", "deploy", "--dry-run", "--json")
        deployed = _must(operator, "program", "deploy", "--json")
        opened = _must(
            operator, "program", "initialize", "--program", deployed["program"], "--json"
        )
        assert rehearsed["program"] == deployed["program"]
        assert rehearsed["changed"] is False
        assert deployed["changed"] is True

        names = ("QD_PROGRAM_ID", "QD_USDC_MINT")
        environment = {"SOLANA_RPC_URLS": url} | {name: opened[name] for name in names}
        world = RunningWorld(tmp_path / "home", environment)
        try:
            world.up(without=(), timeout_s=240)
            verified = _must(world, "chain", "verify", "--json")
            smoke = world.command("smoke", timeout_s=240)
        finally:
            world.command("down")

    assert verified["is_this_release"] is True
    assert smoke.returncode == 0, smoke.stdout + smoke.stderr


def _must(world: RunningWorld, *words: str) -> dict[str, Any]:
    done = world.command(*words, timeout_s=240)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return dict(json.loads(lines[-1])) if lines else {}
