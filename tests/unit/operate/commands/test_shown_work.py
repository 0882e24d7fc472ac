from __future__ import annotations

import msgspec

from peerbus.actors.pool_view import MemberView, PoolView
from peerbus.node.views.streams import StreamsView
from peerbus.node.workers import WorkerView
from peerbus.operate.commands.shown_work import ShownPatterns, ShownPool, ShownStreams, ShownWorker
from peerbus.patterns import GossipView
from peerbus.patterns.gossip import NodeGossip
from peerbus.patterns.pattern_views import PatternViews
from peerbus.patterns.singleton import NodeSingleton


def test_what_a_node_tells_is_read_as_what_commands_show() -> None:
    member = MemberView("hash.1", "running", "process", 1, 1, 7, 0, 42)
    pool = PoolView("hash", "Hash", "hash", "running", "least", 1, (member,), 1, 4, False, 0, None, 0, False)
    gossip = NodeGossip("mempool", "miner", GossipView(*range(12)))
    patterns = PatternViews((gossip,), (NodeSingleton("l.one", "l", "bank", "here", ("ab",), 3, True),))
    for told, shown in (
        (pool, ShownPool),
        (WorkerView("crunch", "running", 42, ("hash",), 1, ""), ShownWorker),
        (StreamsView(1, 2, 3, 4, 5, 6), ShownStreams),
        (patterns, ShownPatterns),
    ):
        read = msgspec.json.decode(msgspec.json.encode(told), type=shown)
        for name in read.__struct_fields__:
            assert hasattr(told, name)
    assert msgspec.json.decode(msgspec.json.encode(pool), type=ShownPool).members[0].pid == 42
