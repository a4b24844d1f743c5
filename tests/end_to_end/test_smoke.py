"""`quantdesk smoke` and `quantdesk rebuild` against a whole world, as an operator runs them."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import psycopg

from tests.end_to_end.world import World


def run(world: World, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "quantdesk", *words],
        env=world.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def counts(world: World) -> dict[str, int]:
    tables = ("receipts", "orders", "trades", "transfers", "positions", "user_balances", "accounts")
    with psycopg.connect(world.settings.migration_database_url) as connection:
        found = {}
        for table in tables:
            row = connection.execute(f"select count(*) from {table}").fetchone()  # noqa: S608
            assert row is not None
            found[table] = row[0]
    return found


def test_the_main_job_passes_and_every_number_agrees(calm_world: World) -> None:
    done = run(calm_world, "smoke", "--json")

    assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["ok"] is True
    assert [line["step"] for line in lines[:-1]] == [
        "guest reads",
        "sign in",
        "take test funds",
        "deposit",
        "preview order",
        "open position",
        "reconcile open position",
        "close position",
        "withdraw everything",
        "reconcile flat account",
        "explain the result",
        "sign out",
    ]


def test_a_balance_that_is_off_by_one_unit_fails_the_smoke_run(calm_world: World) -> None:
    trigger = """
    create function off_by_one() returns trigger language plpgsql as $$
      begin new.balance_native := new.balance_native + 1; return new; end $$;
    create trigger off_by_one before insert or update on user_balances
      for each row when (new.balance_native > 100000000) execute function off_by_one();
    """
    url = calm_world.settings.migration_database_url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(trigger)
        try:
            done = run(calm_world, "smoke")
        finally:
            connection.execute("drop function off_by_one() cascade")

    assert done.returncode == 1
    assert "usdc_e6: chain" in done.stdout
    assert run(calm_world, "rebuild").returncode == 0


def test_a_mirror_rebuilt_while_the_indexer_runs_holds_the_same_rows(calm_world: World) -> None:
    before = counts(calm_world)

    done = run(calm_world, "rebuild")

    assert done.returncode == 0, done.stdout + done.stderr
    after = counts(calm_world)
    assert after["receipts"] >= before.pop("receipts")
    assert {name: after[name] for name in before} == before


def test_a_second_keeper_indexer_and_sender_change_nothing(calm_world: World) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "quantdesk", "worker", name],
            env=calm_world.environment,
            stdout=subprocess.DEVNULL,
        )
        for name in ("keeper", "indexer", "order_sender")
    ]
    time.sleep(3)
    try:
        done = run(calm_world, "smoke")
        alive = [worker.poll() is None for worker in workers]
    finally:
        for worker in workers:
            worker.terminate()
        statuses = [worker.wait(10) for worker in workers]

    assert done.returncode == 0, done.stdout
    assert alive == [True, True, True]
    assert statuses == [0, 0, 0]


def test_an_address_where_nothing_answers_fails_in_words(calm_world: World) -> None:
    done = run(calm_world, "smoke", "--origin", "http://127.0.0.1:9")

    assert done.returncode == 1
    assert "FAILED" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
