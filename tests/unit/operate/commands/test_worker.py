"""`peerbus worker`: what it says before it calls; tests/e2e/test_workers_elsewhere.py lets it work."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run

from peerbus.transports.streams import Identity


def test_check_reads_all_and_calls_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    identity = Identity.generate()
    identity.save(tmp_path / "w.key")
    path = tmp_path / "w.toml"
    path.write_text('name = "crunch"\nnode = "unix:///nowhere/w.sock"\nidentity = "w.key"\n')
    status, out, err = run(["worker", str(path), "--check"], capsys)
    assert (status, err) == (0, "")
    assert "worker crunch of the node at unix:///nowhere/w.sock" in out
    assert identity.node_id in out


def test_what_is_wrong_is_one_sentence_and_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "w.toml"
    path.write_text('name = "crunch"\nnode = "unix:///nowhere/w.sock"\nidentity = "none.key"\n')
    for words, said in (
        (["worker", str(path)], "none.key does not exist; make one: peerbus keygen"),
        (["worker", str(tmp_path / "none.toml")], "there is no such file"),
        (["worker", str(path), "--set", "name"], "is no key and value"),
    ):
        status, out, err = run(words, capsys)
        assert (status, out) == (2, "")
        assert said in err
    assert "[processes.crunch]" in run(["worker", "--help"], capsys)[1]


def test_check_harden_lists_what_is_missing_and_without_check_nothing_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Identity.generate().save(tmp_path / "w.key")
    path = tmp_path / "w.toml"
    path.write_text('name = "crunch"\nnode = "unix:///nowhere/w.sock"\nidentity = "w.key"\n')
    path.chmod(0o666)
    status, out, _ = run(["worker", str(path), "--check", "--harden"], capsys)
    assert status == 2
    assert "2 things are missing" in out
    assert "w.toml:2: node: unix:///nowhere/w.sock does not say whose key" in out
    assert f"others can write {path}" in out
    status, out, err = run(["worker", str(path), "--harden"], capsys)
    assert (status, out) == (2, "")
    assert "not hardened, 2 things are missing" in err
    path.chmod(0o600)
    path.write_text(f'name = "crunch"\nnode = "unix://{"ab" * 32}@/nowhere/w.sock"\nidentity = "w.key"\n')
    assert run(["worker", str(path), "--check", "--harden"], capsys)[0] == 0
