"""Files, functions and parameter lists stay small; modules say what they are."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.sources import PROJECT, functions, name_of, parsed, python_files

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 5
# Named by a library that calls them: typer turns each parameter into an option.
CALLED_BY_LIBRARY = {"quantdesk/cli.py", "quantdesk/world/chain/commands.py"}
LEFT_FOR_LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
SOURCES = python_files("quantdesk", "functions", "tests")
PRODUCT = python_files("quantdesk", "functions")
OTHER_LANGUAGES = sorted(
    file
    for pattern in ("quantdesk/**/*.js", "quantdesk/**/*.jsx", "assets/*.css", "supabase/**/*.sql")
    for file in PROJECT.glob(pattern)
)


@pytest.mark.parametrize("file", [*SOURCES, *OTHER_LANGUAGES], ids=name_of)
def test_a_file_fits_in_four_hundred_lines(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= FILE_LINES_MAX


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_a_function_fits_on_a_screen(file: Path) -> None:
    long = {
        function.name: length
        for function in functions(file)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES_MAX
    }

    assert not long


@pytest.mark.parametrize("file", PRODUCT, ids=name_of)
def test_a_function_takes_at_most_five_parameters(file: Path) -> None:
    if name_of(file) in CALLED_BY_LIBRARY:
        return
    many = {
        function.name: count
        for function in functions(file)
        if (count := _parameters(function.args)) > PARAMETERS_MAX
    }

    assert not many


@pytest.mark.parametrize("file", PRODUCT, ids=name_of)
def test_a_module_says_what_it_is(file: Path) -> None:
    is_empty = not file.read_text().strip()

    assert (is_empty and file.name == "__init__.py") or ast.get_docstring(parsed(file))


@pytest.mark.parametrize("file", [*PRODUCT, *OTHER_LANGUAGES], ids=name_of)
def test_nothing_is_left_for_later(file: Path) -> None:
    assert not LEFT_FOR_LATER.findall(file.read_text())


@pytest.mark.parametrize("file", PRODUCT, ids=name_of)
def test_no_exception_is_swallowed(file: Path) -> None:
    swallowed = [
        node.lineno
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.ExceptHandler)
        and _catches_everything(node)
        and all(isinstance(statement, ast.Pass | ast.Continue) for statement in node.body)
    ]

    assert not swallowed


def _parameters(arguments: ast.arguments) -> int:
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return sum(argument.arg not in ("self", "cls") for argument in named)


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    return caught is None or (
        isinstance(caught, ast.Name) and caught.id in ("Exception", "BaseException")
    )
