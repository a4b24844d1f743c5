"""Every good case of the negative matrix, whichever of its modules registers it."""

import importlib
import pkgutil

from tests.program import matrix
from tests.program.matrix.registry import CASES, Case


def good_cases() -> dict[str, Case]:
    """By name: the instruction, and a variant in brackets."""
    for module in pkgutil.iter_modules(matrix.__path__):
        if module.name.endswith("_cases"):
            importlib.import_module(f"{matrix.__name__}.{module.name}")
    return CASES
