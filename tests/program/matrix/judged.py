"""What became of every cell, and the checked-in file that says what must become of it.

After an intended change of the program: QD_WRITE_MATRIX=1 pytest tests/program/matrix, and read
the difference line by line before it is committed.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from solders.instruction import Instruction

from tests.domain.onchain import token_mint
from tests.program.matrix.admin_cases import TIMELOCK_S, change, executed, proposed
from tests.program.matrix.edges import Edge, edges
from tests.program.matrix.registry import Case
from tests.program.matrix.stage import LANDS, Stage
from tests.program.matrix.substitutions import Cell, Inapplicable, cells

EXPECTED = Path(__file__).parent / "expected.json"
COUNTS = EXPECTED.with_name("counts.json")
IS_WRITING = os.environ.get("QD_WRITE_MATRIX") == "1"
OUTSIDE = "no such number in its type"
Table = dict[str, dict[str, str]]


def account_table(case: Case) -> Table:
    """Refusal of every cell by slot and substitution; asserts that nothing changed."""
    stage, good = case.staged()
    found = Table()
    prepared = [_known(stage, cell) for cell in cells(stage, good)]
    before = stage.snapshot()
    for cell in prepared:
        if isinstance(cell.forged, Inapplicable):
            outcome = f"({cell.forged.reason})"
        else:
            outcome = _tried(stage, before, cell.forged)
        found.setdefault(cell.slot, {})[cell.substitution] = outcome
    assert stage.attempt(good) == LANDS, f"{case.name} itself no longer lands"
    return found


def number_table(case: Case) -> Table:
    """Outcome of every integer argument at every edge; what lands keeps the books balanced."""
    stage, good = case.staged()
    stage.known.update(meta.pubkey for meta in good.accounts)
    before, found = stage.snapshot(), Table()
    for edge in edges(stage, good):
        outcome = _tried(stage, before, edge.forged) if edge.forged else f"({OUTSIDE})"
        found.setdefault(edge.argument, {})[edge.edge] = outcome
    return found


def change_table(kind: int, prefix: str, index: int) -> Table:
    """The same of the numbers in a change when it is executed after its timelock."""
    stage, found = Stage(), Table()
    wanted = change(stage, kind, index=index)
    for edge in edges(stage, proposed(stage, 9, wanted)):
        if not edge.argument.startswith(prefix):
            continue
        outcome = _changed(stage, edge) if edge.forged else f"({OUTSIDE})"
        found.setdefault(edge.argument, {})[edge.edge] = outcome
    return found


def expected(part: str, case: str) -> Table:
    """What the file says of a case."""
    rows: dict[str, dict[str, Table]] = json.loads(EXPECTED.read_text())
    return rows.get(part, {}).get(case, {})


def agrees(part: str, case: str, found: Table) -> None:
    """The table is the file's, or becomes it when one is being written."""
    if IS_WRITING:
        _write(part, case, found)
    assert found == expected(part, case), f"{part} of {case} differ from {EXPECTED.name}"


def counts() -> dict[str, dict[str, int]]:
    """How many cells each part has: refused, landed by right, inapplicable, and each reason.

    The last part counts the refusals of each substitution; of "not a signer", every signer.
    """
    rows: dict[str, dict[str, Table]] = json.loads(EXPECTED.read_text())
    found = {part: _counted(kind for *_, kind in _kinds(tables)) for part, tables in rows.items()}
    refusals = _kinds(rows["accounts"])
    found["refused by substitution"] = _counted(
        substitution for substitution, kind in refusals if kind == "refused"
    )
    return found


def write_counts() -> None:
    """Writes the count table beside the matrix."""
    COUNTS.write_text(json.dumps(counts(), indent=1) + "\n")


def _counted(kinds: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(kinds).items()))


def _kinds(tables: Mapping[str, Table]) -> Iterator[tuple[str, str]]:
    for table in tables.values():
        for row in table.values():
            for column, outcome in row.items():
                yield column, "cells"
                if outcome[0] == "(":
                    yield column, "inapplicable"
                    yield column, f"inapplicable: {outcome[1:-1]}"
                else:
                    yield column, LANDS if outcome == LANDS else "refused"


def _known(stage: Stage, cell: Cell) -> Cell:
    if not isinstance(cell.forged, Inapplicable):
        stage.known.update(meta.pubkey for meta in cell.forged.accounts)
    return cell


def _tried(stage: Stage, before: Any, *forged: Instruction) -> str:
    outcome = stage.attempt(*forged)
    if outcome == LANDS:
        gaps = stage.gaps()
        stage.restore(before)
        assert stage.gaps() == gaps, "the vault no longer holds what the books say"
    assert stage.snapshot() == before, f"{outcome}, and yet something changed"
    return outcome


def _changed(stage: Stage, edge: Edge) -> str:
    """Proposed now, executed a timelock later; both are taken back."""
    assert edge.forged is not None
    is_vaults = edge.argument.startswith("change.vault")
    mint = token_mint(1) if is_vaults else stage.mint
    last = executed(stage, 9, vault=stage.where.vault(mint))
    stage.known.update(meta.pubkey for each in (edge.forged, last) for meta in each.accounts)
    before = stage.snapshot()
    assert stage.attempt(edge.forged) == LANDS
    stage.set_time(stage.now + TIMELOCK_S, slot=stage.slot)
    outcome = stage.attempt(last)
    stage.set_time(stage.now, slot=stage.slot)
    stage.restore(before)
    assert stage.snapshot() == before
    return outcome


def _write(part: str, case: str, found: Table) -> None:
    rows = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}
    rows.setdefault(part, {})[case] = found
    lines = ["{"]
    for number, (name, tables) in enumerate(sorted(rows.items())):
        lines.append(f' "{name}": {{')
        lines += _cases(tables)
        lines.append(" }," if number + 1 < len(rows) else " }")
    EXPECTED.write_text("\n".join([*lines, "}"]) + "\n")


def _cases(tables: dict[str, Table]) -> list[str]:
    lines: list[str] = []
    for number, (case, table) in enumerate(sorted(tables.items())):
        lines.append(f"  {json.dumps(case)}: {{")
        rows = [f"   {json.dumps(slot)}: {json.dumps(row)}" for slot, row in table.items()]
        lines += [",\n".join(rows)] if rows else []
        lines.append("  }," if number + 1 < len(tables) else "  }")
    return lines
