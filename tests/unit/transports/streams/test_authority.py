"""Authorities: what they issue, with terms and without, and what they revoke."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from peerbus.transports.streams.authority import Authority, Terms
from peerbus.transports.streams.identity import Identity, node_id_of

ALICE = Identity.from_seed(b"a" * 32)


def test_an_authority_issues_to_ed25519_keys_only() -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    der = other.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(ValueError, match="Ed25519"):
        Authority.generate().issue(der)


def test_a_certificate_is_valid_whatever_the_clock_says() -> None:
    pem = Authority.generate().issue(ALICE.public_key_der).certificate
    certificate = x509.load_pem_x509_certificate(pem)
    assert certificate.not_valid_before_utc.year <= 1970
    assert certificate.not_valid_after_utc.year == 9999
    assert node_id_of(certificate.public_bytes(serialization.Encoding.DER)) == ALICE.node_id


def test_the_repr_of_an_authority_hides_its_key() -> None:
    authority = Authority(b"s" * 32)
    assert "peerbus authority" in repr(authority)
    assert authority.seed.hex() not in repr(authority)


def test_terms_stand_in_the_certificate_and_each_has_a_number_of_its_own() -> None:
    terms = Terms(begins=1000.5, ends=2000.0, roles=frozenset({"b", "a"}), attributes={"team": "storage & more"})
    authority = Authority.generate(Terms(begins=0.0, ends=9000.0))
    first, second = (authority.issue(ALICE.public_key_der, terms) for _ in range(2))
    read = x509.load_pem_x509_certificate(first.certificate)
    assert (read.not_valid_before_utc.timestamp(), read.not_valid_after_utc.timestamp()) == (1000.0, 2000.0)
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [
        "peerbus:role:a",
        "peerbus:role:b",
        "peerbus:attribute:team=storage%20%26%20more",
    ]
    assert read.serial_number != x509.load_pem_x509_certificate(second.certificate).serial_number
    own = x509.load_pem_x509_certificate(first.authority)
    read.verify_directly_issued_by(own)
    assert own.not_valid_after_utc.timestamp() == 9000.0


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"ends": 0.0}, "before it begins"),
        ({"roles": frozenset({"archive{from=1}"})}, "more than the name"),
        ({"roles": frozenset({"Not A Role"})}, "not a role name"),
        ({"attributes": {"team": ""}}, "1 to 128"),
        ({"attributes": {"Team": "a"}}, "attribute name"),
        ({"roles": frozenset(f"r{number}" for number in range(33))}, "at most 32"),
    ],
)
def test_terms_that_cannot_be_are_refused(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Terms(**{"begins": 1.0, "ends": 2.0, **wrong})  # type: ignore[arg-type]  # as said


def test_an_authority_comes_back_with_its_certificate_and_no_other() -> None:
    authority, other = (Authority.generate(Terms(begins=0.0, ends=9000.0)) for _ in range(2))
    assert Authority(authority.seed, authority.certificate).certificate == authority.certificate
    with pytest.raises(ValueError, match="another key"):
        Authority(authority.seed, other.certificate)


def test_a_list_names_what_holds_no_longer() -> None:
    authority = Authority.generate()
    listed = x509.load_pem_x509_crl(authority.revoke([7, 5, 7], number=3, at=1000.0))
    assert [each.serial_number for each in listed] == [5, 7]
    assert listed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 3
