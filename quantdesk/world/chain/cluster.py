"""Which cluster a command speaks to, and how its answers and refusals reach the terminal."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.adapters.chain import loader
from quantdesk.adapters.chain.codec import CodecError
from quantdesk.adapters.chain.faucet import read_key
from quantdesk.adapters.chain.program import Fields, Program, load_program
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.services.ports import PortError
from quantdesk.settings import Settings, SettingsError, world_environment
from quantdesk.world.chain.genesis import GenesisFailed
from quantdesk.world.chain.keys import KeyFileBroken
from quantdesk.world.chain.plain import plain_lines

CLUSTERS = {
    "localhost": "http://127.0.0.1:8899",
    "devnet": "https://api.devnet.solana.com",
    "testnet": "https://api.testnet.solana.com",
    "mainnet": "https://api.mainnet-beta.solana.com",
}
NAME_WIDTH_MIN = 27
UNREADABLE = "unreadable"
"""Stands for the kind of an account of the program that this release cannot decode."""

MAINNET_GENESIS = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"


class CommandFailed(Exception):
    """The command cannot do this; the message says why and what to do."""


_EXPECTED = (
    CommandFailed,
    GenesisFailed,
    KeyFileBroken,
    loader.NotDeployable,
    CodecError,
    PortError,
    SettingsError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Nodes of one cluster and the deployment of the program on it."""

    rpc: RpcClient
    program: Program
    settings: Settings

    @property
    def keys_dir(self) -> Path:
        """Where this machine keeps its keys."""
        return self.settings.keys_dir

    async def deployed(self) -> loader.Deployed:
        """The program's binary and authority; raises CommandFailed when it has none to replace."""
        stored = await self.rpc.account(loader.program_data(self.program.id))
        if stored is None:
            raise CommandFailed(f"{self.program.id} is not an upgradeable program on this cluster")
        return loader.read_program_data(stored.data)


def on_cluster(
    work: Callable[[Cluster], Awaitable[None]], *, url: str | None, program: str | None = None
) -> int:
    """Run `work` against a cluster; exit status 0, or 1 with a sentence on standard error."""
    before = structlog.get_config()
    # What is said of nodes must not stand between lines of JSON.
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    try:
        settings = _settings(url)
        where = load_program(str(program_address(program, settings)))
        asyncio.run(_with_cluster(work, settings, where))
    except _EXPECTED as problem:
        return refused(problem)
    except OSError as problem:
        return refused(f"cannot use {problem.filename or 'a file'}: {problem.strerror or problem}")
    finally:
        structlog.configure(**before)
    return 0


def refused(problem: object) -> int:
    """Say on standard error why not; exit status 1."""
    print(f"error: {problem}", file=sys.stderr)
    return 1


async def _with_cluster(
    work: Callable[[Cluster], Awaitable[None]], settings: Settings, program: Program
) -> None:
    rpc = RpcClient.of(settings.solana_rpc_urls, genesis=settings.genesis_hash or None)
    try:
        await work(Cluster(rpc=rpc, program=program, settings=settings))
    finally:
        await rpc.close()


def _settings(url: str | None) -> Settings:
    given = dict(os.environ)
    home = Settings.from_env(given).home
    environment = {**world_environment(home), **given}
    if url is not None:
        _require_usable(url)
        environment["SOLANA_RPC_URLS"] = CLUSTERS.get(url, url)
        environment.pop("QD_GENESIS_HASH", None)  # it belongs to the nodes that are not asked now
    settings = Settings.from_env(environment)
    if not settings.solana_rpc_urls:
        raise SettingsError(
            [
                "no cluster is named; start a world with `quantdesk up`, set SOLANA_RPC_URLS,"
                f" or give --url ({', '.join(CLUSTERS)} or an address)"
            ]
        )
    return settings


def _require_usable(url: str) -> None:
    # It may hold a provider's key, so it is not repeated.
    try:
        parts = [urlsplit(each.strip()) for each in CLUSTERS.get(url, url).split(",")]
        usable = all(each.scheme in ("http", "https") and each.hostname for each in parts)
        usable = usable and all(each.port != 0 for each in parts)
    except ValueError:
        usable = False
    if not usable:
        raise CommandFailed(
            f"--url is not usable; expected {', '.join(CLUSTERS)}, or an address such as"
            " https://host:port"
        )


def program_address(program: str | None, settings: Settings) -> Pubkey:
    """The program that is meant; raises CommandFailed naming the option or the setting."""
    try:
        return address_of(program or settings.program_id)
    except CommandFailed as problem:
        raise CommandFailed(f"{'--program' if program else 'QD_PROGRAM_ID'}: {problem}") from None


def address_of(text: str) -> Pubkey:
    """An address; raises CommandFailed for anything else."""
    try:
        return Pubkey.from_string(text)
    except ValueError as problem:
        raise CommandFailed(f"{text!r} is not a Solana address (32 bytes in base58)") from problem


def key_of(file: Path) -> Keypair:
    """A key file; raises CommandFailed when it is missing or none."""
    try:
        return read_key(file)
    except FileNotFoundError as problem:
        raise CommandFailed(f"there is no key file {file}") from problem
    except (ValueError, TypeError) as problem:
        raise CommandFailed(f"{file} is not a Solana key file (64 numbers)") from problem


async def decoded(cluster: Cluster) -> list[tuple[Pubkey, str, Fields]]:
    """Address, kind and fields of every account; one that cannot be read is `unreadable`."""
    found = await cluster.rpc.program_accounts(cluster.program.id)
    return [(each.address, *_kind_of(cluster.program, each.data)) for each in found]


def _kind_of(program: Program, stored: bytes) -> tuple[str, Fields]:
    try:
        return program.decode_account(stored)
    except CodecError as problem:
        return UNREADABLE, {"bytes": len(stored), "problem": str(problem)}


def shown(value: object) -> object:
    """A decoded value as JSON shows it: addresses in base58, bytes in hex or as their text."""
    if isinstance(value, dict):
        return {key: shown(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [shown(each) for each in value]
    if isinstance(value, Pubkey):
        return str(value)
    if isinstance(value, bytes):
        text = value.rstrip(b"\0")
        return text.decode() if text.isascii() and text.decode().isprintable() else value.hex()
    return value


def tell(found: dict[str, object], *, as_json: bool) -> None:
    """Print one answer: a JSON line in the program's units, or lines for people."""
    readable = {name: shown(each) for name, each in found.items()}
    if as_json:
        print(json.dumps(readable), flush=True)
        return
    lines = list(plain_lines(readable))
    width = max([NAME_WIDTH_MIN, *(len(name) for name, _ in lines)])
    for name, text in lines:
        print(f"{name:<{width}} {text}", flush=True)


def progress(*, as_json: bool) -> Callable[[str], None]:
    """How progress is told: to standard error where standard output carries JSON."""
    return lambda line: print(line, file=sys.stderr if as_json else sys.stdout, flush=True)
