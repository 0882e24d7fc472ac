from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import partial

from peerbus.patterns import GossipView
from peerbus.patterns.gossip import NodeGossip
from peerbus.patterns.pattern_views import patterns_of
from peerbus.patterns.singleton import NodeSingleton


def test_what_parts_say_of_themselves_is_sorted_by_what_they_are_and_by_name() -> None:
    gossips = [NodeGossip(name, "miner", GossipView(*[0] * 12)) for name in ("b", "a")]
    one = NodeSingleton("c.one", "c", "bank", "here", ("x",), 1, True)
    looks: list[tuple[str, Callable[[], object]]] = [(each.name, partial(copy, each)) for each in gossips]
    looks.append((one.name, lambda: one))
    found = patterns_of([*looks, ("other", lambda: "what nobody shows")])
    assert [each.name for each in found.gossips] == ["a", "b"]
    assert found.singletons == (one,)
