"""Settings: the environment, read once into one frozen value.

Every wrong setting is named together with its fix, all of them at once. An empty URL means "the
world on this machine provides it"; production refuses to start with an empty one.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

PROGRAM_ID = "HsSzXVuSwiqGQvocT2zMX8zc86KQ9TYfZFZcfmmejzso"
PROJECT = Path(__file__).resolve().parent.parent
_MANY_HOSTS = {"DATABASE_URL", "QD_MIGRATION_DATABASE_URL"}
_LAST_PORT = 65_535


class Environment(Enum):
    """Where this process runs; production never starts local stand-ins or burner wallets."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Scene(Enum):
    """Which recording the local market replays."""

    CALM = "calm"
    CRASH = "crash"


class SettingsError(Exception):
    """One or more settings cannot be used; the message lists each with its fix."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        lines = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(f"QuantDesk cannot start with these settings:{lines}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a process may know about its surroundings; its repr holds no secret."""

    environment: Environment
    home: Path
    keys_dir: Path
    database_url: str = field(repr=False)
    """Login role `authenticator`; empty: the world starts Postgres."""
    migration_database_url: str = field(repr=False)
    """Owner of the schema; used by the migration runner only."""
    redis_url: str = field(repr=False)
    supabase_url: str
    solana_rpc_urls: tuple[str, ...] = field(repr=False)
    """A URL may end in `#rps=N`, the requests a second that its provider allows."""
    solana_ws_url: str
    genesis_hash: str
    """Genesis hash of the cluster; nodes of any other are refused. Empty: the nodes settle it."""
    program_id: str
    usdc_mint: str
    public_origin: str
    feed_url: str
    trusted_proxies: int
    """How many proxies of ours stand in front; 0: forwarded addresses are not believed."""
    priority_fee_max: int
    """Most that a transaction pays beside its base fee, micro-lamports per unit; 0: nothing."""
    pyth_hermes_url: str
    pyth_api_key: str = field(repr=False)
    scene: Scene
    speed: int
    """Recorded seconds per second of wall time."""
    scene_epoch_ms: int
    """Wall time at which the scene's start offset is reached; 0: chosen by the supervisor."""
    web_port: int
    publisher_port: int
    chain_port: int
    """JSON-RPC port; its WebSocket is the next port."""
    chain_faults: bool
    """Let tests in other processes break the local chain (`POST /fault`); never in production."""
    market_port: int
    postgres_port: int
    valkey_port: int

    @property
    def is_production(self) -> bool:
        """True when real users and real money may be behind this process."""
        return self.environment is Environment.PRODUCTION

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Parse `env` (default: the process environment); raises `SettingsError`."""
        reader = _Reader(os.environ if env is None else env)
        settings = reader.settings()
        problems = reader.problems + _production_problems(settings)
        if problems:
            raise SettingsError(problems)
        return settings

    @classmethod
    def of_running_world(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """As `from_env`, with gaps filled from the world that runs in `QD_HOME`, complete."""
        given = dict(os.environ if env is None else env)
        home = _Reader(given).settings().home
        settings = cls.from_env({**world_environment(home), **given})
        missing = settings.missing()
        if missing:
            raise SettingsError(missing)
        return settings

    def missing(self) -> list[str]:
        """What a worker needs and does not have; empty when complete."""
        needed = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "SOLANA_RPC_URLS": self.solana_rpc_urls,
            "PYTH_HERMES_URL": self.pyth_hermes_url,
        }
        problems = [
            f"{name} is empty; set it, or start a world with `quantdesk up` "
            f"(its addresses are read from {self.home / 'world.json'})"
            for name, found in needed.items()
            if not found
        ]
        if not self.usdc_mint:
            problems.append(
                "QD_USDC_MINT is empty; set it to the address of the USDC mint "
                "on the chain that SOLANA_RPC_URLS names"
            )
        return problems


def world_environment(home: Path) -> dict[str, str]:
    """Addresses and keys which the world running in `home` gave to its children."""
    file = home / "world.json"
    if not file.exists():
        return {}
    try:
        environment: dict[str, str] = json.loads(file.read_text())["environment"]
    except (ValueError, LookupError, TypeError) as problem:
        raise SettingsError(
            [f"{file} is not what `quantdesk up` wrote; stop the world and remove the file"]
        ) from problem
    return environment


def _production_problems(settings: Settings) -> list[str]:
    if not settings.is_production:
        return []
    needed = {
        "DATABASE_URL": (settings.database_url, "the Postgres that holds orders and accounts"),
        "REDIS_URL": (settings.redis_url, "the Redis or Valkey that carries prices"),
        "SUPABASE_URL": (settings.supabase_url, "the Supabase project that signs users in"),
        "SOLANA_RPC_URLS": (settings.solana_rpc_urls, "the Solana nodes that hold the money"),
        "PYTH_HERMES_URL": (settings.pyth_hermes_url, "the Hermes server that signs prices"),
        "QD_USDC_MINT": (settings.usdc_mint, "the address of the USDC mint"),
    }
    problems = [
        f"{name} is empty and QD_ENV=production never starts local stand-ins; "
        f"set it to {what}, or use QD_ENV=development"
        for name, (found, what) in needed.items()
        if not found
    ]
    if not settings.public_origin.startswith("https://"):
        problems.append(
            f"QD_PUBLIC_ORIGIN is {settings.public_origin}, expected https:// in production "
            "because session cookies are Secure; set the address users type"
        )
    return problems


class _Reader:
    """Reads one variable at a time and collects what is wrong with it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[str] = []

    def settings(self) -> Settings:
        home = Path(self._text("QD_HOME", str(PROJECT / ".quantdesk"))).expanduser().resolve()
        rpc_urls = tuple(url.strip() for url in self._text("SOLANA_RPC_URLS").split(",") if url)
        for url in rpc_urls:
            self._check_url("SOLANA_RPC_URLS", url, ("http", "https"))
            self._check_rate(url)
        web_port = self._integer("QD_WEB_PORT", 18000, 1, 65535)
        publisher_port = self._integer("QD_PUBLISHER_PORT", 18001, 1, 65535)
        return Settings(
            environment=Environment(self._choice("QD_ENV", Environment)),
            home=home,
            keys_dir=Path(self._text("QD_KEYS_DIR", str(home / "keys"))).expanduser().resolve(),
            database_url=self._url("DATABASE_URL", "", ("postgres", "postgresql")),
            migration_database_url=self._url(
                "QD_MIGRATION_DATABASE_URL", "", ("postgres", "postgresql")
            ),
            redis_url=self._url("REDIS_URL", "", ("redis", "rediss", "unix")),
            supabase_url=self._url("SUPABASE_URL", "", ("http", "https")),
            solana_rpc_urls=rpc_urls,
            solana_ws_url=self._url("SOLANA_WS_URL", _ws_url(rpc_urls), ("ws", "wss")),
            genesis_hash=self._hash("QD_GENESIS_HASH"),
            program_id=self._text("QD_PROGRAM_ID", PROGRAM_ID),
            usdc_mint=self._text("QD_USDC_MINT"),
            public_origin=self._url(
                "QD_PUBLIC_ORIGIN", f"http://127.0.0.1:{web_port}", ("http", "https")
            ).rstrip("/"),
            feed_url=self._url(
                "QD_FEED_URL", f"ws://127.0.0.1:{publisher_port}/ws/market", ("ws", "wss")
            ),
            trusted_proxies=self._integer("QD_TRUSTED_PROXIES", 0, 0, 8),
            priority_fee_max=self._integer("QD_PRIORITY_FEE_MAX", 200_000, 0, 10_000_000),
            pyth_hermes_url=self._url("PYTH_HERMES_URL", "", ("http", "https")).rstrip("/"),
            pyth_api_key=self._text("PYTH_API_KEY"),
            scene=Scene(self._choice("QD_SCENE", Scene)),
            speed=self._integer("QD_SPEED", 1, 1, 10_000),
            scene_epoch_ms=self._integer("QD_SCENE_EPOCH_MS", 0, 0, 1 << 53),
            web_port=web_port,
            publisher_port=publisher_port,
            chain_port=self._integer("QD_CHAIN_PORT", 18010, 1, 65534),
            chain_faults=bool(self._integer("QD_CHAIN_FAULTS", 0, 0, 1)),
            market_port=self._integer("QD_MARKET_PORT", 18020, 1, 65535),
            postgres_port=self._integer("QD_POSTGRES_PORT", 15432, 1, 65535),
            valkey_port=self._integer("QD_VALKEY_PORT", 16379, 1, 65535),
        )

    def _text(self, name: str, default: str = "") -> str:
        return self.env.get(name, "").strip() or default

    def _integer(self, name: str, default: int, low: int, high: int) -> int:
        text = self._text(name, str(default))
        if text.isascii() and text.isdigit() and low <= int(text) <= high:
            return int(text)
        self.problems.append(
            f"{name} is {text!r}, expected a whole number from {low} to {high}; "
            f"unset it to use {default}"
        )
        return default

    def _choice(self, name: str, kind: type[Enum]) -> str:
        choices = [str(member.value) for member in kind]
        text = self._text(name, choices[0])
        if text in choices:
            return text
        self.problems.append(f"{name} is {text!r}, expected {' or '.join(choices)}; correct it")
        return choices[0]

    def _url(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        text = self._text(name, default)
        if text:
            self._check_url(name, text, schemes)
        return text

    def _hash(self, name: str) -> str:
        text = self._text(name)
        if text and not re.fullmatch(r"[1-9A-HJ-NP-Za-km-z]{32,44}", text):
            self.problems.append(
                f"{name} is {text!r}, expected 32 bytes in base58, as `getGenesisHash` answers;"
                " correct it, or unset it to take the nodes' word"
            )
        return text

    def _check_rate(self, url: str) -> None:
        _, _, told = url.partition("#")
        if told and not re.fullmatch(r"rps=[1-9][0-9]{0,5}(\.[0-9]+)?", told):
            self.problems.append(
                "a URL of SOLANA_RPC_URLS ends in something else than #rps=N (requests a second,"
                " such as #rps=25); correct it"
            )

    def _check_url(self, name: str, text: str, schemes: tuple[str, ...]) -> None:
        # The value may hold a password, so it is described and never repeated.
        try:
            parts = urlsplit(text)
            usable = parts.scheme in schemes and bool(parts.hostname or parts.path)
            # Only Postgres may name several hosts with a port each; reading no number raises.
            usable = usable and (name in _MANY_HOSTS or parts.port != 0)
        except ValueError:
            usable = False
        if not usable:
            expected = " or ".join(f"{scheme}://" for scheme in schemes)
            self.problems.append(
                f"{name} is not a usable address; expected {expected}host:port/…; correct it"
            )


def _ws_url(rpc_urls: tuple[str, ...]) -> str:
    """Solana's convention: WebSocket on the RPC's port + 1, or the same host without a port."""
    if not rpc_urls:
        return ""
    parts = urlsplit(rpc_urls[0])
    scheme = "wss" if parts.scheme == "https" else "ws"
    try:
        port = f":{parts.port + 1}" if parts.port else ""
    except ValueError:
        return ""  # whoever checks the address says what is wrong with it
    if parts.port == _LAST_PORT:
        return ""
    return f"{scheme}://{parts.hostname}{port}"
