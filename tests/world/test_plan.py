"""An address in the environment replaces a server; everything else is filled in."""

from pathlib import Path

import pytest

from quantdesk.settings import Settings
from quantdesk.world.home import Home
from quantdesk.world.plan import Plan, make_plan, shared_environment
from quantdesk.world.ports import PortClaims

MINT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
OTHERS = {
    "postgres": ("DATABASE_URL", "postgresql://me@db.example/x"),
    "valkey": ("REDIS_URL", "redis://redis.example:6379/0"),
    "chain": ("SOLANA_RPC_URLS", "https://rpc.example"),
    "market": ("PYTH_HERMES_URL", "https://hermes.example"),
}


def planned(home: Path, monkeypatch: pytest.MonkeyPatch, **env: str) -> Plan:
    for name in ("DATABASE_URL", "QD_MIGRATION_DATABASE_URL", "REDIS_URL", "SOLANA_RPC_URLS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("PYTH_HERMES_URL", raising=False)
    for name, text in env.items():
        monkeypatch.setenv(name, text)
    place = Home(home)
    place.prepare()
    settings = Settings.from_env({"QD_HOME": str(home), "QD_USDC_MINT": MINT, **env})
    return make_plan(settings, place, PortClaims())


def test_without_addresses_every_server_is_local_and_every_address_filled_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(tmp_path, monkeypatch)

    assert plan.local == set(OTHERS)
    assert plan.settings.missing() == []
    assert plan.settings.solana_ws_url == f"ws://127.0.0.1:{plan.ports['chain'] + 1}"
    assert plan.settings.scene_epoch_ms > 0


@pytest.mark.parametrize("server", OTHERS)
def test_an_address_in_the_environment_replaces_that_server_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    name, address = OTHERS[server]

    plan = planned(tmp_path, monkeypatch, **{name: address})

    assert plan.local == set(OTHERS) - {server}
    assert plan.environment[name] == address
    assert server not in plan.ports


def test_secrets_and_the_scene_are_the_same_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = planned(tmp_path, monkeypatch)
    second = planned(tmp_path, monkeypatch)

    assert first.secrets == second.secrets
    assert first.settings.scene_epoch_ms == second.settings.scene_epoch_ms


def test_another_scene_starts_at_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = planned(tmp_path, monkeypatch)
    crash = planned(tmp_path, monkeypatch, QD_SCENE="crash")

    assert crash.settings.scene_epoch_ms >= calm.settings.scene_epoch_ms
    assert (tmp_path / "scene.json").read_text().count("crash") == 1


def test_other_commands_learn_addresses_and_nothing_else_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(tmp_path, monkeypatch, AWS_SECRET_ACCESS_KEY="x")

    shared = shared_environment(plan)

    assert "DATABASE_URL" in shared
    assert "AWS_SECRET_ACCESS_KEY" not in shared
