"""Settings explain every mistake, and production never falls back to stand-ins."""

import json
from pathlib import Path

import pytest

from quantdesk.settings import Environment, Scene, Settings, SettingsError, world_environment

PRODUCTION = {
    "QD_ENV": "production",
    "DATABASE_URL": "postgresql://u:secret-word@db.example/x",
    "REDIS_URL": "rediss://:secret-word@redis.example:6380/0",
    "SUPABASE_URL": "https://project.supabase.co",
    "SOLANA_RPC_URLS": "https://rpc.example/secret-word",
    "PYTH_HERMES_URL": "https://hermes.example",
    "QD_USDC_MINT": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
    "QD_PUBLIC_ORIGIN": "https://desk.example",
}


def problems_of(env: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(env)
    return "\n".join(caught.value.problems)


def test_an_empty_environment_is_a_development_world_in_the_calm_week() -> None:
    settings = Settings.from_env({})

    assert settings.environment is Environment.DEVELOPMENT
    assert settings.scene is Scene.CALM
    assert settings.database_url == ""
    assert settings.public_origin == "http://127.0.0.1:18000"


def test_complete_production_settings_are_accepted() -> None:
    assert Settings.from_env(PRODUCTION).is_production


@pytest.mark.parametrize("name", sorted(set(PRODUCTION) - {"QD_ENV", "QD_PUBLIC_ORIGIN"}))
def test_production_without_a_server_refuses_and_names_it(name: str) -> None:
    env = {key: value for key, value in PRODUCTION.items() if key != name}

    problems = problems_of(env)

    assert problems.startswith(f"{name} is empty and QD_ENV=production never starts")
    assert "\n" not in problems


def test_production_over_plain_http_refuses_because_cookies_are_secure() -> None:
    problems = problems_of(PRODUCTION | {"QD_PUBLIC_ORIGIN": "http://desk.example"})

    assert "expected https://" in problems


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("QD_ENV", "prod"),
        ("QD_SCENE", "storm"),
        ("QD_SPEED", "0"),
        ("QD_SPEED", "1.5"),
        ("QD_SPEED", "-3"),
        ("QD_WEB_PORT", "65536"),
        ("DATABASE_URL", "mysql://127.0.0.1/x"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("SOLANA_RPC_URLS", "http://a,nonsense"),
        ("PYTH_HERMES_URL", "http://"),
        ("QD_PUBLIC_ORIGIN", "http://[::1"),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_expected(name: str, text: str) -> None:
    problems = problems_of({name: text})

    assert problems.startswith(f"{name} is ")
    assert "expected" in problems


def test_all_wrong_settings_are_reported_at_once() -> None:
    problems = problems_of({"QD_SPEED": "fast", "QD_SCENE": "storm", "QD_WEB_PORT": "x"})

    assert len(problems.splitlines()) == 3


def test_neither_repr_nor_a_refusal_repeats_a_password() -> None:
    shown = repr(Settings.from_env(PRODUCTION))
    refused = problems_of(PRODUCTION | {"DATABASE_URL": "mysql://u:secret-word@db"})

    assert "secret-word" not in shown
    assert "secret-word" not in refused


def test_the_websocket_of_a_node_is_one_port_above_its_rpc() -> None:
    local = Settings.from_env({"SOLANA_RPC_URLS": "http://127.0.0.1:18010,http://127.0.0.1:9"})
    hosted = Settings.from_env({"SOLANA_RPC_URLS": "https://rpc.example"})

    assert local.solana_ws_url == "ws://127.0.0.1:18011"
    assert hosted.solana_ws_url == "wss://rpc.example"


def test_a_running_world_fills_the_gaps_and_the_environment_wins(tmp_path: Path) -> None:
    told = {
        "DATABASE_URL": "postgresql://a@127.0.0.1:1/x",
        "REDIS_URL": "redis://127.0.0.1:2",
        "SOLANA_RPC_URLS": "http://127.0.0.1:3",
        "PYTH_HERMES_URL": "http://127.0.0.1:4",
        "QD_USDC_MINT": PRODUCTION["QD_USDC_MINT"],
    }
    (tmp_path / "world.json").write_text(json.dumps({"environment": told}))

    settings = Settings.of_running_world(
        {"QD_HOME": str(tmp_path), "REDIS_URL": "redis://127.0.0.1:9"}
    )

    assert settings.database_url == told["DATABASE_URL"]
    assert settings.redis_url == "redis://127.0.0.1:9"


def test_a_chain_of_others_needs_the_address_of_its_usdc() -> None:
    settings = Settings.from_env(PRODUCTION | {"QD_ENV": "development", "QD_USDC_MINT": ""})

    assert len(settings.missing()) == 1
    assert settings.missing()[0].startswith("QD_USDC_MINT is empty; set it to the address")


def test_without_a_running_world_a_worker_is_told_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="quantdesk up"):
        Settings.of_running_world({"QD_HOME": str(tmp_path)})


def test_a_node_may_carry_the_rate_of_its_plan_and_nothing_else_behind_its_url() -> None:
    good = Settings.from_env({"SOLANA_RPC_URLS": "https://rpc.example/v2/k#rps=12.5"})
    assert good.solana_rpc_urls == ("https://rpc.example/v2/k#rps=12.5",)

    with pytest.raises(SettingsError, match="ends in something else than #rps=N") as refusal:
        Settings.from_env({"SOLANA_RPC_URLS": "https://rpc.example/secret-word#fast"})
    assert "secret-word" not in str(refusal.value)


def test_the_cluster_is_pinned_by_its_genesis_hash_when_one_is_given() -> None:
    mainnet = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
    assert Settings.from_env({"QD_GENESIS_HASH": mainnet}).genesis_hash == mainnet
    assert Settings.from_env({}).genesis_hash == ""
    with pytest.raises(SettingsError, match="QD_GENESIS_HASH is 'zz', expected 32 bytes in base58"):
        Settings.from_env({"QD_GENESIS_HASH": "zz"})


def test_a_port_that_is_none_is_refused_by_name_and_the_last_one_has_no_next() -> None:
    with pytest.raises(SettingsError, match="SOLANA_RPC_URLS is not a usable address"):
        Settings.from_env({"SOLANA_RPC_URLS": "http://node:99999"})
    assert Settings.from_env({"SOLANA_RPC_URLS": "http://node:65535"}).solana_ws_url == ""
    several = "postgresql://one:5432,two:5432/quantdesk"
    assert Settings.from_env({"DATABASE_URL": several}).database_url == several


def test_a_broken_record_of_the_world_is_named(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text("{")

    with pytest.raises(SettingsError, match=r"world\.json is not what"):
        world_environment(tmp_path)
