"""Mutants of the twin: small economic lies, each of which some test must catch.

Run: python -m tests.domain.mutants [--new]    (writes docs/mutants.md, fails when one survives)

Each lie is made in a copy of the domain. The suite of the same subject is asked first, then the
other laws and borders, the golden files last. `--new` runs only those that the report lacks.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOMAIN = Path("quantdesk/domain")
REPORT = ROOT / "docs" / "mutants.md"
SUITES = [
    *("money", "cost", "position", "funding", "margin", "liquidation", "oracle"),
    *(
        "order",
        "trigger",
        "pool",
        "waterfall",
        "story",
        "risk",
        "collateral",
        "guard",
        "payout",
        "scanner",
        "golden",
    ),
]
FIRST_SUITE = {
    "fees": "story",
    "books": "waterfall",
    "closeout": "waterfall",
    "custody": "waterfall",
    "vault": "collateral",
    "delegate": "guard",
    "exchange": "guard",
    "claims": "payout",
    "liquidity": "payout",
    "trial": "risk",
}
"""Where a lie about a file is asked first, when the suite of its own name does not exist."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One lie: in `file`, `truth` becomes `lie`."""

    file: str
    truth: str
    lie: str
    meaning: str


def mutants() -> list[Mutant]:
    """Every lie of mutants.toml."""
    listed = tomllib.loads((ROOT / "tests" / "domain" / "mutants.toml").read_text())
    return [Mutant(**each) for each in listed["mutant"]]


def main() -> int:
    """Runs every mutant; returns how many survived."""
    rows, survivors = [], 0
    known = told_before() if "--new" in sys.argv else {}
    with tempfile.TemporaryDirectory() as place:
        copy = copied(Path(place))
        if not known:
            assert first_failure(copy, SUITES) is None, "the honest twin must pass"
        for mutant in mutants():
            if (mutant.file, mutant.meaning) in known:
                rows.append(known[mutant.file, mutant.meaning])
                continue
            killer = killed_by(mutant, copy)
            survivors += killer is None
            print(f"{mutant.file}: {mutant.meaning}: {killer or 'SURVIVED'}", flush=True)
            rows.append(f"| `{mutant.file}` | {mutant.meaning} | `{killer or 'survived'}` |")
    REPORT.write_text(f"{HEAD}\n" + "\n".join(rows) + "\n")
    return survivors


def told_before() -> dict[tuple[str, str], str]:
    """The report's lines by file and lie."""
    lines = [line for line in REPORT.read_text().splitlines() if line.startswith("| `")]
    return {(line.split("`")[1], line.split(" | ")[1]): line for line in lines}


def copied(place: Path) -> Path:
    """A copy of the domain and its tests in which lies do no harm."""
    skip = shutil.ignore_patterns("__pycache__")
    for folder in ("quantdesk", "tests/domain", "tests/golden"):
        shutil.copytree(ROOT / folder, place / folder, ignore=skip)
    for name in ("tests/__init__.py", "pyproject.toml"):
        shutil.copy(ROOT / name, place / name)
    return place


def killed_by(mutant: Mutant, copy: Path) -> str | None:
    """Name of the first test that catches the lie, or None."""
    file = copy / DOMAIN / mutant.file
    honest = file.read_text()
    assert honest.count(mutant.truth) >= 1, f"{mutant.file} no longer says {mutant.truth!r}"
    file.write_text(honest.replace(mutant.truth, mutant.lie, 1))
    try:
        subject = mutant.file.removesuffix(".py")
        nearest = FIRST_SUITE.get(subject, subject)
        return first_failure(copy, [nearest]) or first_failure(copy, SUITES)
    finally:
        file.write_text(honest)


def first_failure(copy: Path, subjects: list[str]) -> str | None:
    """The first failing test among the suites of these subjects."""
    suites = [f"tests/domain/test_{subject}.py" for subject in subjects]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *suites]
    environment = {
        **os.environ,
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "QD_HYPOTHESIS_PROFILE": "mutants",
    }
    done = subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return None
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return lines[0].split("::")[-1].split(" - ")[0] if lines else "does not start"


HEAD = """# Mutants of the twin

Small economic lies and the first test that catches each; made by `python -m tests.domain.mutants`.

| file | the lie | caught by |
|---|---|---|"""


if __name__ == "__main__":
    raise SystemExit(main())
