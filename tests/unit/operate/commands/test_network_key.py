"""`peerbus network-key`: a file of its owner alone, and a name that tells nothing of it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from command_line import run


def test_a_key_is_written_once_and_only_its_name_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "keys" / "demo.key"
    status, out, err = run(["network-key", str(path)], capsys)
    assert (status, err) == (0, "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert out.strip() not in path.read_text()
    status, out, err = run(["network-key", str(path)], capsys)
    assert (status, out) == (2, "")
    assert "exists already" in err
    assert "is a folder" in run(["network-key", str(tmp_path)], capsys)[2]
