"""Mutants of the twin: small economic lies, each of which some test must catch.

Run: python -m tests.domain.mutants [all|new|COUNT]    (writes docs/mutants.md, 1 when one survives)

Each lie is made in a copy of the domain. The suite of the same subject is asked first, then the
other laws and borders, at last the golden files and lock-step with the program. `new` tries what
the report lacks.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.domain.lies import ROOT, Mutant, asked_for, keep_only, mutants_of, run, tables

TITLE = "The twin"
DOMAIN = Path("quantdesk/domain")
LISTED = ROOT / "tests" / "domain" / "mutants.toml"
SUITES = [
    *("vault", "vault_rules", "conversion", "sale_borders", "mandate", "mandate_borders"),
    *("money", "cost", "position", "funding", "margin", "liquidation", "oracle", "order"),
    *("trigger", "pool", "waterfall", "story", "risk", "collateral", "guard", "payout"),
    *("bracket", "scanner", "changes", "borders", "golden", "lockstep"),
]
LOCKSTEP_STEPS = "4000"
FIRST_SUITE = {
    "fees": "story",
    "books": "waterfall",
    "closeout": "waterfall",
    "custody": "waterfall",
    "delegate": "guard",
    "exchange": "guard",
    "claims": "payout",
    "liquidity": "payout",
    "trial": "risk",
    "links": "bracket",
    "market": "order",
    "execution": "mandate",
    "upkeep": "oracle",
    "security": "changes",
}
"""Where a lie about a file is asked first, when the suite of its own name does not exist."""


def mutants() -> list[Mutant]:
    """Every lie about the twin."""
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
        if argument == "all":
            assert first_failure(copy, SUITES) is None, "the honest twin must pass"
        survivors = run(TITLE, chosen, lambda mutant: killed_by(mutant, copy))
    keep_only(TITLE, every)
    return min(survivors, 1)


def copied(place: Path) -> Path:
    """A copy of the domain and its tests in which lies do no harm, the honest program beside it."""
    skip = shutil.ignore_patterns("__pycache__")
    for folder in ("quantdesk", "tests/domain", "tests/golden", "programs/artifacts"):
        shutil.copytree(ROOT / folder, place / folder, ignore=skip)
    for name in ("tests/__init__.py", "pyproject.toml"):
        shutil.copy(ROOT / name, place / name)
    return place


def killed_by(mutant: Mutant, copy: Path) -> str | None:
    """Name of the first test that catches the lie, or None."""
    file = copy / DOMAIN / mutant.file
    honest = file.read_text()
    file.write_text(mutant.told_in(honest))
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
        "QD_LOCKSTEP_STEPS": LOCKSTEP_STEPS,
    }
    done = subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return None
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    assert lines, done.stdout[-2000:] + done.stderr[-2000:]
    return lines[0].split("::")[-1].split(" - ")[0]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else "all"))
