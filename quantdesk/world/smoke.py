"""`quantdesk smoke`: drive the main job against a running world and say how it went."""

from __future__ import annotations

import asyncio
import json
import time

from quantdesk import wiring
from quantdesk.services.ports import PortError
from quantdesk.services.smoke import Smoke, StepDone
from quantdesk.services.trade_session import SmokeFailure
from quantdesk.settings import Settings

TOLD_CHARACTERS_MAX = 60


def run_smoke(settings: Settings, *, as_json: bool, origin: str | None = None) -> int:
    """Exit status 0 when every step passed and every number agreed, else 1."""
    return asyncio.run(_run(settings, as_json=as_json, origin=origin or settings.public_origin))


async def _run(settings: Settings, *, as_json: bool, origin: str) -> int:
    started_ns = time.perf_counter_ns()
    failure = ""
    try:
        async with wiring.smoke_parts(settings, origin=origin) as parts:
            await Smoke(parts, _tell_json if as_json else _tell_text).run()
    except (SmokeFailure, PortError) as fault:
        failure = str(fault)
    took_ms = (time.perf_counter_ns() - started_ns) // 1_000_000
    if as_json:
        print(json.dumps({"ok": not failure, "took_ms": took_ms, "failure": failure or None}))
    elif failure:
        print(f"FAILED after {took_ms / 1000:.1f} s: {failure}")
    else:
        print(f"passed in {took_ms / 1000:.1f} s; chain, Postgres and API agree to the unit")
    return 1 if failure else 0


def _tell_json(step: StepDone) -> None:
    print(json.dumps({"step": step.name, "took_ms": step.took_ms, "found": step.found}), flush=True)


def _tell_text(step: StepDone) -> None:
    found = ", ".join(f"{name} {told}" for name, told in step.found.items() if _is_short(told))
    print(f"{step.took_ms / 1000:7.2f} s  {step.name:<26}{found}", flush=True)


def _is_short(told: object) -> bool:
    return len(str(told)) <= TOLD_CHARACTERS_MAX
