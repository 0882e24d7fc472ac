"""The rules of a network: who may come in, and who may stay."""

from __future__ import annotations

import pytest
from authorities import NOW, issued, new_authority, revoked, trust_in, trusted

from peerbus.actors.base import HandshakeFailed
from peerbus.transports.admission.credentials import Credentials
from peerbus.transports.admission.network_key import NetworkKey
from peerbus.transports.admission.rules import Demand, EntryRules, NetworkGate
from peerbus.transports.streams.identity import Identity

ALICE, BOB = (Identity.from_seed(name * 32) for name in (b"a", b"b"))
KEY, CA = NetworkKey(b"k" * 32), new_authority()


def test_without_rules_anybody_comes_in_and_stays() -> None:
    rules = NetworkGate().rules
    assert rules.open
    assert not rules.demand
    rules.judge_id(None)
    assert rules.why_not(Credentials(node_id=ALICE.node_id, proven=False), NOW) is None


@pytest.mark.parametrize(
    ("rules", "proven", "reason"),
    [
        (EntryRules(allow=frozenset({ALICE.node_id})), ALICE.node_id, ""),
        (EntryRules(allow=frozenset({ALICE.node_id})), BOB.node_id, "not_allowed"),
        (EntryRules(allow=frozenset({ALICE.node_id})), None, "unproven"),
        (EntryRules(trust=trust_in(CA)), None, "unproven"),
        (EntryRules(keys=(KEY,)), None, ""),
    ],
)
def test_the_id_is_judged_first_and_a_claim_is_no_proof(rules: EntryRules, proven: str | None, reason: str) -> None:
    found = ""
    try:
        rules.judge_id(proven)
    except HandshakeFailed as error:
        found = error.reason
    assert found == reason
    assert not rules.open


def test_who_is_in_is_judged_by_every_rule_that_is_set() -> None:
    mine = issued(CA, ALICE)
    peer = Credentials(node_id=ALICE.node_id, proven=True, certificate=mine, authority=trusted(CA).key_id, key=KEY.name)
    both = {Demand.KEY, Demand.CERTIFICATE}
    rules = EntryRules(allow=frozenset({ALICE.node_id}), keys=(KEY,), trust=trust_in(CA))
    assert set(rules.demand) == both

    def why(changed: EntryRules, who: Credentials = peer) -> str:
        return (changed.why_not(who, NOW) or ("",))[0]

    assert why(rules) == ""
    assert why(EntryRules(allow=frozenset({BOB.node_id}))) == "not_allowed"
    assert why(EntryRules(keys=(NetworkKey(b"n" * 32),))) == "network_key"
    assert why(EntryRules(keys=(NetworkKey(b"n" * 32), KEY))) == ""
    assert why(EntryRules(trust=trust_in(new_authority()))) == "certificate"
    assert why(EntryRules(trust=trust_in(CA).with_lists([revoked(CA, mine)]))) == "revoked"
    stranger = Credentials(node_id=ALICE.node_id, proven=False)
    assert [why(each, stranger) for each in (rules, EntryRules(keys=(KEY,)), EntryRules(trust=trust_in(CA)))] == [
        "not_allowed",
        "network_key",
        "certificate",
    ]
