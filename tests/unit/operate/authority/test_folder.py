"""The folder of an authority: what is issued and revoked is kept, and a key that others can read is refused."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from peerbus.actors.base import ConfigError
from peerbus.operate.authority import AuthorityFolder, public_key_in
from peerbus.transports.streams import Identity, Terms

ALICE = Identity.from_seed(b"a" * 32)


def new_folder(path: Path) -> AuthorityFolder:
    now = time.time()
    return AuthorityFolder.create(path / "ca", begins=now - 300, ends=now + 1e6)


def terms(seconds: float = 1000.0) -> Terms:
    return Terms(begins=time.time() - 300, ends=time.time() + seconds, roles=frozenset({"archive"}))


def test_a_certificate_is_kept_and_counts_until_it_is_revoked(tmp_path: Path) -> None:
    folder, now = new_folder(tmp_path), time.time()
    assert stat.S_IMODE((folder.path / "authority.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    first = folder.issue(ALICE.public_key_der, terms(), tmp_path / "alice.crt")
    second = folder.issue(ALICE.public_key_der, terms(), tmp_path / "alice.crt", replace=True)
    again = AuthorityFolder(folder.path)
    assert {each.certificate for each in again.issued()} == {first, second}
    assert again.revoke([first], now) == 1
    assert again.revoke([second], now) == 2
    assert [each.state(now) for each in again.issued()] == ["revoked", "revoked"]
    # What has expired need not be listed any more.
    assert again.revoke([], now + 1e6) == 3
    assert [each.state(now + 1e6) for each in again.issued()] == ["expired", "expired"]


def test_what_cannot_be_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    folder = new_folder(tmp_path)
    with pytest.raises(ConfigError, match="has an authority already"):
        new_folder(tmp_path)
    with pytest.raises(ConfigError, match="outlive"):
        folder.issue(ALICE.public_key_der, terms(1e9), tmp_path / "alice.crt")
    folder.issue(ALICE.public_key_der, terms(), tmp_path / "alice.crt")
    with pytest.raises(ConfigError, match="exists already"):
        folder.issue(ALICE.public_key_der, terms(), tmp_path / "alice.crt")
    assert len(folder.issued()) == 1
    with pytest.raises(ConfigError, match="peerbus ca init"):
        AuthorityFolder(tmp_path / "none")
    (folder.path / "authority.key").chmod(0o604)
    with pytest.raises(ConfigError, match="chmod 600"):
        AuthorityFolder(folder.path)
    (folder.path / "authority.key").chmod(0o600)
    (folder.path / "authority.key").write_text("-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n")
    with pytest.raises(ConfigError, match="spoilt") as raised:
        AuthorityFolder(folder.path)
    assert "secret" not in str(raised.value)


def test_the_key_of_a_node_is_found_in_what_a_node_has(tmp_path: Path) -> None:
    ALICE.save(tmp_path / "alice.pem")
    (tmp_path / "alice.pub").write_text(ALICE.public_pem)
    new_folder(tmp_path).issue(ALICE.public_key_der, terms(), tmp_path / "alice.crt")
    for name in ("alice.pem", "alice.pub", "alice.crt"):
        assert public_key_in(tmp_path / name, Identity.load) == ALICE.public_key_der
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = other.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "other.pub").write_bytes(pem)
    (tmp_path / "text").write_text("text")
    for name, why in (("other.pub", "Ed25519"), ("text", "no key of a node"), ("none", "does not exist")):
        with pytest.raises(ConfigError, match=why):
            public_key_in(tmp_path / name, Identity.load)
