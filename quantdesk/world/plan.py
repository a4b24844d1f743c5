"""The plan of a world: which servers it starts itself, on which ports, and what children are told.

A server whose address is set in the environment is somebody else's; it is used and never started.
"""

import os
from dataclasses import dataclass

from quantdesk.settings import PROJECT, Settings
from quantdesk.world.home import Home
from quantdesk.world.ports import PortClaims


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one `up` will start, and the environment of everything in it."""

    settings: Settings
    """Complete: every address is filled in."""
    environment: dict[str, str]
    secrets: dict[str, str]
    ports: dict[str, int]
    """Of every piece that listens, also external ones that keep their default."""
    local: frozenset[str]
    """The servers to start: postgres, valkey, chain, market."""


def make_plan(settings: Settings, home: Home, claims: PortClaims) -> Plan:
    """Probe ports, make secrets and fill the gaps of `settings`."""
    before = home.record().get("ports", {})
    local = frozenset(
        name
        for name, address in {
            "postgres": settings.database_url,
            "valkey": settings.redis_url,
            "chain": settings.solana_rpc_urls,
            "market": settings.pyth_hermes_url,
        }.items()
        if not address
    )
    wanted = {
        "web": settings.web_port,
        "publisher": settings.publisher_port,
        "chain": settings.chain_port,
        "market": settings.market_port,
        "postgres": settings.postgres_port,
        "valkey": settings.valkey_port,
    }
    ports = {
        name: claims.take(name, _preferred(name, port, before), width=2 if name == "chain" else 1)
        for name, port in wanted.items()
        if name in local or name in ("web", "publisher")
    }
    secrets = home.secrets()
    added = _addresses(settings, home, ports, secrets)
    environment = _clean_environment() | added
    return Plan(
        settings=Settings.from_env(environment),
        environment=environment,
        secrets=secrets,
        ports=ports,
        local=local,
    )


def shared_environment(plan: Plan) -> dict[str, str]:
    """The part of the children's environment that `world.json` may tell other commands."""
    names = ("DATABASE_URL", "REDIS_URL", "SOLANA_", "PYTH_HERMES_URL", "SUPABASE_URL", "QD_")
    return {name: text for name, text in plan.environment.items() if name.startswith(names)}


def _preferred(name: str, port: int, before: dict[str, int]) -> int:
    # Bookmarks and open tabs stay valid when the address of the last run is free again.
    asked = f"QD_{name.upper()}_PORT" in os.environ
    return port if asked else before.get(name, port)


def _addresses(
    settings: Settings, home: Home, ports: dict[str, int], secrets: dict[str, str]
) -> dict[str, str]:
    added = {f"QD_{name.upper()}_PORT": str(port) for name, port in ports.items()}
    added |= {
        "QD_HOME": str(home.path),
        "QD_KEYS_DIR": str(settings.keys_dir),
        "QD_USDC_MINT": settings.usdc_mint,
        "QD_SCENE_EPOCH_MS": str(
            settings.scene_epoch_ms or home.scene_epoch_ms(settings.scene.value, settings.speed)
        ),
    }
    if "postgres" in ports:
        place = f"127.0.0.1:{ports['postgres']}/postgres"
        added["DATABASE_URL"] = f"postgresql://authenticator:{secrets['authenticator']}@{place}"
        added["QD_MIGRATION_DATABASE_URL"] = f"postgresql://postgres:{secrets['postgres']}@{place}"
    if "valkey" in ports:
        added["REDIS_URL"] = f"redis://:{secrets['valkey']}@127.0.0.1:{ports['valkey']}/0"
    if "chain" in ports:
        added["SOLANA_RPC_URLS"] = f"http://127.0.0.1:{ports['chain']}"
        added["SOLANA_WS_URL"] = f"ws://127.0.0.1:{ports['chain'] + 1}"
    if "market" in ports:
        added["PYTH_HERMES_URL"] = f"http://127.0.0.1:{ports['market']}"
    return added


def _clean_environment() -> dict[str, str]:
    """The caller's environment, importable from any directory."""
    path = os.environ.get("PYTHONPATH")
    project = str(PROJECT)
    parts = [project, *(path.split(os.pathsep) if path else [])]
    return dict(os.environ) | {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(parts)),
        "PYTHONUNBUFFERED": "1",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
    }
