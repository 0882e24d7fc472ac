"""The metrics of what works beside plain actors: workers, streams, gossips and singletons. The law of `table` holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...node.workers import WorkerView
from ...patterns import GossipView
from ...patterns.singleton import NodeSingleton
from .exposition import MetricKind, MetricValue
from .metric import Metric, Seen

__all__ = ["WORK"]


def _workers(seen: Seen) -> Iterator[MetricValue]:
    found: dict[tuple[str, str], int] = {}
    for worker in seen.node.workers:
        key = worker.pool or worker.name, worker.state
        found[key] = found.get(key, 0) + 1
    yield from sorted(found.items())


def _of_workers(read: Callable[[WorkerView], float], *, worst: bool = False) -> Callable[[Seen], Iterator[MetricValue]]:
    def values(seen: Seen) -> Iterator[MetricValue]:
        found: dict[str, float] = {}
        for worker in seen.node.workers:
            name, value = worker.pool or worker.name, read(worker)
            before = found.get(name, 0)
            found[name] = max(before, value) if worst else before + value
        for name, value in sorted(found.items()):
            yield (name,), value

    return values


def _streams(seen: Seen) -> Iterator[MetricValue]:
    for channel, each in sorted(seen.node.streams.items()):
        yield (channel, "sending"), each.sending
        yield (channel, "standing"), each.standing
        yield (channel, "reading"), each.reading


def _items(seen: Seen) -> Iterator[MetricValue]:
    for channel, each in sorted(seen.node.streams.items()):
        yield (channel, "sent"), each.sent
        yield (channel, "delivered"), each.delivered
        yield (channel, "failed"), each.failed


def _gossips(read: Callable[[GossipView], float]) -> Callable[[Seen], Iterator[MetricValue]]:
    def values(seen: Seen) -> Iterator[MetricValue]:
        for gossip in seen.node.gossips:
            yield (gossip.name,), read(gossip.figures)

    return values


def _gossip_items(seen: Seen) -> Iterator[MetricValue]:
    for gossip in seen.node.gossips:
        for state in ("delivered", "copies", "refused", "evicted", "broken"):
            yield (gossip.name, state), getattr(gossip.figures, state)


def _singletons(read: Callable[[NodeSingleton], float]) -> Callable[[Seen], Iterator[MetricValue]]:
    def values(seen: Seen) -> Iterator[MetricValue]:
        for singleton in seen.node.singletons:
            yield (singleton.reactor,), read(singleton)

    return values


_COUNTER, _GAUGE = MetricKind.COUNTER, MetricKind.GAUGE

WORK: tuple[Metric, ...] = (
    # Worker processes, by the name that the node gives them; those of a pool together, by the pool's.
    Metric("peerbus_worker_processes", _GAUGE, "Worker processes, by state.", _workers, ("worker", "state")),
    Metric(
        "peerbus_worker_memory_bytes",
        _GAUGE,
        "Resident memory of worker processes.",
        _of_workers(lambda w: w.memory),
        ("worker",),
        "bytes",
    ),
    Metric(
        "peerbus_worker_cpu_seconds",
        _GAUGE,
        "Processor time of the worker processes that run.",
        _of_workers(lambda w: w.cpu),
        ("worker",),
        "seconds",
    ),
    Metric(
        "peerbus_worker_loop_lag_seconds",
        _GAUGE,
        "By how much the event loop of a worker was late, the most of them.",
        _of_workers(lambda w: w.lag, worst=True),
        ("worker",),
        "seconds",
    ),
    # Streams.
    Metric(
        "peerbus_streams_open",
        _GAUGE,
        "Streams that are open: `sending` items, `standing` of these, `reading` of peers.",
        _streams,
        ("channel", "state"),
    ),
    Metric(
        "peerbus_stream_items",
        _COUNTER,
        "Items of streams that this node has sent, and what became of them.",
        _items,
        ("channel", "state"),
    ),
    # Gossips and singletons.
    Metric("peerbus_gossip_held_items", _GAUGE, "Items that a gossip holds.", _gossips(lambda g: g.held), ("channel",)),
    Metric(
        "peerbus_gossip_neighbours",
        _GAUGE,
        "Members that a gossip is connected with.",
        _gossips(lambda g: g.neighbours),
        ("channel",),
    ),
    Metric(
        "peerbus_gossip_items",
        _COUNTER,
        "Items that a gossip has got, by what became of them.",
        _gossip_items,
        ("channel", "state"),
    ),
    Metric(
        "peerbus_singleton_holders",
        _GAUGE,
        "Nodes that run it, as far as this one sees: 1 at rest.",
        _singletons(lambda each: len(each.holders)),
        ("channel",),
    ),
)
