"""A member's certificate, as its peers read it: whose it is, for how long, what its authority says of the bearer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Self
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ..streams import ATTRIBUTE_URI, ROLE_URI, node_id_of_key

__all__ = ["MAX_CERTIFICATE", "AuthorityCertificate", "MemberCertificate", "certificates_in", "loaded_certificate"]

#: Bytes of a certificate that is read at all: 32 roles and 32 attributes, as long as they may be, have 8 KiB.
MAX_CERTIFICATE: Final = 12 * 1024
_END: Final = b"-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class MemberCertificate:
    """What stands in a certificate, before anybody has looked whether it is worth anything: that `Trust` does.

    `begins` and `ends` are seconds since 1970. `roles` and `attributes` are what its authority says of the bearer.
    """

    node_id: str
    serial: int
    issuer: str
    begins: float
    ends: float
    roles: frozenset[str]
    attributes: Mapping[str, str] = field(hash=False)
    der: bytes = field(repr=False)

    @classmethod
    def read(cls, der: bytes) -> Self:
        """Raises: ValueError, and nothing else, for what is no certificate of a node."""
        return cls.of(loaded_certificate(der))

    @classmethod
    def of(cls, certificate: x509.Certificate) -> Self:
        """As `read`, of one that a parser took."""
        try:
            if _is_authority(certificate):
                raise ValueError("it is an authority's, not a node's")
            roles, attributes = _terms_of(certificate)
            return cls(
                node_id=_node_id(certificate),
                serial=certificate.serial_number,
                issuer=certificate.issuer.rfc4514_string(),
                begins=certificate.not_valid_before_utc.timestamp(),
                ends=certificate.not_valid_after_utc.timestamp(),
                roles=roles,
                attributes=attributes,
                der=certificate.public_bytes(serialization.Encoding.DER),
            )
        except ValueError:
            raise
        except Exception as error:  # what the parser puts off until it is asked, it raises as what it likes
            raise ValueError(f"the certificate cannot be read: {error or type(error).__name__}") from error


class AuthorityCertificate:
    """The certificate of an authority whose nodes are let in. Raises: ValueError for what is none."""

    __slots__ = ("_certificate", "ends", "key_id", "name")

    def __init__(self, certificate: x509.Certificate) -> None:
        if not _is_authority(certificate):
            raise ValueError("it is a node's, not an authority's")
        self._certificate = certificate
        #: The hash of its key, as a node id is one.
        self.key_id = _node_id(certificate)
        self.name = certificate.subject.rfc4514_string()
        self.ends = certificate.not_valid_after_utc.timestamp()

    def issued(self, certificate: x509.Certificate) -> bool:
        """Whether it has signed this one."""
        try:
            certificate.verify_directly_issued_by(self._certificate)
        except Exception:  # noqa: BLE001  # an algorithm that it does not know, a signature that is none: not ours
            return False
        return True

    def signed(self, listed: x509.CertificateRevocationList) -> bool:
        """Whether this list is its own."""
        key = self._certificate.public_key()
        return isinstance(key, Ed25519PublicKey) and listed.is_signature_valid(key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AuthorityCertificate) and other._certificate == self._certificate

    def __hash__(self) -> int:
        return hash(self._certificate)

    def __repr__(self) -> str:
        return f"<AuthorityCertificate {self.name}>"


def certificates_in(pem: bytes) -> list[x509.Certificate]:
    """All certificates of a file, PEM. Raises: ValueError where one cannot be read, or none is there."""
    found = [_loaded_pem(part + _END) for part in pem.split(_END)[:-1]]
    if not found:
        raise ValueError("no certificate in PEM")
    return found


def _loaded_pem(pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except Exception as error:  # as below
        raise ValueError(f"a certificate cannot be read: {error or type(error).__name__}") from error


def loaded_certificate(der: bytes) -> x509.Certificate:
    """As a parser takes it. Raises: ValueError, and nothing else, where it does not."""
    if len(der) > MAX_CERTIFICATE:
        raise ValueError(f"a certificate has at most {MAX_CERTIFICATE} bytes, this one {len(der)}")
    try:
        return x509.load_der_x509_certificate(der)
    except Exception as error:  # not all that the parser raises is a ValueError
        raise ValueError(f"the certificate cannot be read: {error or type(error).__name__}") from error


def _node_id(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(f"the certificate's key is not Ed25519, but {type(key).__name__}")
    return node_id_of_key(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
    except Exception as error:
        raise ValueError(f"its extensions cannot be read: {error}") from error


def _terms_of(certificate: x509.Certificate) -> tuple[frozenset[str], Mapping[str, str]]:
    roles, attributes = set(), {}
    for uri in _uris_of(certificate):
        if uri.startswith(ROLE_URI):
            roles.add(uri.removeprefix(ROLE_URI))
        elif uri.startswith(ATTRIBUTE_URI):
            key, _, value = uri.removeprefix(ATTRIBUTE_URI).partition("=")
            attributes[key] = unquote(value, errors="strict")
    return frozenset(roles), MappingProxyType(attributes)


def _uris_of(certificate: x509.Certificate) -> Iterator[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    yield from names.get_values_for_type(x509.UniformResourceIdentifier)
