"""A piece as a process: settings, logging, signals and an honest exit status.

Exit 0 after SIGTERM or SIGINT, 1 after a failure, 2 when the settings or the name are wrong.
"""

import asyncio
import importlib
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping

import structlog
from structlog.tracebacks import ExceptionDictTransformer

from quantdesk.settings import Settings
from quantdesk.world.gate import Gate
from quantdesk.world.pieces import MODULES

STOP_TIMEOUT_S = 2.0
Run = Callable[[Settings], Awaitable[None]]


def run_worker(name: str) -> int:
    """Run the piece `name` until it ends or a signal asks it to; returns the exit status."""
    if name not in MODULES:
        known = ", ".join(sorted(MODULES))
        print(f"no worker is called {name!r}; expected one of {known}", file=sys.stderr)
        return 2
    settings = Settings.of_running_world()
    return run_piece(name, settings)


def run_piece(name: str, settings: Settings, gate: Gate | None = None) -> int:
    """Run one known piece in this process with `settings`; returns the exit status.

    With a gate, its code is imported before and it serves after the gate opens.
    """
    configure_logs(name)
    log = structlog.get_logger()
    try:
        module = importlib.import_module(MODULES[name])
        if hasattr(module, "prepare"):
            module.prepare()
        run: Run = module.run
        if gate is not None:
            gate.wait()
        asyncio.run(_until_signalled(run(settings)))
    except KeyboardInterrupt:
        return 0
    except Exception:
        log.exception("piece_failed")
        return 1
    log.info("piece_stopped")
    return 0


def configure_logs(name: str) -> None:
    """Print one JSON object per event on standard output, each naming the piece."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _named(name),
            # Without local variables: they hold addresses with passwords.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def _named(name: str) -> structlog.typing.Processor:
    def add_name(
        _logger: object, _method: str, event: structlog.typing.EventDict
    ) -> Mapping[str, object]:
        event["piece"] = name
        return event

    return add_name


async def _until_signalled(work: Awaitable[None]) -> None:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    stop = asyncio.ensure_future(stopped.wait())
    await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        stop.cancel()
        return task.result()
    task.cancel()
    await asyncio.wait({task}, timeout=STOP_TIMEOUT_S)
    if not task.done():
        structlog.get_logger().error("piece_ignored_stop", waited_s=STOP_TIMEOUT_S)
        os._exit(1)
    if not task.cancelled():
        task.result()
