"""vercel.json sends every request of the API to the function that has its route."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.architecture.sources import PROJECT
from tests.architecture.test_arrows import SERVERLESS

CONFIGURATION = json.loads((PROJECT / "vercel.json").read_text())
ENTRIES = sorted(file.stem for file in (PROJECT / "functions").glob("*.py") if file.stem[0] != "_")
LIST_ROUTES = "print(*(path for path in app.openapi()['paths'] if path.startswith('/api/')))"


def api_paths(entry: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"from functions.{entry} import app\n{LIST_ROUTES}"],
        cwd=PROJECT,
        env=os.environ | SERVERLESS,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def destination(path: str) -> str:
    for route in CONFIGURATION["routes"]:
        if "src" in route and re.fullmatch(route["src"], path):
            return str(route["dest"])
    raise AssertionError(f"no route for {path}")


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_path_of_a_function_is_routed_to_it(entry: str) -> None:
    paths = api_paths(entry)

    assert paths
    for path in paths:
        concrete = re.sub(r"\{\w+\}", "x", path)
        assert destination(concrete) == f"/functions/{entry}.py", path


def test_pages_and_assets_come_from_the_exported_site() -> None:
    assert destination("/assets/a.js").startswith("/site/")
    assert destination("/trade").startswith("/site/")
