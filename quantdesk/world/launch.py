"""The launch: from settings to a world that answers, in the order its pieces need."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import psycopg

from quantdesk.adapters.postgres.migrate import migrate
from quantdesk.settings import PROJECT, Settings, SettingsError
from quantdesk.world import children, frontend, nursery
from quantdesk.world.chain.keys import usdc_mint
from quantdesk.world.gate import Gate
from quantdesk.world.home import Home
from quantdesk.world.pieces import SERVERS, WEB, WORKERS
from quantdesk.world.plan import Plan, make_plan
from quantdesk.world.ports import NoFreePort, PortClaims
from quantdesk.world.postgres import PostgresFailed
from quantdesk.world.supervisor import Say, StartFailed, StopAsked, Supervisor
from quantdesk.world.valkey import ValkeyMissing


class WorldFailed(Exception):
    """The world did not start; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What to start, where, and whom to tell."""

    settings: Settings
    home: Home
    say: Say
    without: frozenset[str]
    """Workers, or web, that are left out."""


def run_world(world: World, on_ready: Callable[[], None]) -> None:
    """Start everything, call `on_ready`, watch until a signal, then stop everything."""
    started = time.monotonic()
    home, say = world.home, world.say
    claims = PortClaims()
    try:
        if WEB.name not in world.without:
            frontend.ensure_built(say)
        plan = make_plan(_with_mint(world.settings), home, claims)
        if missing := plan.settings.missing():
            raise SettingsError(missing)
        supervisor = Supervisor(home, plan, say)
    except (NoFreePort, SettingsError, frontend.BuildFailed) as error:
        raise WorldFailed(str(error)) from error
    try:
        _launch(supervisor, plan, world)
        supervisor.is_ready = True
        supervisor.write_record()
        elapsed = time.monotonic() - started
        say(f"QuantDesk is ready at {plan.settings.public_origin} ({elapsed:.1f} s)")
        on_ready()
        supervisor.watch()
    except StopAsked:
        say("stopping before everything was ready")
    except (StartFailed, PostgresFailed, ValkeyMissing, psycopg.Error) as error:
        raise WorldFailed(str(error)) from error
    finally:
        supervisor.stop()
        supervisor.is_ready = False
        supervisor.write_record()


def _launch(supervisor: Supervisor, plan: Plan, world: World) -> None:
    home = world.home
    if "postgres" in plan.local:
        supervisor.launch(children.postgres_child(home, plan))
    if "valkey" in plan.local:
        supervisor.launch(children.valkey_child(home, plan))
    # The programs above start while this process imports what the pieces below share, and those
    # import their own code while the servers come up.
    nursery.fill()
    gate = Gate()
    waiting = [piece.name for piece in (WEB, *WORKERS) if piece.name not in world.without]
    servers = [piece.name for piece in SERVERS if piece.name in plan.local]
    supervisor.launch(
        *(children.python_child(name, home, plan) for name in servers),
        *(children.python_child(name, home, plan, gate) for name in waiting),
    )
    if "postgres" in plan.local:
        supervisor.await_ready("postgres")
    _migrate(plan)
    supervisor.await_ready(*plan.local)
    gate.open()
    supervisor.await_ready(*waiting)


def _migrate(plan: Plan) -> None:
    address = plan.settings.migration_database_url
    if not address:
        # A database of one's own in development: its login may create our tables.
        address = "" if plan.settings.is_production else plan.settings.database_url
    if address:
        is_ours = "postgres" in plan.local
        migrate(
            address,
            supabase_dir=PROJECT / "supabase",
            authenticator_password=plan.secrets["authenticator"] if is_ours else None,
        )


def _with_mint(settings: Settings) -> Settings:
    if settings.usdc_mint or settings.solana_rpc_urls:
        return settings
    return replace(settings, usdc_mint=usdc_mint(settings.keys_dir))
