"""The key of a network: its file, which nobody else can read, and its proofs."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from peerbus.actors.base import ConfigError
from peerbus.transports.admission.network_key import NetworkKey


def test_a_key_is_kept_in_a_file_of_its_owner_alone_and_shown_nowhere(tmp_path: Path) -> None:
    path, key = tmp_path / "demo.key", NetworkKey.generate()
    key.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert NetworkKey.load(path) == key
    secret = path.read_text().split()[-1]
    assert len(secret) == 64
    assert secret not in repr(key)
    assert secret not in str(vars(type(key)))
    with pytest.raises(ConfigError, match="exists already"):
        key.save(path)
    assert [each.name for each in tmp_path.iterdir()] == ["demo.key"]


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        (None, 0o600, "peerbus network-key"),
        ("peerbus network key v1\n" + "ab" * 32 + "\n", 0o604, "chmod 600"),
        ("peerbus network key v1\n" + "ab" * 31 + "\n", 0o600, "no network key"),
        ("a passphrase", 0o600, "no network key"),
    ],
)
def test_a_file_that_is_not_one_or_not_safe_is_refused(
    tmp_path: Path, content: str | None, mode: int, why: str
) -> None:
    path = tmp_path / "demo.key"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    with pytest.raises(ConfigError, match=why) as raised:
        NetworkKey.load(path)
    assert "abab" not in str(raised.value)
    assert "passphrase" not in str(raised.value)


def test_a_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        NetworkKey(b"short")


def test_a_proof_is_of_one_role_one_pair_of_openings_and_one_key() -> None:
    key, other = NetworkKey(b"k" * 32), NetworkKey(b"o" * 32)
    proof = key.proof(b"\1", b"dialer", b"acceptor")
    assert key.proves(proof, b"\1", b"dialer", b"acceptor")
    assert not key.proves(proof, b"\2", b"dialer", b"acceptor")
    assert not key.proves(proof, b"\1", b"acceptor", b"dialer")
    assert not other.proves(proof, b"\1", b"dialer", b"acceptor")
    assert key.name != other.name
    assert key != other
    assert len({key, NetworkKey(b"k" * 32)}) == 1
