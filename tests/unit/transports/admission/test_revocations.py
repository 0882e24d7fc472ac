"""Lists of what is revoked: read where an authority of ours has signed them, and refused in every other case."""

from __future__ import annotations

import pytest
from authorities import issued, new_authority, revoked, trusted

from peerbus.transports.admission.revocations import MAX_LIST, RevocationList, lists_in
from peerbus.transports.streams.identity import Identity

ALICE = Identity.from_seed(b"a" * 32)
CA, OTHER = new_authority(), new_authority()


def test_a_list_is_read_as_its_authority_wrote_it_and_written_as_it_was_read() -> None:
    gone = issued(CA, ALICE)
    listed = revoked(CA, gone, number=7)
    assert (listed.authority, listed.number, listed.serials) == (trusted(CA).key_id, 7, frozenset({gone.serial}))
    second = revoked(OTHER)
    found = lists_in(listed.pem + second.pem, [trusted(CA), trusted(OTHER)])
    assert found == [listed, second]
    others: list[str] = []
    assert lists_in(listed.pem + second.pem, [trusted(CA)], others) == [listed]
    assert others == [trusted(OTHER).name]
    assert lists_in(b"", [trusted(CA)]) == []


def test_nobody_but_an_authority_of_the_network_revokes() -> None:
    listed = revoked(CA, number=2)
    with pytest.raises(ValueError, match="no authority of this network"):
        RevocationList.read(listed.der, [trusted(OTHER)])
    forged = bytearray(listed.der)
    forged[-1] ^= 1
    for wrong in (bytes(forged), b"", b"\x30\x03", bytes(MAX_LIST + 1)):
        with pytest.raises(ValueError, match="list"):
            RevocationList.read(wrong, [trusted(CA)])
    with pytest.raises(ValueError, match="cannot be read"):
        lists_in(b"-----BEGIN X509 CRL-----\nnone\n-----END X509 CRL-----\n", [trusted(CA)])
