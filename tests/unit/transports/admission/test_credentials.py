"""What is known of a peer's right to be here."""

from __future__ import annotations

from authorities import issued, new_authority

from peerbus.transports.admission.credentials import Credentials
from peerbus.transports.streams.identity import Identity

ALICE = Identity.from_seed(b"a" * 32)


def test_roles_and_attributes_are_the_certificates_and_none_without() -> None:
    plain = Credentials(node_id=ALICE.node_id, proven=True)
    assert (plain.certified, plain.roles, dict(plain.attributes)) == (False, frozenset(), {})
    certificate = issued(new_authority(), ALICE, roles=frozenset({"archive"}), attributes={"team": "a"})
    member = Credentials(node_id=ALICE.node_id, proven=True, certificate=certificate)
    assert (member.certified, member.roles, dict(member.attributes)) == (True, frozenset({"archive"}), {"team": "a"})
