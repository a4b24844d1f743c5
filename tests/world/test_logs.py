"""Logs stay small and their ends are shown."""

from pathlib import Path

import pytest

from quantdesk.world import logs


def test_the_last_lines_are_shown_and_a_missing_log_has_none(tmp_path: Path) -> None:
    file = tmp_path / "keeper.log"
    file.write_text("".join(f"line {number}\n" for number in range(10_000)))

    assert logs.last_lines(file, 2) == ["line 9998", "line 9999"]
    assert logs.last_lines(file, 0) == []
    assert logs.last_lines(tmp_path / "none.log", 5) == []


def test_a_log_past_its_limit_is_cut_and_its_end_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "BYTES_MAX", 100)
    monkeypatch.setattr(logs, "BYTES_KEPT", 10)
    small, large = tmp_path / "small.log", tmp_path / "large.log"
    small.write_bytes(b"x" * 100)
    large.write_bytes(b"x" * 100 + b"the end.\n")

    with large.open("ab") as writer:
        logs.trim_logs(tmp_path)
        writer.write(b"after\n")

    assert small.read_bytes() == b"x" * 100
    assert large.read_bytes() == b"after\n"
    assert (tmp_path / "large.log.1").read_bytes() == b"xthe end.\n"
