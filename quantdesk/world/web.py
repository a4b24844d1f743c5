"""The web piece: pages, API and state events on one port, served by Python alone.

The front end was built before (`frontend.py`); here Reflex only mounts it. The two settings whose
names begin with underscores are internal to Reflex, so its version is pinned and this is tested.
"""

import asyncio
import importlib
import os
from functools import cache
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from quantdesk.settings import Settings

MODULE = "quantdesk.quantdesk"
BACKPRESSURE = 8192
STOP_TIMEOUT_S = 1.5


def prepare() -> None:
    """Import pages and API, the longest part of the start; nothing is served yet."""
    _application()


async def run(settings: Settings) -> None:
    """Serve on 127.0.0.1 until cancelled."""
    server = Server(
        _application(),
        address="127.0.0.1",
        port=settings.web_port,
        interface=Interfaces.ASGI,
        factory=True,
        backpressure=BACKPRESSURE,
        log_level=LogLevels.warning,
    )
    serving = asyncio.create_task(server.serve())
    try:
        # Shielded, because a cancelled granian would leave its thread with the port.
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.signal_handler_interrupt()  # type: ignore[no-untyped-call]
        await asyncio.wait({serving}, timeout=STOP_TIMEOUT_S)
        raise


@cache
def _application() -> Any:
    os.environ.setdefault("REFLEX_ENV_MODE", "prod")
    # Keeps Reflex from linking assets into the build directory while it is imported.
    os.environ.setdefault("REFLEX_BACKEND_ONLY", "true")
    from reflex_base.environment import environment

    environment.REFLEX_SKIP_COMPILE.set(True)
    environment.REFLEX_MOUNT_FRONTEND_COMPILED_APP.set(True)
    return importlib.import_module(MODULE).app
