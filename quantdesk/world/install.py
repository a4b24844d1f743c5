"""Installs the virtual environment: run by whatever Python the machine has, standard library only.

`python3 quantdesk/world/install.py runtime|development` does nothing when all is there. Versions
and hashes are pinned, so pip resolves nothing; sources are compiled when first imported.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
VENV = PROJECT / ".venv"
LEAST = (3, 11)
CANDIDATES = ("python3.11", "python3.12", "python3.13", "python3.14")
FILES = {
    "runtime": ["requirements.txt"],
    "development": ["requirements.txt", "requirements-dev.txt"],
}
SHOW_EVERY_S = 5.0


def main(kind: str) -> int:
    """Install what `kind` needs; returns the exit status."""
    if sys.version_info < LEAST:
        return _run_newer(kind)
    for name in FILES[kind]:
        stamp = VENV / f".{name}.sha256"
        wanted = hashlib.sha256((PROJECT / name).read_bytes()).hexdigest()
        if stamp.exists() and stamp.read_text() == wanted:
            continue
        if not (VENV / "bin" / "python").exists():
            print("creating .venv with Python {}.{} …".format(*sys.version_info[:2]), flush=True)
            venv.create(VENV, with_pip=True)
        if not _install(PROJECT / name):
            return 1
        stamp.write_text(wanted)
    _write_command()
    return 0


def _write_command() -> None:
    """`.venv/bin/quantdesk`, without building a package."""
    command = VENV / "bin" / "quantdesk"
    text = (
        "#!/bin/sh\n"
        f'PYTHONPATH="{PROJECT}${{PYTHONPATH:+:$PYTHONPATH}}" '
        f'exec "{VENV}/bin/python" -m quantdesk "$@"\n'
    )
    if not command.exists() or command.read_text() != text:
        command.write_text(text)
        command.chmod(0o755)


def _run_newer(kind: str) -> int:
    for name in CANDIDATES:
        found = shutil.which(name)
        # A version manager's shim exists even when that version does not.
        if (
            found
            and subprocess.run([found, "-c", "import venv"], capture_output=True).returncode == 0
        ):
            os.execv(found, [found, __file__, kind])
    print(
        "QuantDesk needs Python {}.{} or newer and found {}.{}; install one, "
        "or name it: make run PYTHON=/path/to/python3".format(*LEAST, *sys.version_info[:2]),
        file=sys.stderr,
    )
    return 1


def _install(requirements: Path) -> bool:
    total = sum("==" in line and line[0] != " " for line in requirements.read_text().splitlines())
    print(f"installing {total} packages from {requirements.name} …", flush=True)
    options = ["--require-hashes", "--no-deps", "--no-compile", "--disable-pip-version-check"]
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--progress-bar", "off"]
    started = shown = time.monotonic()
    seen: list[str] = []
    with subprocess.Popen(
        [*pip, *options, "-r", str(requirements)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=PROJECT,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            seen.append(line)
            if line.startswith("Installing collected"):
                print(f"  unpacking, {time.monotonic() - started:.0f} s", flush=True)
            elif time.monotonic() - shown > SHOW_EVERY_S:
                shown = time.monotonic()
                count = sum(each.startswith(("Collecting", "Requirement")) for each in seen)
                print(f"  fetched {count} of {total}, {shown - started:.0f} s", flush=True)
    if process.returncode != 0:
        print("".join(seen[-20:]), end="", file=sys.stderr)
        print("pip failed; check the network and run the same command again", file=sys.stderr)
        return False
    print(f"installed in {time.monotonic() - started:.0f} s", flush=True)
    return True


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in FILES:
        sys.exit("usage: install.py runtime|development")
    sys.exit(main(sys.argv[1]))
