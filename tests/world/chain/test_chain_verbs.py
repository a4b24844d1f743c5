"""`quantdesk chain …` and `quantdesk program …` as an operator types them, on a local chain."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from typer.testing import CliRunner

from quantdesk.adapters.chain.instructions import Instructions, Trader
from quantdesk.adapters.chain.program import load_program
from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.cli import app
from quantdesk.world.chain import program_verbs
from quantdesk.world.chain.keys import ensure_keys
from tests.world.chain.chains import free_port_pair
from tests.world.chain.exchange_process import exchange_process

Told = dict[str, Any]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    home, port = tmp_path_factory.mktemp("verbs"), free_port_pair()
    with exchange_process(home, port):
        yield home, f"http://127.0.0.1:{port}"


@pytest.fixture
def run(home: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("QD_HOME", str(home[0]))
    monkeypatch.setenv("SOLANA_RPC_URLS", home[1])

    def call(*words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, list(words))
        return done.exit_code, done.stdout, done.stderr

    return call


def _json(run: Run, *words: str) -> Told:
    status, told, problem = run(*words, "--json")
    assert status == 0, problem
    return dict(json.loads(told.splitlines()[-1]))


def test_accounts_counts_each_kind_and_lists_one(run: Run) -> None:
    counts = _json(run, "chain", "accounts")
    assert (counts["Market"], counts["Pool"], counts["UserAccount"]) == (3, 1, 1)

    status, told, _ = run("chain", "accounts", "market", "--json")
    assert status == 0
    symbols = {json.loads(line)["symbol"] for line in told.splitlines()}
    assert symbols == {"SOL-PERP", "BTC-PERP", "ETH-PERP"}


@pytest.mark.parametrize("name", ["SOL-PERP", "sol-perp", "0"])
def test_a_market_is_found_by_symbol_or_index(run: Run, name: str) -> None:
    assert _json(run, "chain", "market", name)["symbol"] == "SOL-PERP"


def test_a_position_shows_the_account_of_a_wallet(run: Run, home: tuple[Path, str]) -> None:
    keeper = ensure_keys(home[0] / "keys").keeper.pubkey()

    found = _json(run, "chain", "position", str(keeper))

    assert found["owner"] == str(keeper)
    assert found["name"] == "keeper"
    assert found["positions"] == []


def test_an_airdrop_arrives(run: Run, home: tuple[Path, str]) -> None:
    before = _json(run, "chain", "airdrop", "1.5", "--to", "keeper")
    after = _json(run, "chain", "airdrop", "0.5", "--to", "keeper")

    assert before["address"] == str(ensure_keys(home[0] / "keys").keeper.pubkey())
    assert int(str(after["lamports"])) - int(str(before["lamports"])) == 500_000_000


def test_decode_reads_an_account_and_an_unsent_transaction(
    run: Run, home: tuple[Path, str]
) -> None:
    program, keys = load_program(), ensure_keys(home[0] / "keys")
    owner = keys.publisher.pubkey()
    trader = Trader(address=program.addresses.user_account(owner), owner=owner)
    deposit = Instructions(program).deposit(trader, keys.usdc_mint.pubkey(), 7)
    wire = sign(build_message(owner, [deposit], "1" * 32), [keys.publisher])

    pool = _json(run, "chain", "decode", str(program.addresses.pool))
    (call,) = _json(run, "chain", "decode", base64.b64encode(wire).decode())["instructions"]

    assert (pool["kind"], pool["fields"]["market_count"]) == ("Pool", 3)
    assert (call["name"], call["arguments"]["amount"]) == ("deposit_tokens", 7)
    assert call["accounts"]["user_account"] == str(trader.address)


def test_verify_compares_the_bytes_and_the_books(run: Run) -> None:
    found = _json(run, "chain", "verify")

    assert found["is_this_release"] is True
    assert found["books_minus_tokens_e6"] == 0
    (usdc,) = found["vaults"]
    assert (usdc["books_minus_counted"], usdc["counted_minus_tokens"]) == (0, 0)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("chain", "market", "DOGE-PERP"), "expected one of"),
        (("chain", "position", "nobody"), "is not a Solana address"),
        (("chain", "accounts", "banana"), "no account is a 'banana'"),
        (("chain", "decode", "%%%"), "expected an address, a transaction signature"),
        (("chain", "verify", "--program", "1" * 32), "is not an upgradeable program"),
        (("program", "initialize", "--program", "1" * 31 + "2"), "there is no program at"),
        (("program", "deploy", "--program", "1" * 31 + "2"), "needs that address's own key"),
        (("program", "initialize", "--seed-usdc", "5"), "--seed-usdc is for an existing mint"),
        (("program", "initialize", "--usdc-mint", "1" * 32), "this exchange is open and its USDC"),
        (("program", "deploy", "--payer", "/tmp"), "cannot use /tmp: Is a directory"),  # noqa: S108
        (("program", "idl", "--program", "nonsense"), "--program: 'nonsense' is not a Solana"),
        (("chain", "accounts", "--program", "nonsense"), "--program: 'nonsense' is not a Solana"),
        (("chain", "accounts", "--url", "foo"), "--url is not usable; expected localhost"),
        (("chain", "accounts", "--url", "http://h:99999"), "--url is not usable"),
        (("chain", "airdrop", "inf"), "inf SOL cannot be sent"),
        (("chain", "airdrop", "1e12"), "1e+12 SOL cannot be sent"),
    ],
)
def test_a_mistake_ends_with_one_sentence_and_status_one(
    run: Run, words: tuple[str, ...], sentence: str
) -> None:
    status, _, problem = run(*words)

    assert status == 1
    assert problem.startswith("error: ")
    assert sentence in problem
    assert "Traceback" not in problem


def test_a_broken_setting_or_file_ends_with_a_sentence_that_names_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QD_HOME", "/proc/x")
    _refused(run("chain", "airdrop", "1"), "cannot use /proc/x")

    monkeypatch.setenv("QD_HOME", str(tmp_path))
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "admin.json").write_text("[1, 2")
    _refused(run("chain", "airdrop", "1"), f"{tmp_path}/keys/admin.json is not a Solana key file")

    (tmp_path / "a.json").write_text("64")
    _refused(
        run("program", "deploy", "--payer", str(tmp_path / "a.json")),
        f"{tmp_path}/a.json is not a Solana key file",
    )

    monkeypatch.setenv("QD_PROGRAM_ID", "bad")
    _refused(run("program", "idl"), "QD_PROGRAM_ID: 'bad' is not a Solana address")
    _refused(run("chain", "accounts"), "QD_PROGRAM_ID: 'bad' is not a Solana address")

    monkeypatch.setenv("QD_GENESIS_HASH", "zz")
    _refused(run("chain", "accounts"), "QD_GENESIS_HASH is 'zz'")
    _refused(run("program", "idl"), "QD_GENESIS_HASH is 'zz'")


def _refused(done: tuple[int, str, str], sentence: str) -> None:
    status, told, problem = done
    assert (status, told) == (1, "")
    assert problem.startswith("error: ")
    assert sentence in problem


def test_without_any_cluster_the_fix_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QD_HOME", str(tmp_path))
    monkeypatch.delenv("SOLANA_RPC_URLS", raising=False)

    done = CliRunner().invoke(app, ["chain", "accounts"])

    assert done.exit_code == 1
    assert "no cluster is named" in done.stderr


def test_deploy_rehearses_without_a_trace_and_then_deploys(
    run: Run, home: tuple[Path, str]
) -> None:
    rehearsed = _json(run, "program", "deploy", "--dry-run")
    again = _json(run, "program", "deploy", "--dry-run")
    deployed = _json(run, "program", "deploy")

    assert rehearsed == again
    assert (rehearsed["changed"], deployed["changed"]) == (False, True)
    assert _json(run, "program", "deploy")["is_done"] is True
    _json(run, "program", "initialize", "--program", str(deployed["program"]))
    assert _json(run, "chain", "verify", "--program", str(deployed["program"]))["is_this_release"]


def test_whoever_may_upgrade_is_named_as_the_chain_says(
    run: Run, home: tuple[Path, str], tmp_path: Path
) -> None:
    admin = str(ensure_keys(home[0] / "keys").admin.pubkey())
    other = _key_file(tmp_path / "other.json")

    status, told, warning = run(
        *("program", "deploy", "--program", str(load_program().id), "--authority", other),
        *("--dry-run", "--json"),
    )

    assert (status, json.loads(told)["is_done"]) == (0, True)
    assert json.loads(told)["upgrade_authority"] == admin
    assert f"WARNING: {admin} may replace" in warning


def test_a_rehearsal_ends_as_the_deployment_would(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "changed.so"
    changed.write_bytes(program_verbs.ARTIFACT.read_bytes()[:-1] + b"\1")
    monkeypatch.setattr(program_verbs, "ARTIFACT", changed)
    other = _key_file(tmp_path / "other.json")
    upgrade = ("--program", str(load_program().id), "--authority", other)
    poor = ("--program-key", _key_file(tmp_path / "new.json"), "--payer", other)

    for words, sentence in ((upgrade, "upgrade authority is"), (poor, "fund it first")):
        status, told, problem = run("program", "deploy", *words, "--dry-run", "--json")

        assert status == 1
        assert json.loads(told)["changed"] is False
        assert "without --dry-run it would be refused" in problem
        assert sentence in problem.splitlines()[-1]


def _key_file(file: Path) -> str:
    file.write_text(json.dumps(list(bytes(Keypair()))))
    return str(file)


def test_on_a_real_cluster_the_guardian_is_named_or_the_admin_is_warned(
    run: Run, home: tuple[Path, str], tmp_path: Path
) -> None:
    keys, named = ensure_keys(home[0] / "keys"), Keypair().pubkey()
    mint = ("--usdc-mint", str(keys.usdc_mint.pubkey()))
    programs = []
    for name in ("one", "two"):
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(list(bytes(Keypair()))))
        programs.append(str(_json(run, "program", "deploy", "--program-key", str(file))["program"]))
    one, two = (("program", "initialize", "--program", each, *mint) for each in programs)

    status, told, warned = run(*one, "--json")
    again = _json(run, *one, "--guardian", str(named))
    independent = run(*two, "--guardian", str(named), "--json")

    assert status == 0
    admin = str(keys.admin.pubkey())
    assert json.loads(told.splitlines()[-1])["guardian"] == again["guardian"] == admin
    assert f"the admin {admin} is its own guardian" in warned
    assert json.loads(independent[1].splitlines()[-1])["guardian"] == str(named)
    assert "is its own guardian" not in independent[2]


def test_a_dead_node_beside_a_good_one_is_told_beside_the_json(
    run: Run, home: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOLANA_RPC_URLS", f"http://127.0.0.1:9/secret-key,{home[1]}")

    status, told, problem = run("chain", "accounts", "--json")

    assert status == 0
    assert [json.loads(line)["Market"] for line in told.splitlines()] == [3]
    assert "chain_node_lost" in problem
    assert "127.0.0.1:9" in problem
    assert "secret-key" not in problem
