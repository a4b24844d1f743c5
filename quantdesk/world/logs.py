"""Logs: one append-only file per piece, kept small, shown together on request."""

import sys
import time
from pathlib import Path

from quantdesk.settings import Settings
from quantdesk.world.home import Home

BYTES_MAX = 16 << 20
BYTES_KEPT = 4 << 20
FOLLOW_S = 0.3


def show_logs(*, name: str | None, follow: bool, lines: int) -> int:
    """Print the last `lines` of one piece or all; returns the exit status."""
    home = Home(Settings.from_env().home)
    files = {file.stem: file for file in sorted(home.logs.glob("*.log"))}
    if name is not None and name not in files:
        known = ", ".join(files) or "nothing yet; start the world with `quantdesk up`"
        print(f"no log is called {name!r}; there is {known}", file=sys.stderr)
        return 2
    chosen = {name: files[name]} if name is not None else files
    for piece, file in chosen.items():
        for line in last_lines(file, lines):
            print(f"{piece:14} {line}")
    if follow:
        _follow(chosen)
    return 0


def last_lines(file: Path, count: int) -> list[str]:
    """The last `count` lines of a log, fewer when they are very long; none when there is none."""
    if count < 1 or not file.exists():
        return []
    with file.open("rb") as log:
        size = log.seek(0, 2)
        log.seek(max(0, size - 512 * count - 65_536))
        return log.read().decode(errors="replace").splitlines()[-count:]


def trim_logs(directory: Path) -> None:
    """Cut files that grew past the limit to their last part, which moves to `NAME.log.1`."""
    for file in directory.glob("*.log"):
        if file.stat().st_size > BYTES_MAX:
            with file.open("r+b") as log:
                log.seek(-BYTES_KEPT, 2)
                file.with_suffix(".log.1").write_bytes(log.read())
                # Writers hold the file open in append mode and continue at its new end.
                log.truncate(0)


def _follow(files: dict[str, Path]) -> None:
    positions = {piece: file.stat().st_size for piece, file in files.items()}
    try:
        while True:
            for piece, file in files.items():
                positions[piece] = _print_new(piece, file, positions[piece])
            sys.stdout.flush()
            time.sleep(FOLLOW_S)
    except KeyboardInterrupt:
        return


def _print_new(piece: str, file: Path, position: int) -> int:
    size = file.stat().st_size
    with file.open("rb") as log:
        log.seek(position if position <= size else 0)
        fresh = log.read()
    complete, newline, _ = fresh.rpartition(b"\n")
    for line in complete.decode(errors="replace").splitlines():
        print(f"{piece:14} {line}")
    start = position if position <= size else 0
    return start + len(complete) + len(newline)
