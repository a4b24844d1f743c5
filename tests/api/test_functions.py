"""Serverless entries are thin, complete, and start without the user interface's framework."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FUNCTIONS = sorted((PROJECT / "functions").glob("*.py"))
ROUTES = {
    "auth": "/api/auth/sign-in",
    "markets": "/api/markets",
    "account": "/api/account",
    "orders": "/api/orders/prepare",
}
PROGRAM = """
import importlib, sys
app = importlib.import_module("functions." + sys.argv[1]).app
assert sys.argv[2] in app.openapi()["paths"], sorted(app.openapi()["paths"])
loaded = [name for name in sys.modules if name.partition(".")[0] in ("reflex", "langchain")]
assert not loaded, loaded
"""


def test_every_function_is_known() -> None:
    assert {path.stem for path in FUNCTIONS} == set(ROUTES)


@pytest.mark.parametrize("path", FUNCTIONS, ids=lambda path: path.stem)
def test_a_function_is_shorter_than_twenty_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 20


@pytest.mark.parametrize("name", ROUTES)
def test_a_function_starts_without_reflex_and_serves_its_routes(name: str, tmp_path: Path) -> None:
    environment = {
        **{key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ},
        "QD_HOME": str(tmp_path),
        "DATABASE_URL": "postgresql://x@127.0.0.1:1/x",
        "REDIS_URL": "redis://127.0.0.1:1",
        "SOLANA_RPC_URLS": "http://127.0.0.1:1",
        "PYTH_HERMES_URL": "http://127.0.0.1:1",
        "QD_USDC_MINT": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
    }

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, name, ROUTES[name]],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
