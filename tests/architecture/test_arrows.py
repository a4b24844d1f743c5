"""Rooms point down, serverless code starts without Reflex, and tests mirror the rooms."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import PROJECT, name_of, python_files

LIGHT = ("quantdesk.cli", "quantdesk.settings", "quantdesk.domain.risk", "quantdesk.world.install")
WITHOUT_REFLEX = ("quantdesk.api.app", "quantdesk.wiring", "quantdesk.world.launch")
HEAVY = ("reflex", "reflex_base", "langchain_core", "pandas", "numpy", "sqlalchemy")
API_MODULES_MAX = 1100
LIGHT_MODULES_MAX = 420
KINDS_OF_TESTS = {
    *("architecture", "end_to_end", "exchange", "exchange_attacks", "fakes", "golden", "program"),
    "security",
}


# Serverless entries read complete settings at import; nothing connects to these.
SERVERLESS = {
    "DATABASE_URL": "postgresql://x@127.0.0.1:1/x",
    "REDIS_URL": "redis://127.0.0.1:1",
    "SOLANA_RPC_URLS": "http://127.0.0.1:1",
    "PYTH_HERMES_URL": "http://127.0.0.1:1",
    "QD_USDC_MINT": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
}


def imported_by(statement: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys\nprint(*sys.modules)"],
        cwd=PROJECT,
        env=os.environ | SERVERLESS,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_every_arrow_between_rooms_points_down() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", WITHOUT_REFLEX)
def test_a_room_below_the_pages_starts_without_reflex(module: str) -> None:
    modules = imported_by(f"import {module}")

    assert not modules.intersection(HEAVY)
    assert len(modules) < API_MODULES_MAX


@pytest.mark.parametrize("module", LIGHT)
def test_the_command_line_and_the_arithmetic_import_next_to_nothing(module: str) -> None:
    modules = imported_by(f"import {module}")

    assert not modules.intersection((*HEAVY, "aiohttp", "psycopg", "redis", "solders"))
    assert len(modules) < LIGHT_MODULES_MAX


@pytest.mark.parametrize("file", python_files("functions"), ids=name_of)
def test_a_serverless_entry_binds_and_holds_no_logic(file: Path) -> None:
    modules = imported_by(f"import {'.'.join(file.relative_to(PROJECT).with_suffix('').parts)}")

    assert len(file.read_text().splitlines()) < 20
    assert not modules.intersection(HEAVY)
    assert len(modules) < API_MODULES_MAX


def test_every_test_file_lives_in_the_room_it_tests() -> None:
    rooms = {path.stem for path in (PROJECT / "quantdesk").iterdir() if path.stem != "__pycache__"}
    strays = [
        name_of(file)
        for file in python_files("tests")
        if file.name.startswith("test_")
        and (top := file.relative_to(PROJECT / "tests").parts[0]) not in rooms | KINDS_OF_TESTS
        and top.removeprefix("test_").removesuffix(".py") not in rooms
    ]

    assert not strays


def test_no_folder_is_a_junk_drawer() -> None:
    junk = {"utils", "util", "helpers", "helper", "common", "misc", "lib", "manager", "managers"}

    assert not [
        name_of(f) for f in python_files("quantdesk") if junk.intersection((*f.parts, f.stem))
    ]
