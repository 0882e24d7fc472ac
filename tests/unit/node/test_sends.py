"""What a node sends by is its bus's own."""

from __future__ import annotations

from peerbus.node import Node
from peerbus.node.sends import NodeSends


def test_the_ways_to_send_of_a_node_are_those_of_its_bus() -> None:
    node = Node("alice")
    for name in ("tell", "tell_many", "ask", "stream", "open"):
        assert isinstance(getattr(NodeSends, name).__doc__, str)
        assert getattr(node, name) == getattr(node.bus, name)
