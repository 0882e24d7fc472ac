"""Rules as they are shown: what they are, and what a reload has changed."""

from __future__ import annotations

from authorities import DAY, NOW, issued, new_authority, revoked, trust_in
from authorities import trusted as trusted_authority

from peerbus.actors.base import date_text
from peerbus.node.network.network import Network
from peerbus.node.network.view import differences, view_of_network
from peerbus.transports.admission import EntryRules, NetworkKey
from peerbus.transports.streams.identity import Identity

ALICE, BOB = (Identity.from_seed(name * 32) for name in (b"a", b"b"))


def test_what_is_shown_has_every_rule_and_no_secret() -> None:
    authority, key = new_authority(), NetworkKey(b"k" * 32)
    own = issued(authority, ALICE, roles=frozenset({"archive"}), attributes={"team": "a"})
    gone = revoked(authority, own, number=4)
    rules = EntryRules(
        allow=frozenset({BOB.node_id, ALICE.node_id}),
        keys=(key,),
        trust=trust_in(authority).with_lists([gone]),
        certificate=own,
    )
    seen = view_of_network(Network("demo", network_key=key), rules)
    assert (seen.name, seen.open, seen.keys) == ("demo", False, (key.name,))
    assert seen.allow == tuple(sorted((ALICE.node_id, BOB.node_id)))
    (shown,) = seen.authorities
    assert (shown.key_id, shown.list_number, shown.revoked) == (trusted_authority(authority).key_id, 4, 1)
    assert seen.certificate is not None
    assert (seen.certificate.serial, seen.certificate.roles) == (f"{own.serial:x}", ("archive",))
    assert (b"k" * 32).hex() not in repr(seen)


def test_differences_are_said_rule_by_rule() -> None:
    old, new, key = new_authority(), new_authority(), NetworkKey(b"k" * 32)
    network = Network("demo")
    before = view_of_network(network, EntryRules(allow=frozenset({ALICE.node_id})))
    after = view_of_network(network, EntryRules(allow=frozenset({BOB.node_id}), keys=(key,)))
    assert differences(before, before) == []
    assert differences(before, after) == [f"allow: -{ALICE.node_id} +{BOB.node_id}", f"network_key: {key.name}"]
    first = view_of_network(network, EntryRules(trust=trust_in(old), certificate=issued(old, ALICE)))
    renewed = issued(new, ALICE, ends=NOW + 9 * DAY)
    trust = trust_in(old, new).with_lists([revoked(old, renewed, number=2)])
    names = ", ".join(each.name for each in trust.authorities)
    assert differences(first, view_of_network(network, EntryRules(trust=trust, certificate=renewed))) == [
        f"authority: {names}",
        f"certificate: {renewed.serial:x}, until {date_text(NOW + 9 * DAY)}",
        f"revoked: 1 certificates of {trust.authorities[0].name}, by list 2",
    ]
    assert differences(view_of_network(network, EntryRules()), before)[0] == "it is open: it lets in anybody"
