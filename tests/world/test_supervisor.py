"""The supervisor leaves no orphan, revives what dies and keeps what was written."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from quantdesk.settings import PROJECT
from tests.world.running import OTHERS, SERVERS, RunningWorld, eventually, is_alive, started


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    with started(tmp_path_factory.mktemp("world") / "home") as running:
        yield running


@pytest.mark.parametrize("name", [*SERVERS, "price_feed"])
def test_a_piece_killed_with_9_is_ready_again_under_a_new_pid(
    world: RunningWorld, name: str
) -> None:
    before = world.piece(name)

    os.kill(before["pid"], signal.SIGKILL)

    assert eventually(
        lambda: (
            world.piece(name)["state"] == "ready"
            and world.piece(name)["restarts"] > before["restarts"]
        )
    )
    assert world.piece(name)["pid"] != before["pid"]


def test_status_shows_each_piece_with_memory_and_workers_with_a_fresh_beat(
    world: RunningWorld,
) -> None:
    assert eventually(lambda: world.command("status").returncode == 0)

    shown = world.command("status").stdout

    for name in ("supervisor", *SERVERS, "price_feed"):
        assert f"\n{name} " in shown
    assert "MB together" in shown


def test_nothing_listens_beyond_loopback(world: RunningWorld) -> None:
    ports = {piece["port"] for piece in world.record()["pieces"].values() if piece["port"]}
    ports.add(world.piece("chain")["port"] + 1)

    listening = _listening_addresses()

    assert {address for address, port in listening if port in ports} == {"0100007F"}
    assert ports <= {port for _, port in listening}
    assert max(ports) < 32768


def test_servers_refuse_who_does_not_know_the_password(world: RunningWorld) -> None:
    port = world.piece("postgres")["port"]

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://postgres:wrong@127.0.0.1:{port}/postgres")
    with (
        redis.Redis(port=world.piece("valkey")["port"]) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.get("x")


def test_secrets_are_in_private_files_and_in_no_command_line(world: RunningWorld) -> None:
    secrets = world.command("logs").stdout + "".join(
        Path(f"/proc/{pid}/cmdline").read_text() for pid in world.pids()
    )
    password = world.address("REDIS_URL").split(":")[2].split("@")[0]

    assert password not in secrets
    for name in ("world.json", "secrets.json", "keys/admin.json", "valkey/valkey.conf"):
        assert (world.home / name).stat().st_mode & 0o077 == 0


def test_postgres_commits_durably_and_decodes_logically(world: RunningWorld) -> None:
    with psycopg.connect(world.address("QD_MIGRATION_DATABASE_URL")) as connection:
        shown = connection.execute(
            "select string_agg(setting, ',' order by name) from pg_settings where name in "
            "('fsync', 'synchronous_commit', 'wal_level', 'password_encryption')"
        ).fetchone()

    assert shown == ("on,scram-sha-256,on,logical",)


def test_a_second_up_in_the_same_home_says_where_it_runs(world: RunningWorld) -> None:
    assert "already runs at http://127.0.0.1:" in world.up()


def test_reset_refuses_while_the_world_runs(world: RunningWorld) -> None:
    refused = world.command("reset", "--yes")

    assert refused.returncode == 1
    assert "quantdesk down" in refused.stderr


def test_after_kill_9_of_the_supervisor_nothing_is_left_and_all_data_is_there(
    tmp_path: Path,
) -> None:
    with started(tmp_path / "home") as world:
        _write(world, "before")
        pids = world.pids()
        assert len(pids) > len(SERVERS)

        os.kill(world.record()["pid"], signal.SIGKILL)

        assert eventually(lambda: not any(is_alive(pid) for pid in pids), within_s=5)
        world.up()
        assert _read(world) == "before"


def test_an_interrupt_in_the_foreground_stops_everything(tmp_path: Path) -> None:
    world = RunningWorld(tmp_path / "home")
    options = [word for name in OTHERS for word in ("--without", name)]
    with subprocess.Popen(
        [sys.executable, "-m", "quantdesk", "up", *options],
        cwd=PROJECT,
        env=os.environ | {"QD_HOME": str(world.home)},
        stdout=subprocess.PIPE,
        text=True,
    ) as supervisor:
        assert supervisor.stdout is not None
        assert any("Ctrl-C" in line for line in supervisor.stdout)
        pids = world.pids()

        supervisor.send_signal(signal.SIGINT)

        assert supervisor.wait(15) == 0
    assert not any(is_alive(pid) for pid in pids)
    assert world.command("reset", "--yes").returncode == 0


def test_data_secrets_and_address_survive_down_and_up(tmp_path: Path) -> None:
    with started(tmp_path / "home") as world:
        _write(world, "kept")
        first, pids = world.record(), world.pids()

        world.down()

        assert not any(is_alive(pid) for pid in pids)
        assert world.command("status").returncode == 3
        world.up()
        assert _read(world) == "kept"
        assert world.record()["environment"] == first["environment"]


def test_two_worlds_live_side_by_side_and_end_apart(tmp_path: Path) -> None:
    with started(tmp_path / "one") as one, started(tmp_path / "two") as two:
        _write(one, "one")
        _write(two, "two")
        assert not set(one.record()["ports"].values()) & set(two.record()["ports"].values())

        one.down()

        assert _read(two) == "two"
        assert two.command("status").returncode == 0


def test_servers_of_another_world_serve_when_their_addresses_are_set(
    world: RunningWorld, tmp_path: Path
) -> None:
    names = ("DATABASE_URL", "QD_MIGRATION_DATABASE_URL", "REDIS_URL", "SOLANA_RPC_URLS")
    lent = {name: world.address(name) for name in (*names, "PYTH_HERMES_URL", "QD_USDC_MINT")}

    with started(tmp_path / "guest", environment=lent) as guest:
        assert set(guest.record()["pieces"]) == {"price_feed"}
        assert guest.command("status").returncode == 0
        assert guest.command("doctor").returncode == 0
        assert not (guest.home / "postgres").exists()


def test_reset_asks_and_then_deletes_everything(tmp_path: Path) -> None:
    with started(tmp_path / "home") as world:
        world.down()

        assert world.command("reset", answer="no\n").returncode == 1
        assert (world.home / "secrets.json").exists()
        assert world.command("reset", answer="yes\n").returncode == 0
        assert not world.home.exists()


def _write(world: RunningWorld, text: str) -> None:
    with psycopg.connect(world.address("QD_MIGRATION_DATABASE_URL")) as connection:
        connection.execute("create table kept (word text)")
        connection.execute("insert into kept values (%s)", [text])


def _read(world: RunningWorld) -> str:
    with psycopg.connect(world.address("QD_MIGRATION_DATABASE_URL")) as connection:
        row = connection.execute("select word from kept").fetchone()
    assert row is not None
    return str(row[0])


def _listening_addresses() -> set[tuple[str, int]]:
    rows = [
        line.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
    ]
    pairs = [row[1].split(":") for row in rows if row[3] == "0A"]
    return {(address, int(port, 16)) for address, port in pairs}
