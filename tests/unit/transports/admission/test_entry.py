"""What two nodes show each other before HELLO: honest sides pass, and every lie ends it before anything is parsed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from authorities import NOW, issued, new_authority, trust_in
from entry_vectors import rules_of as vector_rules

from peerbus.actors.base import HandshakeFailed, ProtocolError
from peerbus.transports.admission.certificate import MAX_CERTIFICATE
from peerbus.transports.admission.entry import ENTRY_MAGIC, Entry, EntryState
from peerbus.transports.admission.network_key import NetworkKey
from peerbus.transports.admission.rules import EntryRules
from peerbus.transports.streams.identity import Identity

DOCS = Path(__file__).resolve().parents[4] / "docs"
ALICE, BOB, EVE = (Identity.from_seed(name * 32) for name in (b"a", b"b", b"e"))
KEY, OLD, CA = NetworkKey(b"k" * 32), NetworkKey(b"o" * 32), new_authority()


def rules_of(identity: Identity, *, keys: tuple[NetworkKey, ...] = (KEY,), ca: bool = True) -> EntryRules:
    """The rules at a node of the network."""
    if not ca:
        return EntryRules(keys=keys)
    return EntryRules(keys=keys, trust=trust_in(CA), certificate=issued(CA, identity))


def side(
    identity: Identity, peer: str | None, *, dialer: bool, rules: EntryRules | None = None, nonce: bytes = b""
) -> Entry:
    """One side; `peer` as the carrier has proven it."""
    rules = rules_of(identity) if rules is None else rules
    fresh = nonce or (b"d" if dialer else b"c") * 32
    return Entry(rules, dialer=dialer, own_id=identity.node_id, peer_id=peer, nonce=fresh, now=NOW)


def talk(dialer: Entry, acceptor: Entry, *, size: int = 1 << 20) -> None:
    """Let both say what they have to say, cut into pieces. Raises what the first one raises."""
    to_acceptor, to_dialer = dialer.start(), acceptor.start()
    while to_acceptor or to_dialer:
        piece, to_acceptor = to_acceptor[:size], to_acceptor[size:]
        if piece and acceptor.state is not EntryState.PASSED:
            to_dialer += acceptor.receive(piece)
        piece, to_dialer = to_dialer[:size], to_dialer[size:]
        if piece and dialer.state is not EntryState.PASSED:
            to_acceptor += dialer.receive(piece)


def refused(dialer: Entry, acceptor: Entry) -> str:
    """For which reason it ends."""
    with pytest.raises(HandshakeFailed) as raised:
        talk(dialer, acceptor)
    return raised.value.reason


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("ca", [True, False])
def test_two_members_pass_and_know_each_other(ca: bool, size: int) -> None:
    alice = side(ALICE, BOB.node_id, dialer=True, rules=rules_of(ALICE, ca=ca))
    bob = side(BOB, ALICE.node_id, dialer=False, rules=rules_of(BOB, ca=ca))
    talk(alice, bob, size=size)
    assert alice.credentials is not None
    assert bob.credentials is not None
    assert (alice.credentials.node_id, bob.credentials.node_id) == (BOB.node_id, ALICE.node_id)
    assert (alice.credentials.certified, bob.credentials.key) == (ca, KEY.name)
    assert alice.credentials.proven


def test_what_comes_behind_is_left_for_the_handshake() -> None:
    bob = side(BOB, ALICE.node_id, dialer=False)
    alice = side(ALICE, BOB.node_id, dialer=True)
    said = alice.start() + alice.receive(bob.start())
    bob.receive(said + b"peerbus\0")
    assert bob.rest == b"peerbus\0"
    with pytest.raises(RuntimeError):
        bob.receive(b"more")


def test_a_key_alone_lets_in_who_is_not_proven_by_the_carrier_but_says_so_in_the_proof() -> None:
    rules = EntryRules(keys=(KEY,))
    alice, bob = side(ALICE, None, dialer=True, rules=rules), side(BOB, None, dialer=False, rules=rules)
    talk(alice, bob)
    assert bob.credentials is not None
    assert (bob.credentials.node_id, bob.credentials.proven) == (ALICE.node_id, False)


def test_while_a_key_is_rotated_both_count() -> None:
    for dials, accepts in (((OLD,), (KEY, OLD)), ((KEY, OLD), (OLD, KEY)), ((KEY,), (OLD, KEY))):
        alice = side(ALICE, BOB.node_id, dialer=True, rules=EntryRules(keys=dials))
        bob = side(BOB, ALICE.node_id, dialer=False, rules=EntryRules(keys=accepts))
        talk(alice, bob)
        assert alice.credentials is not None
        assert alice.credentials.key == dials[0].name


def test_who_has_another_key_is_refused_before_a_certificate_is_read() -> None:
    wrong = EntryRules(keys=(OLD,), trust=trust_in(CA), certificate=issued(CA, EVE))
    assert refused(side(EVE, BOB.node_id, dialer=True, rules=wrong), side(BOB, EVE.node_id, dialer=False)) == (
        "network_key"
    )
    assert refused(side(ALICE, EVE.node_id, dialer=True), side(EVE, ALICE.node_id, dialer=False, rules=wrong)) == (
        "network_key"
    )


def test_a_certificate_counts_for_its_own_node_and_of_our_authority_only() -> None:
    stolen = EntryRules(keys=(KEY,), trust=trust_in(CA), certificate=issued(CA, ALICE))
    assert refused(side(EVE, BOB.node_id, dialer=True, rules=stolen), side(BOB, EVE.node_id, dialer=False)) == (
        "certificate"
    )
    none = EntryRules(keys=(KEY,), trust=trust_in(CA))
    assert refused(side(EVE, BOB.node_id, dialer=True, rules=none), side(BOB, EVE.node_id, dialer=False)) == (
        "certificate"
    )


def test_networks_that_ask_for_different_things_say_so() -> None:
    key_only = side(ALICE, BOB.node_id, dialer=True, rules=EntryRules(keys=(KEY,)))
    assert refused(key_only, side(BOB, ALICE.node_id, dialer=False)) == "network_policy"


def test_a_man_in_the_middle_cannot_pass_a_proof_on() -> None:
    """Eve has an id of her own on either side: what Alice says to her is of Eve, and not of Bob."""
    alice, bob = side(ALICE, EVE.node_id, dialer=True), side(BOB, EVE.node_id, dialer=False)
    eves = ENTRY_MAGIC + bob.start()[8:9] + bytes.fromhex(EVE.node_id)
    shown = alice.receive(eves + bob.start()[-32:])  # with Bob's nonce
    with pytest.raises(HandshakeFailed) as raised:
        bob.receive(eves + alice.start()[-32:] + shown)  # with Alice's
    assert raised.value.reason == "network_key"
    with pytest.raises(HandshakeFailed) as raised:
        side(BOB, EVE.node_id, dialer=False).receive(alice.start())
    assert raised.value.reason == "node_id"


def test_a_proof_cannot_be_shown_back_nor_again() -> None:
    rules = EntryRules(keys=(KEY,))
    alice = side(ALICE, None, dialer=True, rules=rules)
    shown = alice.receive(alice.start())  # a mirror
    with pytest.raises(HandshakeFailed) as raised:
        alice.receive(shown)
    assert raised.value.reason == "network_key"
    again = side(BOB, None, dialer=False, rules=rules, nonce=b"n" * 32)
    honest = side(ALICE, None, dialer=True, rules=rules)
    said = honest.start() + honest.receive(side(BOB, None, dialer=False, rules=rules).start())
    with pytest.raises(HandshakeFailed):
        again.receive(said)


def test_before_the_key_is_proven_nothing_but_fixed_sizes_is_read() -> None:
    bob = side(BOB, ALICE.node_id, dialer=False)
    alice = side(ALICE, BOB.node_id, dialer=True)
    bob.receive(alice.start())
    with pytest.raises(HandshakeFailed) as raised:
        bob.receive((MAX_CERTIFICATE + 1).to_bytes(2, "big"))
    assert raised.value.reason == "certificate"
    with pytest.raises(ProtocolError):
        side(BOB, ALICE.node_id, dialer=False).receive(b"GET /")
    with pytest.raises(ProtocolError):
        side(BOB, ALICE.node_id, dialer=False).receive(b"peerbus\2")


def test_a_preface_in_place_of_either_word_is_a_refusal_to_be_read_above() -> None:
    for first in (b"", side(BOB, ALICE.node_id, dialer=False).start()):
        alice = side(ALICE, BOB.node_id, dialer=True)
        alice.receive(first + b"peerbus\0\0\1\0\1")
        assert alice.state is EntryState.TURNED_AWAY
        assert alice.rest == b"peerbus\0\0\1\0\1"


def test_the_vectors_are_what_two_nodes_say() -> None:
    for each in json.loads((DOCS / "wire-vectors.json").read_text())["entries"]:
        key, ca = each["key"] is not None, each["authority"] is not None
        for name, identity, peer in (("dialer", ALICE, BOB), ("acceptor", BOB, ALICE)):
            own, theirs = each[name], each["acceptor" if name == "dialer" else "dialer"]
            entry = side(
                identity,
                peer.node_id,
                dialer=name == "dialer",
                rules=vector_rules(identity, key=key, certificate=ca),
                nonce=bytes.fromhex(own[0])[-32:],
            )
            assert entry.start().hex() == own[0]
            assert entry.receive(bytes.fromhex("".join(theirs))).hex() == own[1]
            assert entry.state is EntryState.PASSED
