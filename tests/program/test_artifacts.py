"""What is committed belongs together: sources, binaries and interfaces."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

PROGRAMS = Path(__file__).parents[2] / "programs"


@pytest.fixture
def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build", PROGRAMS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_artifacts_were_built_from_the_sources_that_are_here(builder: ModuleType) -> None:
    assert builder.mismatches() == []


def test_a_changed_source_is_noticed(builder: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = builder.sources() | {"risk/src/cost.rs": "0" * 64}
    monkeypatch.setattr(builder, "sources", lambda: changed)

    assert any(fault.startswith("risk/src/cost.rs differs") for fault in builder.mismatches())


def test_binaries_and_manifest_name_no_place_of_the_machine_that_built_them() -> None:
    artifacts = PROGRAMS / "artifacts"
    for path in artifacts.iterdir():
        content = path.read_bytes()
        for trace in (b"/root/", b"/home/", b"/work/", b".cargo", b"crates.io", b"/usr/"):
            assert trace not in content, f"{path.name} contains {trace!r}"


def test_the_interface_names_the_program_that_the_client_uses() -> None:
    interface = json.loads((PROGRAMS / "artifacts" / "quantdesk.json").read_text())

    assert interface["address"] == "HsSzXVuSwiqGQvocT2zMX8zc86KQ9TYfZFZcfmmejzso"
    assert interface["metadata"]["spec"] == "0.1.0"
