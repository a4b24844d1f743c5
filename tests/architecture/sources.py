"""What the tidy tests read: every source file of the project, parsed once."""

import ast
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def python_files(*directories: str) -> list[Path]:
    """Python sources below `directories`, for parametrised tests."""
    return sorted(
        file
        for directory in directories
        for file in (PROJECT / directory).rglob("*.py")
        if "__pycache__" not in file.parts
    )


def name_of(file: Path) -> str:
    """How a file is called in a test's name."""
    return str(file.relative_to(PROJECT))


@cache
def parsed(file: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(file.read_text(), filename=str(file))


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(file: Path) -> list[Function]:
    """Every function and method of the file."""
    return [node for node in ast.walk(parsed(file)) if isinstance(node, Function)]
