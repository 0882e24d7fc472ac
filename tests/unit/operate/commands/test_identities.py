"""`peerbus keygen` and `peerbus id`: what they write, print and refuse."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from command_line import run


def test_keygen_writes_a_private_file_and_prints_the_id_that_id_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "keys" / "alice.pem"
    status, out, err = run(["keygen", str(path)], capsys)
    assert (status, err) == (0, "")
    assert re.fullmatch(r"[0-9a-f]{64}\n", out)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run(["id", str(path)], capsys) == (0, out, "")


def test_keygen_keeps_an_identity_that_is_there_unless_forced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "alice.pem"
    _, first, _ = run(["keygen", str(path)], capsys)
    status, out, err = run(["keygen", str(path)], capsys)
    assert (status, out) == (2, "")
    assert err == f"peerbus keygen: {path} exists; with --force its node would lose its id for ever\n"
    assert run(["id", str(path)], capsys)[1] == first
    status, second, _ = run(["keygen", "--force", str(path)], capsys)
    assert status == 0
    assert second != first


def test_keygen_says_where_it_cannot_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    status, _, err = run(["keygen", str(tmp_path / "file" / "alice.pem")], capsys)
    assert (status, err) == (2, f"peerbus keygen: the folder {tmp_path / 'file'} cannot be made: File exists\n")


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize("path", ["", "/", "keys"])
def test_keygen_wants_the_name_of_a_file(
    path: str, force: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "keys").mkdir()
    status, out, err = run(["keygen", *force, path], capsys)
    assert (status, out) == (2, "")
    assert re.fullmatch(r"peerbus keygen: \S+ is a folder; name the file to write: \S*alice\.pem\n", err)


def test_a_file_that_is_no_key_is_said_to_be_none_whoever_can_read_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "blocks.py"
    path.write_text("import this")
    path.chmod(0o644)
    assert run(["id", str(path)], capsys)[2] == f"peerbus id: {path}: not an unencrypted private key in PEM\n"


def test_the_peer_id_of_libp2p_stands_beside_the_node_id_and_in_multiaddrs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "alice.pem")
    node_id = run(["keygen", path], capsys)[1].strip()
    beside = run(["id", "--libp2p", path], capsys)[1].split()
    assert beside[0] == node_id
    assert beside[1].startswith("12D3KooW")
    places = ["--at", "libp2p+tcp://[::1]:7400", "--at", f"/ip4/127.0.0.1/tcp/1/p2p/{beside[1]}"]
    status, out, _ = run(["id", path, *places], capsys)
    assert (status, out.split()) == (
        0,
        [f"/ip6/::1/tcp/7400/p2p/{beside[1]}", f"/ip4/127.0.0.1/tcp/1/p2p/{beside[1]}"],
    )
    for wrong, why in (
        ("tcp://h:1", "not of libp2p"),
        ("/ip4/h", "in this order|does not belong"),
        (f"libp2p+tcp://{'a' * 64}@h:1", "another node"),
    ):
        status, _, err = run(["id", path, "--at", wrong], capsys)
        assert status == 2
        assert re.search(why, err)
