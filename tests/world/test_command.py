"""The command line refuses what cannot work and says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quantdesk.settings import PROJECT


def quantdesk(home: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: text for name, text in os.environ.items() if not name.startswith("QD_")}
    return subprocess.run(
        [sys.executable, "-m", "quantdesk", *words],
        cwd=PROJECT,
        env=clean | {"QD_HOME": str(home)} | env,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_production_without_servers_refuses_and_says_why(tmp_path: Path) -> None:
    done = quantdesk(tmp_path / "home", "up", QD_ENV="production")

    assert done.returncode == 2
    assert "QD_ENV=production never starts local stand-ins" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home").exists()


def test_a_wrong_setting_is_named_with_its_fix(tmp_path: Path) -> None:
    done = quantdesk(tmp_path / "home", "up", QD_SCENE="storm")

    assert done.returncode == 2
    assert "QD_SCENE is 'storm', expected calm or crash" in done.stderr


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("status",), 3, "start it with `quantdesk up`"),
        (("down",), 0, "nothing to stop"),
        (("reset", "--yes"), 0, "nothing to delete"),
        (("logs", "nonsense"), 2, "no log is called 'nonsense'"),
        (("worker", "nonsense"), 2, "expected one of"),
        (("worker", "keeper"), 2, "DATABASE_URL is empty"),
        (("up", "--without", "postgres"), 2, "cannot leave out postgres"),
        (("smoke",), 2, "start a world with `quantdesk up`"),
    ],
)
def test_without_a_world_each_verb_says_what_to_do(
    tmp_path: Path, words: tuple[str, ...], status: int, says: str
) -> None:
    done = quantdesk(tmp_path / "home", *words)

    assert done.returncode == status, done.stdout + done.stderr
    assert says in done.stdout + done.stderr


def test_reset_never_deletes_what_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")

    done = quantdesk(tmp_path, "reset", "--yes")

    assert done.returncode == 1
    assert (tmp_path / "precious").exists()


def test_doctor_finds_a_server_that_does_not_answer_and_an_open_secret(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{}")
    (tmp_path / "secrets.json").chmod(0o644)

    done = quantdesk(tmp_path, "doctor", DATABASE_URL="postgresql://u:hidden@127.0.0.1:1/x")

    assert done.returncode == 1
    assert "chmod 600" in done.stdout
    assert "DATABASE_URL: 127.0.0.1:1 does not accept connections" in done.stdout
    assert "hidden" not in done.stdout
