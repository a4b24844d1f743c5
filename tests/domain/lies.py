"""Lies: small changes of the code that some test must catch, and the report of who caught which.

A report has one table for each kind of lie; running one kind rewrites its own table only.
"""

import random
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "docs" / "mutants.md"
SURVIVED = "survived"

HEADS = {
    "The twin": "Lies about `quantdesk/domain`; made by `python -m tests.domain.mutants`.",
    "The program's arithmetic": (
        "Lies about `programs/risk`, caught by `cargo test`; made by\n"
        "`python -m tests.program.mutants`."
    ),
    "The built program": (
        "Lies about `programs/quantdesk`, all in one binary that tells one at a time, caught by\n"
        "`tests/program`; made by `SBF_TOOLS=… python -m tests.program.built_mutants`."
    ),
}
"""The tables of the report in their order, each with what it holds."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One lie: in `file`, `truth` becomes `lie`; `asked` is the suite nearest to it."""

    file: str
    truth: str
    lie: str
    meaning: str
    asked: str = ""

    def told_in(self, honest: str) -> str:
        """The file's text with the lie in it."""
        assert honest.count(self.truth) == 1, f"{self.file} does not say {self.truth!r} once"
        return honest.replace(self.truth, self.lie)


def mutants_of(listed: Path) -> list[Mutant]:
    """Every lie of a list, in its order."""
    return [Mutant(**each) for each in tomllib.loads(listed.read_text())["mutant"]]


def asked_for(every: Sequence[Mutant], argument: str) -> list[Mutant]:
    """All of them for `all`; else so many, drawn by chance, in the list's order."""
    if argument == "all" or int(argument) >= len(every):
        return list(every)
    drawn = random.SystemRandom().sample(range(len(every)), int(argument))
    return [every[place] for place in sorted(drawn)]


def run(title: str, chosen: Iterable[Mutant], killer_of: Callable[[Mutant], str | None]) -> int:
    """Tries each lie and writes who caught it into the table; returns how many survived."""
    survivors = 0
    for mutant in chosen:
        killer = killer_of(mutant)
        survivors += killer is None
        print(f"{mutant.file}: {mutant.meaning}: {killer or 'SURVIVED'}", flush=True)
        record(title, mutant, killer or SURVIVED)
    return survivors


def record(title: str, mutant: Mutant, killer: str) -> None:
    """Puts one line into the report, in place of what it said about the same lie."""
    told = tables()
    told[title][mutant.file, mutant.meaning] = killer
    write(told)


Table = dict[tuple[str, str], str]


def tables() -> dict[str, Table]:
    """The report: by title, who caught the lie of this file and meaning."""
    found: dict[str, Table] = {title: {} for title in HEADS}
    title = ""
    for line in REPORT.read_text().splitlines() if REPORT.exists() else ():
        if line.startswith("## "):
            title = line.removeprefix("## ")
        if line.startswith("| `"):
            file, meaning, killer = line.strip("| ").split(" | ")
            found[title][file.strip("`"), meaning] = killer.strip("`")
    return found


def keep_only(title: str, listed: Iterable[Mutant]) -> None:
    """Puts a table into the order of its list; what is no longer listed leaves it."""
    told = tables()
    order = [(mutant.file, mutant.meaning) for mutant in listed]
    told[title] = {key: told[title][key] for key in order if key in told[title]}
    write(told)


def write(told: dict[str, Table]) -> None:
    """The report anew."""
    total = sum(len(table) for table in told.values())
    text = [
        "# Mutants\n",
        f"Small economic lies, {total} of them, each with the first test that caught it. A sample",
        "is tried with the other tests, more by `make mutants`, all by `make mutants MUTANTS=all`.",
    ]
    for title, head in HEADS.items():
        text += [f"\n## {title}\n", f"{head}\n", "| file | the lie | caught by |", "|---|---|---|"]
        text += [
            f"| `{file}` | {meaning} | `{killer}` |"
            for (file, meaning), killer in told[title].items()
        ]
    REPORT.write_text("\n".join(text) + "\n")
