"""The good cases: for every instruction of the interface at least one that lands."""

from collections.abc import Callable
from dataclasses import dataclass

from solders.instruction import Instruction

from tests.program.matrix.stage import Stage

Prepare = Callable[[Stage], Instruction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A good instruction, built on a stage that it prepares."""

    name: str
    prepare: Prepare
    is_bare: bool = False

    @property
    def instruction(self) -> str:
        """The interface's name: what stands before a variant in brackets."""
        return self.name.split(" ")[0]

    def staged(self) -> tuple[Stage, Instruction]:
        """A stage of its own, ready, and the instruction."""
        stage = Stage(is_bare=self.is_bare)
        return stage, self.prepare(stage)


CASES: dict[str, Case] = {}


def case(name: str, *, is_bare: bool = False) -> Callable[[Prepare], Prepare]:
    """Registers a good case under its instruction's name."""

    def register(prepare: Prepare) -> Prepare:
        assert name not in CASES, f"{name} is registered twice"
        CASES[name] = Case(name=name, prepare=prepare, is_bare=is_bare)
        return prepare

    return register
