"""Memory of process trees, as proportional set size: shared pages are divided among their users."""

from pathlib import Path

PROC = Path("/proc")


def descendants(pid: int) -> list[int]:
    """`pid` and everything it started that is still alive."""
    parents = _parents()
    found = [pid]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found


def pss_bytes(pid: int) -> int:
    """Proportional set size of one process; 0 when it is gone or belongs to another user."""
    try:
        text = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return 0
    lines = [line.split() for line in text.splitlines() if line.startswith("Pss:")]
    return int(lines[0][1]) * 1024 if lines else 0


def tree_pss_bytes(pid: int) -> int:
    """Proportional set size of `pid` and its descendants."""
    return sum(pss_bytes(process) for process in descendants(pid))


def _parents() -> dict[int, int]:
    parents: dict[int, int] = {}
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            # The name is in parentheses and may hold spaces: count from its end.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    return parents
