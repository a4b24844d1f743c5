"""A database outside its home is found again, and forgotten when its home is gone."""

import os
import shutil
from pathlib import Path

import pytest

from quantdesk.world import system_place
from quantdesk.world.home import Home


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(system_place, "PLACE", tmp_path / "system")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path / "system"


@pytest.fixture
def closed(tmp_path: Path) -> Home:
    (tmp_path / "closed" / "home").mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    return Home(tmp_path / "closed" / "home")


def test_under_a_closed_directory_the_database_moves_to_the_system_place(
    place: Path, closed: Home
) -> None:
    directory = system_place.claim(closed)

    assert directory.parent == place
    assert system_place.data_directory(closed) == directory


def test_an_ordinary_user_keeps_the_database_at_home(
    monkeypatch: pytest.MonkeyPatch, closed: Home
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert system_place.data_directory(closed) == closed.path / "postgres"


def test_only_databases_of_lost_homes_are_forgotten(place: Path, closed: Home) -> None:
    directory = system_place.claim(closed)
    directory.mkdir()
    system_place.forget_lost_homes()
    assert directory.exists()

    shutil.rmtree(closed.path)
    system_place.forget_lost_homes()

    assert list(place.iterdir()) == []
