"""Both sides of a TLS handshake prove their node id, or there is no connection."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from peerbus.actors.base.errors import HandshakeFailed
from peerbus.transports.streams import tls
from peerbus.transports.streams.authority import Authority
from peerbus.transports.streams.identity import Identity
from peerbus.transports.streams.tls import authenticated_id, client_context, server_context

ALICE = Identity.from_seed(b"a" * 32)
BOB = Identity.from_seed(b"b" * 32)
MALLORY = Identity.from_seed(b"m" * 32)


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Run a whole handshake in memory. Raises: ssl.SSLError from whichever side refuses."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server, server_side=False),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    for _ in range(4):
        for end in ends:
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
    with contextlib.suppress(ssl.SSLWantReadError):
        ends[0].read(1)  # only now does the client hear what the server thought of it
    return ends


def context_with(protocol: int, key: object, certificate: x509.Certificate | None, folder: Path) -> ssl.SSLContext:
    """A context of a stranger who does not check anything."""
    context = ssl.SSLContext(protocol)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        path = folder / "stranger.pem"
        pem = serialization.Encoding.PEM
        private = key.private_bytes(  # type: ignore[attr-defined]  # of two unrelated classes
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + certificate.public_bytes(pem))
        context.load_cert_chain(path)
    return context


def self_signed(key: Ed25519PrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stranger")])
    return signed(key, name, key, name)


def signed(
    key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey,
    name: x509.Name,
    issuer_key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2999, 1, 1, tzinfo=dt.UTC))
        .sign(issuer_key, None if isinstance(issuer_key, Ed25519PrivateKey) else hashes.SHA256())
    )


def test_both_sides_learn_the_others_node_id() -> None:
    client, server = shake_hands(client_context(ALICE), server_context(BOB))
    assert authenticated_id(client) == BOB.node_id
    assert authenticated_id(server) == ALICE.node_id
    assert client.version() == server.version() == "TLSv1.3"


def test_an_older_tls_is_refused() -> None:
    client = client_context(ALICE)
    client.minimum_version = ssl.TLSVersion.TLSv1_2
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError, match=r"(?i)version|protocol"):
        shake_hands(client, server_context(BOB))


def test_a_client_without_a_certificate_is_refused(tmp_path: Path) -> None:
    stranger = context_with(ssl.PROTOCOL_TLS_CLIENT, None, None, tmp_path)
    with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        shake_hands(stranger, server_context(BOB))


@pytest.mark.parametrize("stranger_dials", [True, False])
def test_a_foreign_self_signed_certificate_is_refused(tmp_path: Path, stranger_dials: bool) -> None:
    key = Ed25519PrivateKey.generate()
    protocol = ssl.PROTOCOL_TLS_CLIENT if stranger_dials else ssl.PROTOCOL_TLS_SERVER
    stranger = context_with(protocol, key, self_signed(key), tmp_path)
    sides = (stranger, server_context(BOB)) if stranger_dials else (client_context(ALICE), stranger)
    with pytest.raises(ssl.SSLCertVerificationError, match="self-signed"):
        shake_hands(*sides)


def test_a_certificate_of_another_node_cannot_be_shown_without_its_key(tmp_path: Path) -> None:
    membership = Authority.generate().issue(ALICE.public_key_der)
    path = tmp_path / "stolen.pem"
    path.write_bytes(MALLORY.encrypted_pem(b"x") + membership.certificate)
    with pytest.raises(ssl.SSLError, match="KEY_VALUES_MISMATCH"):
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(path, password=b"x")


def test_a_man_in_the_middle_is_seen_as_himself_on_both_sides() -> None:
    client, _ = shake_hands(client_context(ALICE), server_context(MALLORY))
    _, server = shake_hands(client_context(MALLORY), server_context(BOB))
    assert authenticated_id(client) == authenticated_id(server) == MALLORY.node_id


def test_the_published_key_itself_is_no_identity() -> None:
    anybody = Identity.from_seed(tls._PUBLISHED_SEED)
    _, server = shake_hands(client_context(anybody), server_context(BOB))
    with pytest.raises(HandshakeFailed, match="published"):
        authenticated_id(server)


def test_a_key_of_another_kind_is_no_identity(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    published = Ed25519PrivateKey.from_private_bytes(tls._PUBLISHED_SEED)
    issuer = x509.load_pem_x509_certificate(Authority(tls._PUBLISHED_SEED).issue(BOB.public_key_der).authority)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "other kind")])
    stranger = context_with(ssl.PROTOCOL_TLS_CLIENT, key, signed(key, name, published, issuer.subject), tmp_path)
    _, server = shake_hands(stranger, server_context(BOB))
    with pytest.raises(HandshakeFailed, match="not Ed25519"):
        authenticated_id(server)


def test_no_tls_and_an_unfinished_handshake_prove_nothing() -> None:
    with pytest.raises(HandshakeFailed, match="no certificate"):
        authenticated_id(None)
    early = client_context(ALICE).wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO())
    with pytest.raises(HandshakeFailed, match="not finished"):
        authenticated_id(early)


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.parametrize("make", [server_context, client_context])
def test_no_key_file_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Identity], ssl.SSLContext], in_memory: bool
) -> None:
    if not in_memory:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    make(ALICE)
    assert not os.listdir(tmp_path)


def test_no_disk_is_needed_where_the_system_has_files_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "memfd_create"):
        pytest.skip("this system has no memfd_create")

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", read_only)
    client, _ = shake_hands(client_context(ALICE), server_context(BOB))
    assert authenticated_id(client) == BOB.node_id
