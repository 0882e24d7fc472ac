"""A certificate of a node's key in files, as libraries want to have it; chains are not judged, keys are."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import NameOID

from peerbus.transports import Identity
from peerbus.transports.streams import Authority

__all__ = ["Files"]

#: Issues the certificates of the check: no secret, as a node's key is what counts.
AUTHORITY = Authority(b"the authority of this check only")


class Files:
    """`certificate`, `key` and `authority`: paths of PEM files, there as long as this object is."""

    def __init__(self, identity: Identity, *, ecdsa: bool = False) -> None:
        """`ecdsa`: of another key, made here, for a library that takes no node's."""
        self._folder = tempfile.TemporaryDirectory(prefix="peerbus-quic-")
        folder = Path(self._folder.name)
        key, certificate, authority = _ecdsa() if ecdsa else _of_node(identity)
        self.certificate, self.key, self.authority = (str(folder / name) for name in ("leaf", "key", "authority"))
        Path(self.certificate).write_bytes(certificate)
        Path(self.authority).write_bytes(authority)
        form = serialization.PrivateFormat.PKCS8
        Path(self.key).write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))


def _of_node(identity: Identity) -> tuple[PrivateKeyTypes, bytes, bytes]:
    issued = AUTHORITY.issue(identity.public_key_der)
    key = serialization.load_pem_private_key(identity.encrypted_pem(b"in memory"), b"in memory")
    return key, issued.certificate, issued.authority


def _ecdsa() -> tuple[PrivateKeyTypes, bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    began = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + dt.timedelta(days=10))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    return key, pem, pem
