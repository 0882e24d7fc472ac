"""TLS 1.3 between nodes: both sides prove the key that their node id is made of.

1.  Python's ssl has no hook for judging a self-signed certificate, so every node lets its own
    certificate be issued by an authority whose private key stands in this source. That chain means
    nothing, and is meant to (as in libp2p's TLS): what counts is that TLS proves possession of the
    leaf's key, and that the node id is the hash of that key.
2.  A closed cluster uses a secret authority on the same path; then the chain means membership.
3.  A client's handshake ends before the server has judged the client's certificate (RFC 8446 §2):
    only bytes from the server's application tell the client that it was accepted.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import secrets
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import NameOID

from ...actors.base import HandshakeFailed
from .identity import Identity, node_id_of, node_id_of_key
from .tls_idle import WatchedContext

__all__ = ["Authority", "Membership", "authenticated_id", "client_context", "server_context"]

#: RFC 5280 §4.1.2.5: a certificate with no well-defined expiration. Identities do not expire, and
#: a node whose clock is wrong must still find its peers.
_NOT_BEFORE: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NOT_AFTER: Final = dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
#: The published authority's seed. Not a secret: see law 1.
_PUBLISHED_SEED: Final = hashlib.sha256(b"peerbus published authority: NOT a secret").digest()


@dataclass(frozen=True, slots=True)
class Membership:
    """What a node shows to be let in: its certificate, and that of the authority that issued it.

    Both are PEM and neither is secret; the private key stays in the node's `Identity`.
    """

    certificate: bytes
    authority: bytes


class Authority:
    """Issues certificates to nodes; keep a secret one off the cluster's nodes.

    `issue` needs the node's public key only, so no private key travels.
    """

    __slots__ = ("_certificate", "_key", "_name")

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key()
        # The name is unique to the key: OpenSSL picks the authority by name.
        self._name = _named("peerbus authority", public)
        self._certificate = (
            _unsigned(self._name, self._name, public)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, None)
        )

    @classmethod
    def generate(cls) -> Self:
        """A new secret authority, for a closed cluster."""
        return cls(secrets.token_bytes(32))

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes that make this authority; with them anybody can let nodes in."""
        return self._key.private_bytes_raw()

    def issue(self, public_key_der: bytes) -> Membership:
        """A certificate for the node of this public key. Raises: ValueError if it is not Ed25519."""
        key = serialization.load_der_public_key(public_key_der)
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("a node's key is Ed25519")
        certificate = (
            _unsigned(_named("peerbus node", key), self._name, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(self._key, None)
        )
        pem = serialization.Encoding.PEM
        return Membership(certificate.public_bytes(pem), self._certificate.public_bytes(pem))

    def __repr__(self) -> str:
        return f"<Authority {self._name.rfc4514_string()}>"


def server_context(identity: Identity, *, membership: Membership | None = None) -> ssl.SSLContext:
    """How to accept: TLS 1.3, our certificate, and one demanded from the client.

    `membership` restricts both sides to nodes of one secret authority. Raises: ssl.SSLError if it
    was issued for another identity.
    """
    context = _context(ssl.PROTOCOL_TLS_SERVER, identity, membership)
    # A resumed session would skip the certificates, and a ticket costs a write per connection.
    context.num_tickets = 0
    return context


def client_context(identity: Identity, *, membership: Membership | None = None) -> ssl.SSLContext:
    """How to dial: as `server_context`; host names are not checked, node ids are."""
    return _context(ssl.PROTOCOL_TLS_CLIENT, identity, membership)


def authenticated_id(tls: ssl.SSLObject | None) -> str:
    """The node id that the other side of a finished handshake proved.

    Raises: HandshakeFailed with reason `certificate` if it showed none, or not one of a node.
    """
    try:
        der = tls.getpeercert(binary_form=True) if tls is not None else None
    except ValueError as error:
        raise HandshakeFailed("tls", "the handshake was not finished") from error
    if not der:
        raise HandshakeFailed("certificate", "the other side showed no certificate")
    try:
        node_id = node_id_of(der)
    except ValueError as error:
        raise HandshakeFailed("certificate", str(error)) from error
    if node_id == _PUBLISHED_ID:
        raise HandshakeFailed("certificate", "this key is published: it proves nothing")
    return node_id


def _context(protocol: int, identity: Identity, membership: Membership | None) -> ssl.SSLContext:
    if membership is None:
        membership = Authority(_PUBLISHED_SEED).issue(identity.public_key_der)
    context = WatchedContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=membership.authority.decode("ascii"))
    # ssl reads keys from files only. What is written is locked with a passphrase that never leaves this function.
    passphrase = secrets.token_hex(16).encode("ascii")
    with _file_of(identity.encrypted_pem(passphrase) + membership.certificate) as path:
        context.load_cert_chain(path, password=passphrase)
    return context


@contextlib.contextmanager
def _file_of(content: bytes) -> Iterator[str]:
    """The path of a file that is gone at once: in memory (memfd_create(2)), as a disk may be read-only; else on it."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("peerbus", os.MFD_CLOEXEC)
        with open(descriptor, "wb", buffering=0) as memory:
            memory.write(content)
            path = f"/proc/self/fd/{descriptor}"
            if os.access(path, os.R_OK):  # not where /proc is hidden
                yield path
                return
    with tempfile.NamedTemporaryFile(prefix="peerbus-", suffix=".pem") as file:
        file.write(content)
        file.flush()
        yield file.name


def _unsigned(subject: x509.Name, issuer: x509.Name, key: Ed25519PublicKey) -> x509.CertificateBuilder:
    # Twenty bytes at most, positive (RFC 5280 §4.1.2.2); the same for the same key.
    serial = int.from_bytes(hashlib.sha256(_der(key)).digest()[:16], "big") | 1
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(_NOT_AFTER)
    )


def _named(what: str, key: Ed25519PublicKey) -> x509.Name:
    text = f"{what} {node_id_of_key(_der(key))[:32]}"
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _der(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


#: The id of the published key itself, which anybody could prove.
_PUBLISHED_ID: Final = node_id_of_key(_der(Ed25519PrivateKey.from_private_bytes(_PUBLISHED_SEED).public_key()))
