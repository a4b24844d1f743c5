"""What each child of a world is: command or function, readiness, surroundings."""

import signal
from collections.abc import Callable
from functools import partial

from quantdesk.settings import PROJECT
from quantdesk.world import postgres, probes, spawn, valkey
from quantdesk.world.beats import has_beaten
from quantdesk.world.child import Child
from quantdesk.world.gate import Gate
from quantdesk.world.home import Home
from quantdesk.world.plan import Plan
from quantdesk.world.spawn import Surroundings

# What tells that a piece serves; workers without an entry once they beat.
READY: dict[str, Callable[[int], bool]] = {
    "chain": probes.chain_is_healthy,
    "market": lambda port: probes.http_ok(port, "/scene"),
    "publisher": probes.listens,
    "web": lambda port: probes.http_ok(port, "/ping"),
}


def postgres_child(home: Home, plan: Plan) -> Child:
    """Postgres; its cluster is created first when there is none."""
    port, password = plan.ports["postgres"], plan.secrets["postgres"]
    server = postgres.plan_postgres(home, port=port)
    postgres.initialize(server, password=password, environment=_bare_environment(plan))
    surroundings = Surroundings(
        log=home.logs / "postgres.log",
        environment=_bare_environment(plan),
        directory=server.data.parent if server.uid is None else server.data,
        # A fast shutdown: committed data is safe and the next start needs no recovery.
        death_signal=signal.SIGINT,
        uid=server.uid,
        gid=server.gid,
    )
    return Child(
        name="postgres",
        start=partial(spawn.spawn_program, server.command(), surroundings),
        is_ready=lambda _since_s: postgres.answers(port, password),
        stop_signal=signal.SIGINT,
        port=port,
    )


def valkey_child(home: Home, plan: Plan) -> Child:
    """Valkey with its data in the home."""
    port, password = plan.ports["valkey"], plan.secrets["valkey"]
    surroundings = Surroundings(
        log=home.logs / "valkey.log",
        environment=_bare_environment(plan),
        directory=home.path,
        death_signal=signal.SIGTERM,
    )
    command = valkey.command(home, port=port, password=password)
    return Child(
        name="valkey",
        start=partial(spawn.spawn_program, command, surroundings),
        is_ready=lambda _since_s: valkey.answers(port=port, password=password),
        port=port,
    )


def python_child(name: str, home: Home, plan: Plan, gate: Gate | None = None) -> Child:
    """A piece with `run(settings)`, forked from the nursery; serves once `gate` is open."""
    surroundings = Surroundings(
        log=home.logs / f"{name}.log",
        environment=plan.environment,
        directory=PROJECT,
    )
    port = plan.ports.get(name)
    probe = READY.get(name)
    return Child(
        name=name,
        start=partial(spawn.spawn_function, partial(_run, name, plan, gate), surroundings),
        is_ready=lambda since_s: (
            probe(port)
            if probe is not None and port is not None
            else has_beaten(plan.settings.redis_url, name, since_s)
        ),
        port=port,
    )


def _run(name: str, plan: Plan, gate: Gate | None) -> int:
    from quantdesk.world.process import run_piece

    return run_piece(name, plan.settings, gate)


def _bare_environment(plan: Plan) -> dict[str, str]:
    """For servers that need none of our addresses and must not be told secrets."""
    return {name: plan.environment[name] for name in ("PATH", "LANG") if name in plan.environment}
