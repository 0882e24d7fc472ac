from __future__ import annotations

from dataclasses import dataclass, field

from peerbus.node.views.streams import StreamsView
from peerbus.node.workers import WorkerView
from peerbus.operate.metrics.metric import Seen
from peerbus.operate.metrics.work_table import WORK
from peerbus.patterns import GossipView
from peerbus.patterns.gossip import NodeGossip
from peerbus.patterns.singleton import NodeSingleton

FIGURES = GossipView(5, 900, 6, 4, 3, 9, 12, 1, 0, 0, 2, 0)
ONE = NodeSingleton("l.one", "ledger", "bank", "elsewhere", ("a", "b"), 3, True)


@dataclass
class Snapshot:
    """A node's, as far as this table reads it."""

    workers: tuple[WorkerView, ...] = (
        WorkerView("hash.1", "running", 1, ("hash",), 1, "", memory=10, cpu=1.5, lag=0.1, pool="hash"),
        WorkerView("hash.2", "waiting", 0, ("hash",), 3, "was killed", memory=20, cpu=0.5, lag=0.3, pool="hash"),
        WorkerView("crunch", "running", 3, ("sum",), 1, "", memory=7),
    )
    streams: dict[str, StreamsView] = field(default_factory=lambda: {"blocks": StreamsView(2, 1, 3, 10, 8, 1)})
    gossips: tuple[NodeGossip, ...] = (NodeGossip("mempool", "miner", FIGURES),)
    singletons: tuple[NodeSingleton, ...] = (ONE,)


def test_members_of_a_pool_are_one_and_what_is_counted_is_by_channel_and_state() -> None:
    seen = Seen(Snapshot(), "1", True)  # type: ignore[arg-type]  # as far as it is read
    found = {metric.name: dict(metric.read(seen)) for metric in WORK}
    assert found["peerbus_worker_processes"] == {
        ("crunch", "running"): 1,
        ("hash", "running"): 1,
        ("hash", "waiting"): 1,
    }
    assert found["peerbus_worker_memory_bytes"] == {("crunch",): 7, ("hash",): 30}
    assert found["peerbus_worker_cpu_seconds"][("hash",)] == 2.0
    assert found["peerbus_worker_loop_lag_seconds"][("hash",)] == 0.3
    assert found["peerbus_streams_open"] == {
        ("blocks", "sending"): 2,
        ("blocks", "standing"): 1,
        ("blocks", "reading"): 3,
    }
    assert found["peerbus_stream_items"] == {
        ("blocks", "sent"): 10,
        ("blocks", "delivered"): 8,
        ("blocks", "failed"): 1,
    }
    assert found["peerbus_gossip_held_items"] == {("mempool",): 5}
    assert found["peerbus_gossip_items"][("mempool", "copies")] == 12
    assert found["peerbus_singleton_holders"] == {("ledger",): 2}
