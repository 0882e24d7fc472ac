"""Authorities for tests, and what they issue; times are seconds since 1970, around `NOW`."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from peerbus.transports.admission.certificate import AuthorityCertificate, MemberCertificate, certificates_in
from peerbus.transports.admission.revocations import RevocationList, lists_in
from peerbus.transports.admission.trust import Trust
from peerbus.transports.streams.authority import Authority, Terms
from peerbus.transports.streams.identity import Identity

NOW = 1_700_000_000.0
DAY = 86_400.0


def new_authority(*, ends: float = NOW + 3650 * DAY) -> Authority:
    """One whose own certificate holds until then."""
    return Authority.generate(Terms(begins=NOW - DAY, ends=ends))


def trusted(authority: Authority) -> AuthorityCertificate:
    """As nodes know it."""
    return AuthorityCertificate(certificates_in(authority.certificate)[0])


def trust_in(*authorities: Authority) -> Trust:
    """A network that has these."""
    return Trust(tuple(map(trusted, authorities)))


def issued(
    authority: Authority,
    identity: Identity,
    *,
    begins: float = NOW - DAY,
    ends: float = NOW + DAY,
    roles: frozenset[str] = frozenset(),
    attributes: dict[str, str] | None = None,
) -> MemberCertificate:
    """A certificate of a node."""
    terms = Terms(begins=begins, ends=ends, roles=roles, attributes=attributes or {})
    pem = authority.issue(identity.public_key_der, terms).certificate
    return MemberCertificate.read(x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER))


def revoked(authority: Authority, *certificates: MemberCertificate, number: int = 1) -> RevocationList:
    """The list of an authority that has revoked these."""
    pem = authority.revoke([each.serial for each in certificates], number=number, at=NOW)
    return lists_in(pem, [trusted(authority)])[0]
