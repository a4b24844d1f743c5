"""The domain is integer arithmetic: no float, no true division, no clock, no world."""

import ast
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import name_of, parsed, python_files

DOMAIN = python_files("quantdesk/domain")
# Standard library, but time, chance, the machine or a way around integers.
FORBIDDEN = {"time", "datetime", "random", "os", "io", "socket", "asyncio", "threading", "decimal"}
FORBIDDEN |= {"subprocess", "pathlib", "secrets", "uuid", "logging", "math", "fractions", "cmath"}


@pytest.mark.parametrize("file", DOMAIN, ids=name_of)
def test_domain_knows_no_float(file: Path) -> None:
    floats = [
        node.lineno
        for node in ast.walk(parsed(file))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]

    assert not floats


@pytest.mark.parametrize("file", DOMAIN, ids=name_of)
def test_domain_never_divides_truly(file: Path) -> None:
    divisions = [
        node.lineno
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
    ]

    assert not divisions


@pytest.mark.parametrize("file", DOMAIN, ids=name_of)
def test_domain_imports_itself_and_the_pure_standard_library(file: Path) -> None:
    imported = {
        name.partition(".")[0]
        for node in ast.walk(parsed(file))
        for name in _imported_names(node)
        if not name.startswith("quantdesk.domain")
    }

    assert imported <= sys.stdlib_module_names - FORBIDDEN


@pytest.mark.parametrize("file", DOMAIN, ids=name_of)
def test_domain_is_synchronous(file: Path) -> None:
    waiting = [n for n in ast.walk(parsed(file)) if isinstance(n, ast.AsyncFunctionDef | ast.Await)]

    assert not waiting


def _imported_names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []
