"""Mutants of the program's arithmetic: lies about `programs/risk` that its own tests must catch.

Run: python -m tests.program.mutants [all|new|COUNT]   (writes docs/mutants.md, 1 when one survives)

Each lie is compiled in a copy of the crate, with the golden files beside it. Needs cargo, no crate.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.domain.lies import ROOT, Mutant, asked_for, keep_only, mutants_of, run, tables

TITLE = "The program's arithmetic"
LISTED = ROOT / "tests" / "program" / "mutants.toml"
RISK = Path("programs/risk")
TIME_MAX_S = 300
WORKSPACE = """[workspace]
resolver = "2"
members = ["risk"]

[workspace.package]
version = "0.1.0"
edition = "2021"
license = "Apache-2.0"
publish = false
"""


def mutants() -> list[Mutant]:
    """Every lie about the crate."""
    return mutants_of(LISTED)


def main(argument: str) -> int:
    """Tries the mutants asked for; 1 when one survives."""
    every, known = mutants(), tables()[TITLE]
    if argument == "new":
        chosen = [each for each in every if (each.file, each.meaning) not in known]
    else:
        chosen = asked_for(every, argument)
    with tempfile.TemporaryDirectory() as place:
        copy = copied(Path(place))
        assert first_failure(copy) is None, "the honest crate must pass"
        survivors = run(TITLE, chosen, lambda mutant: killed_by(mutant, copy))
    keep_only(TITLE, every)
    return min(survivors, 1)


def copied(place: Path) -> Path:
    """A workspace of the crate alone, with the golden files where its tests look for them."""
    shutil.copytree(ROOT / RISK, place / RISK)
    shutil.copytree(ROOT / "tests" / "golden", place / "tests" / "golden")
    (place / "programs" / "Cargo.toml").write_text(WORKSPACE)
    return place


def killed_by(mutant: Mutant, copy: Path) -> str | None:
    """Name of the first test that catches the lie, or None."""
    file = copy / RISK / "src" / mutant.file
    honest = file.read_text()
    file.write_text(mutant.told_in(honest))
    try:
        return first_failure(copy)
    finally:
        file.write_text(honest)


def first_failure(copy: Path) -> str | None:
    """The first failing test of the crate; its own tests, then the laws, then the golden files."""
    for part in ("--lib", "--test=laws", "--test=golden"):
        done = cargo(copy / "programs", part)
        if done.returncode:
            named = done.stdout.rpartition("\nfailures:\n")[2].split()
            assert "test result: FAILED" in done.stdout, f"it does not compile:\n{done.stderr}"
            return named[0].split("::")[-1]
    return None


def cargo(folder: Path, part: str) -> subprocess.CompletedProcess[str]:
    """One run of the crate's tests."""
    return subprocess.run(
        ["cargo", "test", "--quiet", "--offline", "-j2", part],
        cwd=folder,
        env={**os.environ, "CARGO_TARGET_DIR": str(folder / "target"), "RUSTFLAGS": "-Awarnings"},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIME_MAX_S,
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else "all"))
