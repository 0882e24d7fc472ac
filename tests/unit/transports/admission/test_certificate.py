"""A certificate as it is read: what stands in it, and that whatever is no certificate of a node is a ValueError."""

from __future__ import annotations

import pytest
from authorities import DAY, NOW, issued, new_authority, trusted
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from peerbus.transports.admission.certificate import (
    MAX_CERTIFICATE,
    AuthorityCertificate,
    MemberCertificate,
    certificates_in,
    loaded_certificate,
)
from peerbus.transports.streams.identity import Identity

ALICE = Identity.from_seed(b"a" * 32)
CA = new_authority()


def test_what_an_authority_says_of_a_node_is_read_as_it_was_written() -> None:
    terms = {"team": "storage & more", "zone": "ü=1"}
    read = issued(CA, ALICE, roles=frozenset({"archive", "index"}), attributes=terms)
    assert (read.node_id, read.begins, read.ends) == (ALICE.node_id, NOW - DAY, NOW + DAY)
    assert (read.roles, dict(read.attributes)) == (frozenset({"archive", "index"}), terms)
    assert MemberCertificate.read(read.der) == read
    assert read.der.hex() not in repr(read)


def test_an_authority_is_no_node_and_a_node_no_authority() -> None:
    own = certificates_in(CA.certificate)[0]
    with pytest.raises(ValueError, match="an authority's"):
        MemberCertificate.of(own)
    with pytest.raises(ValueError, match="a node's"):
        AuthorityCertificate(loaded_certificate(issued(CA, ALICE).der))


def test_only_its_own_certificates_are_issued_by_an_authority() -> None:
    mine, other = loaded_certificate(issued(CA, ALICE).der), loaded_certificate(issued(new_authority(), ALICE).der)
    assert trusted(CA).issued(mine)
    assert not trusted(CA).issued(other)
    assert trusted(CA) == trusted(CA)
    assert len({trusted(CA), trusted(CA)}) == 1


@pytest.mark.parametrize("wrong", [b"", b"\x30\x82", bytes(MAX_CERTIFICATE + 1), issued(CA, ALICE).der[:-5]])
def test_what_is_no_certificate_is_a_value_error(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="certificate"):
        MemberCertificate.read(wrong)


def test_a_certificate_of_a_version_that_there_is_not_is_a_value_error() -> None:
    der = issued(CA, ALICE).der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020106"), 1)
    with pytest.raises(ValueError, match="cannot be read"):
        MemberCertificate.read(der)


def test_a_file_may_hold_several_and_has_to_hold_one() -> None:
    other = new_authority()
    found = certificates_in(b"# old\n" + CA.certificate + b"# new\n" + other.certificate)
    assert [each.public_bytes(serialization.Encoding.PEM) for each in found] == [CA.certificate, other.certificate]
    for wrong in (b"", b"text", CA.certificate.replace(b"M", b"!", 3)):
        with pytest.raises(ValueError, match="certificate"):
            certificates_in(wrong)
    assert isinstance(found[0], x509.Certificate)
