"""Mutants of the built program: lies about `programs/quantdesk` that `tests/program` must catch.

Run: SBF_TOOLS=… python -m tests.program.built_mutants [all|new|COUNT]

A build takes a minute, so all lies go into one binary: each stands beside its truth, and a byte of
the binary says which one is told. None is told at first, and then every test must pass.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from types import ModuleType

from tests.domain.lies import ROOT, Mutant, asked_for, keep_only, mutants_of, run, tables

TITLE = "The built program"
LISTED = ROOT / "tests" / "program" / "built_mutants.toml"
CRATE = Path("programs/quantdesk")
BINARY = Path("programs/artifacts/quantdesk.so")
MARK = b"which lie is told:"
TELLER = """
pub mod lies {{
    static WHICH: [u8; {length}] = *b"{mark}\\0";

    pub fn told(number: u8) -> bool {{
        unsafe {{ core::ptr::read_volatile(&WHICH[{length} - 1]) == number }}
    }}
}}
"""
NO_UNSAFE = 'unsafe_code = "forbid"\n'
"""What the teller's one volatile read would break; the program itself keeps it."""
TIME_MAX_S = 1_200
ABOUT_THE_SOURCES = {"test_artifacts", "test_mutants", "test_compute", "test_reference"}
"""Suites that compare the honest sources with what is written about them."""


def mutants() -> list[Mutant]:
    """Every lie about the program."""
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
        binary = built(copy, every)
        tell(copy, binary, 0)
        false_alarm = first_failure(copy, None)
        assert false_alarm is None, f"no lie is told, and {false_alarm} fails"
        survivors = run(TITLE, chosen, lambda mutant: killed_by(mutant, (copy, binary, every)))
    keep_only(TITLE, every)
    return min(survivors, 1)


def copied(place: Path) -> Path:
    """A copy of the project as far as the program's tests need it."""
    skip = shutil.ignore_patterns("__pycache__", "target", "end_to_end", ".hypothesis")
    for folder in ("quantdesk", "tests", "programs", "docs"):
        shutil.copytree(ROOT / folder, place / folder, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", place / "pyproject.toml")
    return place


def built(copy: Path, every: list[Mutant]) -> bytes:
    """The binary that can tell each lie."""
    told = defaultdict(list)
    for number, mutant in enumerate(every, start=1):
        told[mutant.file].append((number, mutant))
    for name, lies in told.items():
        file = copy / CRATE / "src" / name
        file.write_text(with_both(file.read_text(), lies))
    manifest = copy / CRATE / "Cargo.toml"
    manifest.write_text(manifest.read_text().replace(NO_UNSAFE, ""))
    crate = copy / CRATE / "src" / "lib.rs"
    mark = MARK.decode()
    crate.write_text(crate.read_text() + TELLER.format(mark=mark, length=len(MARK) + 1))
    builder = build_script()
    tools = builder.prepared(Path(os.environ["SBF_TOOLS"]).resolve())
    target = ROOT / "programs" / "target" / "mutants"
    environment = builder.environment() | builder.DISTRIBUTION | {"CARGO_TARGET_DIR": str(target)}
    command = [str(tools / "cargo-sbf"), "std", "--locked", "-j2"]
    subprocess.run(command, cwd=copy / CRATE, env=environment, check=True, timeout=TIME_MAX_S)
    return (target / "sbpf" / "release" / "libquantdesk.so").read_bytes()


def with_both(honest: str, lies: list[tuple[int, Mutant]]) -> str:
    """The text with every lie beside its truth; statements end in a semicolon."""
    places = sorted(
        ((honest.index(each.truth), number, each) for number, each in lies), reverse=True
    )
    text, end = honest, len(honest)
    for place, number, mutant in places:
        assert honest.count(mutant.truth) == 1, f"{mutant.file}: {mutant.meaning}"
        assert place + len(mutant.truth) <= end, f"{mutant.meaning} overlaps another lie"
        both = f"if crate::lies::told({number}) {{ {mutant.lie} }} else {{ {mutant.truth} }}"
        both = both if mutant.truth.endswith(";") else f"({both})"
        text, end = text[:place] + both + text[place + len(mutant.truth) :], place
    return text


def build_script() -> ModuleType:
    """programs/build.py as a module; it is a script outside every package."""
    spec = importlib.util.spec_from_file_location("build", ROOT / "programs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tell(copy: Path, binary: bytes, number: int) -> None:
    """Puts the binary that tells one lie where the tests look for it."""
    place = binary.index(MARK) + len(MARK)
    assert binary.count(MARK) == 1
    (copy / BINARY).write_bytes(binary[:place] + bytes([number]) + binary[place + 1 :])


def killed_by(mutant: Mutant, stage: tuple[Path, bytes, list[Mutant]]) -> str | None:
    """Name of the first test that catches the lie, or None."""
    copy, binary, every = stage
    tell(copy, binary, every.index(mutant) + 1)
    return first_failure(copy, [mutant.asked]) or first_failure(copy, None)


def first_failure(copy: Path, suites: list[str] | None) -> str | None:
    """The first failing test of these suites of tests/program; None: all of them, and lock-step."""
    if suites is None:
        chosen = [
            *("tests/program/matrix", "tests/domain/test_lockstep.py"),
            *sorted(
                str(file.relative_to(copy))
                for file in copy.glob("tests/program/test_*.py")
                if file.stem not in ABOUT_THE_SOURCES
            ),
        ]
    else:
        chosen = [f"tests/program/test_{suite}.py" for suite in suites]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "QD_LOCKSTEP_STEPS": "2000",
    }
    done = subprocess.run(
        [*command, *chosen],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIME_MAX_S,
    )
    if done.returncode == 0:
        return None
    told = done.stdout.splitlines()
    failed = [line for line in told if line.startswith(("FAILED ", "ERROR ")) and "::" in line]
    assert failed, done.stdout[-2000:] + done.stderr[-2000:]
    return failed[0].split("::")[-1].split(" - ")[0]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else "all"))
