"""The `quantdesk` command: one verb per thing an operator does.

Imports live inside the verbs, so that `quantdesk --help` and a worker start at once.
"""

import sys
from typing import Annotated, NoReturn

import typer

from quantdesk.world.chain.commands import chain_commands, program_commands

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Starts, watches and examines a QuantDesk world on this machine.",
)

app.add_typer(program_commands, name="program")
app.add_typer(chain_commands, name="chain")


def main() -> None:
    """Run the command line; a wrong setting ends with its explanation, not a traceback."""
    from quantdesk.settings import SettingsError

    try:
        app()
    except SettingsError as error:
        _leave(str(error))


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", help="Return when ready.")] = False,
    without: Annotated[
        list[str] | None, typer.Option(help="Leave out a worker or web; may be repeated.")
    ] = None,
) -> None:
    """Start the world: servers, workers and the web address."""
    from quantdesk.world.verbs import start

    raise typer.Exit(start(detach=detach, without=frozenset(without or ())))


@app.command()
def down() -> None:
    """Stop the world; its data stays."""
    from quantdesk.world.verbs import stop

    raise typer.Exit(stop())


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show every piece: pid, port, memory, uptime, restarts, heartbeat age."""
    from quantdesk.world.status import show_status

    raise typer.Exit(show_status(as_json=as_json))


@app.command()
def logs(
    name: Annotated[str | None, typer.Argument(help="One piece; all when absent.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="Last lines per piece.")] = 40,
) -> None:
    """Print what the pieces wrote."""
    from quantdesk.world.logs import show_logs

    raise typer.Exit(show_logs(name=name, follow=follow, lines=lines))


@app.command()
def doctor() -> None:
    """Look for problems and say how to fix each."""
    from quantdesk.world.doctor import examine

    raise typer.Exit(examine())


@app.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete the world's data: chain, database, keys and logs."""
    from quantdesk.world.verbs import reset as reset_world

    raise typer.Exit(reset_world(is_confirmed=yes))


@app.command()
def worker(name: Annotated[str, typer.Argument(help="For example price_feed.")]) -> None:
    """Run one long-running process in the foreground."""
    from quantdesk.world.process import run_worker

    raise typer.Exit(run_worker(name))


@app.command()
def rebuild() -> None:
    """Empty the tables that mirror the chain and fill them again from its first slot."""
    import asyncio

    from quantdesk.settings import Settings
    from quantdesk.workers.indexer import rebuild as rebuild_mirror

    applied = asyncio.run(rebuild_mirror(Settings.of_running_world()))
    typer.echo(f"{applied} transactions applied; the mirror follows the chain again")


@app.command()
def smoke(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per step.")] = False,
    origin: Annotated[str | None, typer.Option(help="Default: QD_PUBLIC_ORIGIN.")] = None,
) -> None:
    """Drive the main job against the running world and compare every number."""
    from quantdesk.settings import Settings
    from quantdesk.world.smoke import run_smoke

    raise typer.Exit(run_smoke(Settings.of_running_world(), as_json=as_json, origin=origin))


@app.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(help="startup, tick, order, chain.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per figure.")] = False,
) -> None:
    """Measure start times, tick latency, the order path and the chain side."""
    from quantdesk.world.bench import run_benches

    raise typer.Exit(run_benches(names or ["startup", "tick", "order", "chain"], as_json=as_json))


def _leave(message: str) -> NoReturn:
    typer.echo(message, err=True)
    sys.exit(2)
