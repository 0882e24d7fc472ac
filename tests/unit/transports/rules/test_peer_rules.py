"""The rules of a node, as they are now."""

from __future__ import annotations

from peerbus.transports.rules import PeerRules, Permissions


def test_without_rules_everybody_may_do_everything() -> None:
    assert PeerRules().permissions == Permissions()
    assert PeerRules(Permissions(tell=[])).permissions == Permissions(tell=[])


def test_whoever_goes_by_them_hears_of_a_change_when_it_holds() -> None:
    rules, seen = PeerRules(), list[Permissions]()
    rules.set(Permissions(ask=[]))  # nobody goes by them yet
    rules.changed = lambda: seen.append(rules.permissions)
    rules.set(Permissions(tell=[]))
    assert seen == [Permissions(tell=[])]
