"""An identity is a key: made, kept in a file, and used to sign."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from peerbus.actors.base.errors import ConfigError
from peerbus.transports.streams.identity import Identity, id_mismatch, node_id_of_key

ALICE = Identity.from_seed(b"a" * 32)
BOB = Identity.from_seed(b"b" * 32)


def test_the_node_id_is_the_hash_of_the_public_key() -> None:
    assert ALICE.node_id == hashlib.sha256(ALICE.public_key_der).hexdigest()
    assert ALICE.node_id == node_id_of_key(ALICE.public_key_der)


def test_a_seed_always_gives_the_same_identity() -> None:
    assert Identity.from_seed(b"a" * 32).node_id == ALICE.node_id != BOB.node_id
    with pytest.raises(ValueError, match="32 bytes"):
        Identity.from_seed(b"short")


def test_generated_identities_differ() -> None:
    assert Identity.generate().node_id != Identity.generate().node_id


def test_the_repr_hides_the_key() -> None:
    assert repr(ALICE) == f"<Identity {ALICE.node_id[:12]}…>"


def test_a_signature_is_the_signers_over_that_text_only() -> None:
    signature = ALICE.sign(b"text")
    assert Identity.verify(ALICE.public_key_der, b"text", signature)
    assert Identity.verify(ALICE.public_key_der, b"text", signature, node_id=ALICE.node_id)
    assert not Identity.verify(ALICE.public_key_der, b"text", signature, node_id=BOB.node_id)
    assert not Identity.verify(ALICE.public_key_der, b"other", signature)
    assert not Identity.verify(BOB.public_key_der, b"text", signature)


@pytest.mark.parametrize("key", [b"", b"garbage", ALICE.public_key_der[:-1]])
def test_a_key_that_is_none_verifies_nothing(key: bytes) -> None:
    assert not Identity.verify(key, b"text", ALICE.sign(b"text"))
    assert not Identity.verify(ALICE.public_key_der, b"text", key)


def test_a_key_of_another_kind_verifies_nothing() -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    der = other.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert not Identity.verify(der, b"text", b"x" * 64)


def test_what_is_signed_can_be_no_tls_handshake() -> None:
    handshake = b" " * 64 + b"TLS 1.3, client CertificateVerify\0" + b"h" * 32
    key = serialization.load_der_public_key(ALICE.public_key_der)
    with pytest.raises(InvalidSignature):
        key.verify(ALICE.sign(handshake), handshake)  # type: ignore[union-attr, call-arg]  # Ed25519


def test_a_saved_identity_is_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "node.pem"
    ALICE.save(path)
    assert Identity.load(path).node_id == ALICE.node_id
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["node.pem"]


def test_saving_replaces_a_key_only_if_told_so(tmp_path: Path) -> None:
    path = tmp_path / "node.pem"
    ALICE.save(path)
    with pytest.raises(ConfigError, match="exists already"):
        BOB.save(path)
    assert Identity.load(path).node_id == ALICE.node_id
    BOB.save(path, overwrite=True)
    assert Identity.load(path).node_id == BOB.node_id
    assert [entry.name for entry in tmp_path.iterdir()] == ["node.pem"]


def test_saving_where_nothing_can_be_written_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file or directory"):
        ALICE.save(tmp_path / "missing" / "node.pem")


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o660, 0o666])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "node.pem"
    ALICE.save(path)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"chmod 600 {path}"):
        Identity.load(path)


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No such file .*; make one: peerbus keygen .*missing\.pem"):
        Identity.load(tmp_path / "missing.pem")
    with pytest.raises(ConfigError, match=r"it is no file"):
        Identity.load(tmp_path)


def test_a_file_that_holds_no_ed25519_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "node.pem"
    path.touch(mode=0o600)
    with pytest.raises(ConfigError, match="not an unencrypted private key"):
        Identity.load(path)
    other = ec.generate_private_key(ec.SECP256R1())
    for key, lock, why in (
        (other, serialization.NoEncryption(), "Ed25519"),
        (Ed25519PrivateKey.generate(), serialization.BestAvailableEncryption(b"secret"), "unencrypted"),
    ):
        path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock))
        with pytest.raises(ConfigError, match=why):
            Identity.load(path)


@pytest.mark.parametrize(
    ("wanted", "proven", "why"),
    [
        (ALICE.node_id, ALICE.node_id, None),
        (None, ALICE.node_id, None),
        (ALICE.node_id, None, None),
        (ALICE.node_id, BOB.node_id, f"dialed {ALICE.node_id}, but {BOB.node_id} answered"),
    ],
)
def test_whether_the_node_that_answers_is_the_one_that_was_dialed(
    wanted: str | None, proven: str | None, why: str | None
) -> None:
    assert id_mismatch(wanted, proven) == why
