"""Status: every piece with pid, port, memory, uptime, restarts and the age of its heartbeat."""

import json
import time
from dataclasses import asdict, dataclass

from quantdesk.settings import Settings
from quantdesk.world.beats import beat_ages_ms
from quantdesk.world.home import Home, Record
from quantdesk.world.memory import pss_bytes, tree_pss_bytes

HEADINGS = ("piece", "state", "pid", "port", "memory", "uptime", "restarts", "beat")


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceStatus:
    """One line of the status."""

    name: str
    state: str
    pid: int | None
    port: int | None
    pss_bytes: int
    uptime_s: float | None
    restarts: int
    beat_age_ms: int | None
    """None: no heartbeat; servers have none."""


def read_status(home: Home) -> list[PieceStatus]:
    """The pieces of the running world, the supervisor first; empty when it does not run."""
    record = home.record()
    if not record or not home.is_running():
        return []
    beats = beat_ages_ms(record["environment"]["REDIS_URL"], list(record["pieces"]))
    return [
        PieceStatus(
            name="supervisor",
            state="ready" if record["ready"] else "starting",
            pid=record["pid"],
            port=None,
            pss_bytes=pss_bytes(record["pid"]),
            uptime_s=time.time() - record["started_at"],
            restarts=0,
            beat_age_ms=None,
        ),
        *(_piece(name, piece, beats) for name, piece in record["pieces"].items()),
    ]


def show_status(*, as_json: bool) -> int:
    """Print the status; returns 0 when everything is ready, 3 when nothing runs, else 1."""
    home = Home(Settings.from_env().home)
    pieces = read_status(home)
    if as_json:
        print(json.dumps({"home": str(home.path), "pieces": [asdict(piece) for piece in pieces]}))
    elif pieces:
        _print_table(pieces)
        total = sum(piece.pss_bytes for piece in pieces)
        print(f"\n{home.record()['address']}   {total / 2**20:.0f} MB together   {home.path}")
    else:
        print(f"QuantDesk does not run in {home.path}; start it with `quantdesk up`")
    if not pieces:
        return 3
    return 0 if all(piece.state == "ready" for piece in pieces) else 1


def _piece(name: str, piece: Record, beats: dict[str, int]) -> PieceStatus:
    pid = piece["pid"]
    return PieceStatus(
        name=name,
        state=piece["state"],
        pid=pid,
        port=piece["port"],
        pss_bytes=tree_pss_bytes(pid) if pid else 0,
        uptime_s=time.time() - piece["started_at"] if pid else None,
        restarts=piece["restarts"],
        beat_age_ms=beats.get(name),
    )


def _print_table(pieces: list[PieceStatus]) -> None:
    rows = [HEADINGS, *(_row(piece) for piece in pieces)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def _row(piece: PieceStatus) -> tuple[str, ...]:
    return (
        piece.name,
        piece.state,
        str(piece.pid or "-"),
        str(piece.port or "-"),
        f"{piece.pss_bytes / 2**20:.1f} MB" if piece.pss_bytes else "-",
        _duration(piece.uptime_s),
        str(piece.restarts),
        f"{piece.beat_age_ms / 1000:.1f} s" if piece.beat_age_ms is not None else "-",
    )


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {rest:02}s"
