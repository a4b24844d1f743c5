"""One build serves any origin; a build that cannot is refused."""

from pathlib import Path

import pytest

from quantdesk.world import frontend

ENV_CHUNK = (
    "var e={PING:`http://localhost:8000/ping`,EVENT:`ws://localhost:8000/_event`,"
    "UPLOAD:`https://localhost:8000/_upload`,LIVE:`wss://localhost:8000/x`};"
)


def client_with(tmp_path: Path, **files: str) -> Path:
    assets = tmp_path / "assets"
    assets.mkdir()
    for name, text in files.items():
        (assets / f"{name.replace('_', '-')}.js").write_text(text)
    return tmp_path


def test_addresses_of_the_build_become_those_of_the_page(tmp_path: Path) -> None:
    client = client_with(tmp_path, reflex_env_abc=ENV_CHUNK)
    compressed = client / "assets" / "reflex-env-abc.js.gz"
    compressed.write_bytes(b"old")

    frontend.make_origin_relative(client)

    text = (client / "assets" / "reflex-env-abc.js").read_text()
    assert "PING:`${location.origin}/ping`" in text
    assert 'EVENT:`${location.origin.replace(/^http/,"ws")}/_event`' in text
    assert "localhost" not in text
    assert not compressed.exists()


def test_an_address_baked_in_elsewhere_is_refused_with_its_file(tmp_path: Path) -> None:
    client = client_with(tmp_path, reflex_env_abc=ENV_CHUNK, page="fetch('//localhost:8000/x')")

    with pytest.raises(frontend.BuildFailed, match=r"page\.js"):
        frontend.make_origin_relative(client)


def test_the_digest_changes_with_a_source_and_with_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontend, "PROJECT", tmp_path)
    page = tmp_path / "quantdesk" / "ui" / "page.py"
    page.parent.mkdir(parents=True)
    page.write_text("1")
    first = frontend.digest()
    assert frontend.digest() == first

    page.write_text("2")
    second = frontend.digest()
    monkeypatch.setenv("QD_ENV", "production")

    assert len({first, second, frontend.digest()}) == 3


@pytest.mark.parametrize(
    ("written", "left"),
    [('{"a":1}', '{\n  "a": 1\n}'), ('{"a":2}', '{"a":2}')],
    ids=["layout", "content"],
)
def test_a_build_that_only_lays_a_tracked_file_out_anew_leaves_no_change(
    tmp_path: Path, written: str, left: str
) -> None:
    file = tmp_path / "package.json"
    file.write_text('{\n  "a": 1\n}')

    with frontend.same_layout(file):
        file.write_text(written)

    assert file.read_text() == left
