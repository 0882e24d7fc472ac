"""An authority issues certificates to nodes, and says which of them hold no longer (X.509, RFC 5280)."""

# Law 1. `issue` needs the node's public key only, so no private key travels.
# Law 2. Without terms a certificate holds for ever, and is always the same for the same key: so the published authority
#        issues, whose certificates say nothing about the bearer. With terms it has a time, a number of its own, and
#        what the bearer may: roles and attributes, as URIs among its alternative names.

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Self
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import NameOID

from ...actors.messages import Capability
from .identity import node_id_of_key

__all__ = ["ATTRIBUTE_URI", "ROLE_URI", "Authority", "Membership", "Terms"]

#: RFC 5280 §4.1.2.5: a certificate with no well-defined expiration. Identities do not expire, and
#: a node whose clock is wrong must still find its peers.
_NOT_BEFORE: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NOT_AFTER: Final = dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
#: How a certificate names a role, and an attribute as `key=value`, each percent-encoded (RFC 3986).
ROLE_URI: Final = "peerbus:role:"
ATTRIBUTE_URI: Final = "peerbus:attribute:"
#: Most roles, and most attributes, of one certificate, and characters of the value of an attribute.
MAX_TERMS: Final = 32
MAX_VALUE: Final = 128


@dataclass(frozen=True, slots=True)
class Membership:
    """What a node shows to be let in: its certificate, and that of the authority that issued it.

    Both are PEM and neither is secret; the private key stays in the node's `Identity`.
    """

    certificate: bytes
    authority: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """For how long a certificate holds, in seconds since 1970, and what its bearer may.

    Raises: ValueError for times that are no times, and names that are none.
    """

    begins: float
    ends: float
    roles: frozenset[str] = frozenset()
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if not self.begins < self.ends:
            raise ValueError("it would end before it begins")
        for role in self.roles:
            if Capability.parse(role).attributes:
                raise ValueError(f"{role!r} is more than the name of a role")
        for key, value in self.attributes.items():
            Capability("role", {key: ""})  # its keys are those of capabilities
            if not value or len(value) > MAX_VALUE or not value.isprintable():
                raise ValueError(f"attribute {key!r}: 1 to {MAX_VALUE} printable characters, not {value[:40]!r}")
        if len(self.roles) > MAX_TERMS or len(self.attributes) > MAX_TERMS:
            raise ValueError(f"a certificate has at most {MAX_TERMS} roles, and as many attributes")
        object.__setattr__(self, "attributes", MappingProxyType(dict(sorted(self.attributes.items()))))

    def uris(self) -> list[str]:
        """Roles and attributes as they stand in a certificate."""
        roles = [ROLE_URI + role for role in sorted(self.roles)]
        return roles + [f"{ATTRIBUTE_URI}{key}={quote(value, safe='')}" for key, value in self.attributes.items()]


class Authority:
    """Issues certificates to nodes; keep a secret one off the cluster's nodes.

    `certificate` is its own, in PEM; None makes one that holds for ever. Raises: ValueError if it is another key's.
    """

    __slots__ = ("_certificate", "_key", "_name")

    def __init__(self, seed: bytes, certificate: bytes | None = None) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key()
        # The name is unique to the key: OpenSSL picks the authority by name.
        self._name = _named("peerbus authority", public)
        if certificate is None:
            self._certificate = self._own(_NOT_BEFORE, _NOT_AFTER)
            return
        self._certificate = x509.load_pem_x509_certificate(certificate)
        if self._certificate.public_key() != public:
            raise ValueError("the certificate is of another key than the authority's")

    @classmethod
    def generate(cls, terms: Terms | None = None) -> Self:
        """A new secret authority, for a closed cluster; its own certificate holds as long as the terms say."""
        made = cls(secrets.token_bytes(32))
        if terms is not None:
            made._certificate = made._own(_date(terms.begins), _date(terms.ends))
        return made

    def _own(self, begins: dt.datetime, ends: dt.datetime) -> x509.Certificate:
        public = self._key.public_key()
        return (
            _unsigned(self._name, self._name, public, begins=begins, ends=ends)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, None)
        )

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes that make this authority; with them anybody can let nodes in."""
        return self._key.private_bytes_raw()

    @property
    def certificate(self) -> bytes:
        """Its own certificate, in PEM: what nodes trust. No secret."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, public_key_der: bytes, terms: Terms | None = None, *, serial: int | None = None) -> Membership:
        """A certificate for the node of this public key. Raises: ValueError if it is not Ed25519.

        `serial`: the number of one with terms; None draws one at random, as no two may have the same.
        """
        key = serialization.load_der_public_key(public_key_der)
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("a node's key is Ed25519")
        name = _named("peerbus node", key)
        if terms is None:
            unsigned = _unsigned(name, self._name, key)
        else:
            begins, ends = _date(terms.begins), _date(terms.ends)
            serial = x509.random_serial_number() if serial is None else serial
            unsigned = _unsigned(name, self._name, key, begins=begins, ends=ends, serial=serial)
            if uris := terms.uris():
                unsigned = unsigned.add_extension(
                    x509.SubjectAlternativeName(map(x509.UniformResourceIdentifier, uris)), critical=False
                )
        certificate = unsigned.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True).sign(
            self._key, None
        )
        return Membership(certificate.public_bytes(serialization.Encoding.PEM), self.certificate)

    def revoke(self, serials: Iterable[int], *, number: int, at: float) -> bytes:
        """Its list of the certificates that hold no longer, by their numbers, in PEM (RFC 5280 §5).

        Of two lists the one with the higher `number` counts. `at`: when it is made, in seconds since 1970.
        """
        made = _date(at)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._name)
            .last_update(made)
            .next_update(_NOT_AFTER)  # it holds until another one comes
            .add_extension(x509.CRLNumber(number), critical=False)
        )
        for serial in sorted(set(serials)):
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(made).build()
            )
        return builder.sign(self._key, None).public_bytes(serialization.Encoding.PEM)

    def __repr__(self) -> str:
        return f"<Authority {self._name.rfc4514_string()}>"


def _unsigned(
    subject: x509.Name,
    issuer: x509.Name,
    key: Ed25519PublicKey,
    *,
    begins: dt.datetime = _NOT_BEFORE,
    ends: dt.datetime = _NOT_AFTER,
    serial: int | None = None,
) -> x509.CertificateBuilder:
    if serial is None:
        # Twenty bytes at most, positive (RFC 5280 §4.1.2.2); the same for the same key.
        serial = int.from_bytes(hashlib.sha256(_der(key)).digest()[:16], "big") | 1
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


def _date(epoch: float) -> dt.datetime:
    """Whole seconds, as certificates have them."""
    return dt.datetime.fromtimestamp(int(epoch), tz=dt.UTC)


def _named(what: str, key: Ed25519PublicKey) -> x509.Name:
    text = f"{what} {node_id_of_key(_der(key))[:32]}"
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _der(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
